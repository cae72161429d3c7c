/** Does a connection persist? The list of RFC 9112 section 9.3, for every combination of what a message can say. */
import { describe, expect, it } from "vitest";
import { persistenceAfter } from "./persistence.ts";
import type { PersistenceReason } from "./reasons.ts";

const rows: readonly [
  minorVersion: 0 | 1,
  close: boolean,
  keepAlive: boolean,
  honours: boolean,
  reason: PersistenceReason,
][] = [
  // "close" comes first, whatever else is said.
  [1, true, false, true, "close-received"],
  [1, true, false, false, "close-received"],
  [1, true, true, true, "close-received"],
  [1, true, true, false, "close-received"],
  [0, true, false, true, "close-received"],
  [0, true, false, false, "close-received"],
  [0, true, true, true, "close-received"],
  [0, true, true, false, "close-received"],
  // HTTP/1.1 persists by default.
  [1, false, false, true, "http11-default"],
  [1, false, false, false, "http11-default"],
  [1, false, true, true, "http11-default"],
  [1, false, true, false, "http11-default"],
  // HTTP/1.0 persists where keep-alive is said and honoured.
  [0, false, true, true, "http10-keep-alive"],
  [0, false, true, false, "http10-not-kept"],
  // Otherwise it closes.
  [0, false, false, true, "http10-not-kept"],
  [0, false, false, false, "http10-not-kept"],
];

describe("persistence after a message", () => {
  for (const [minorVersion, saysClose, saysKeepAlive, honoursHttp10KeepAlive, reason] of rows) {
    const said = [saysClose && "close", saysKeepAlive && "keep-alive"].filter(Boolean).join(", ") || "nothing";
    it(`1.${minorVersion} says ${said}, 1.0 keep-alive ${honoursHttp10KeepAlive ? "honoured" : "not honoured"}: ${reason}`, () => {
      const persists = reason === "http11-default" || reason === "http10-keep-alive";
      expect(persistenceAfter({ minorVersion, saysClose, saysKeepAlive, honoursHttp10KeepAlive })).toStrictEqual({
        persists,
        reason,
      });
    });
  }

  it("every combination stands here once", () => {
    expect(new Set(rows.map((row) => row.slice(0, 4).join())).size).toBe(16);
  });
});
