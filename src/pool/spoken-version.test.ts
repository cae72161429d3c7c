import { expect, it } from "vitest";
import { SpokenVersion } from "./spoken-version.ts";

const HOUR_MS = 3_600_000;

it.each<[string, [minorVersion: 0 | 1, status: number, at_ms: number][], now: number, isHttp10: boolean]>([
  ["nothing", [], 0, false],
  ["an answer in 1.0", [[0, 200, 0]], HOUR_MS - 1, true],
  ["an answer in 1.0, an hour ago", [[0, 200, 0]], HOUR_MS, false],
  ["an error in 1.0", [[0, 503, 0]], 59_999, true],
  ["an error in 1.0, a minute ago", [[0, 503, 0]], 60_000, false],
  [
    "an error in 1.0 behind an answer in 1.1",
    [
      [1, 201, 0],
      [0, 503, 1],
    ],
    2,
    false,
  ],
  [
    "an error in 1.0 an hour behind an answer in 1.1",
    [
      [1, 201, 0],
      [0, 503, HOUR_MS],
    ],
    HOUR_MS,
    true,
  ],
  [
    "an answer in 1.0 behind one in 1.1",
    [
      [1, 200, 0],
      [0, 200, 1],
    ],
    2,
    true,
  ],
  [
    "an answer in 1.1 behind one in 1.0",
    [
      [0, 200, 0],
      [1, 200, 1],
    ],
    2,
    false,
  ],
  [
    "an error in 1.0 behind an answer in 1.0",
    [
      [0, 200, 0],
      [0, 503, 1],
    ],
    120_000,
    true,
  ],
])("%s: known to speak HTTP/1.0", (_what, responses, now, isHttp10) => {
  const version = new SpokenVersion();
  for (const response of responses) version.note(...response);
  expect(version.isHttp10(now)).toBe(isHttp10);
});
