/** What a file says of what a route asks of its requests, and lets them take. What it means: policy-config.ts. */
import * as z from "zod";
import { isToken } from "../wire/octets.ts";
import { kind } from "./option.ts";
import { invalid, readCount, readDuration_ms, readNetwork, readSize_bytes, shown } from "./values.ts";

const textOrNumber = z.union([z.string(), z.number()]);

const duration = () =>
  kind(textOrNumber, "write a duration like 500ms, 5s or 2m", (value) => readDuration_ms(value, 1)).optional();

const size = (min: number, max: number) =>
  kind(textOrNumber, "write a size like 16k or 10m", (value) => readSize_bytes(value, min, max)).optional();

const count = (min: number, max: number) =>
  kind(textOrNumber, "write a whole number", (value) => {
    const read = readCount(value, min);
    if (read > max) throw invalid(`"${shown(value)}" is too large: write at most ${max}`);
    return read;
  });

const networks = () =>
  kind(
    z.union([z.string(), z.array(z.string()).readonly()]),
    "write networks like 10.0.0.0/8 or ::1",
    (value): readonly string[] => {
      const all = [value].flat().map((one) => readNetwork(one));
      if (all.length === 0) throw invalid("it is empty: write networks like 10.0.0.0/8 or ::1");
      return all;
    },
  ).optional();

const path = z.string().min(1, "it is empty: write a file's path").describe("write a file's path");
const text = kind(z.string(), "write text", (value): string => {
  if (!/^[\x20-\x7e]{1,200}$/.test(value))
    throw invalid(`"${shown(value)}" is not one: write up to 200 characters of ASCII`);
  return value;
});

const users = z
  .union([path, z.strictObject({ file: path, realm: text.optional(), keepAuthorization: z.boolean().optional() })])
  .describe("write the path of a file with a line NAME:HASH each, or { file: FILE, realm: TEXT }")
  .optional();

const field = kind(z.string(), "write the name of a field", (value): string => {
  if (!isToken(value)) throw invalid(`"${shown(value)}" is not the name of a field`);
  return value.toLowerCase();
});

/** Requests and tokens: more is no limit. */
const REQUESTS_MAX = 1_000_000;
const BY_HOW = "write client, route or { field: NAME }";
export const rateLimit = () =>
  z
    .strictObject({
      requests: count(1, REQUESTS_MAX),
      per: duration(),
      burst: count(1, REQUESTS_MAX).optional(),
      by: z
        .union([z.enum(["client", "route"]).describe(BY_HOW), z.strictObject({ field }).describe(BY_HOW)])
        .describe(BY_HOW)
        .optional(),
    })
    .describe("write { requests: 100, per: 1s, burst: 200, by: client }")
    .optional();
export type RateLimitValues = NonNullable<z.output<ReturnType<typeof rateLimit>>>;

const CONCURRENT_MAX = 1_000_000;
/** As many as may wait for a connection of a pool (pool/line.ts). */
const LINE_MAX = 1_024;
const concurrency = z
  .strictObject({ max: count(1, CONCURRENT_MAX), line: count(0, LINE_MAX).optional(), wait: duration() })
  .describe("write { max: 50, line: 100, wait: 1s }")
  .optional();

const DOMAIN = /^\.?[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;
const cookieDomain = kind(
  z.record(z.string(), z.union([z.string(), z.null()])).readonly(),
  "write { DOMAIN: DOMAIN }, or null to take it away",
  (value): ReadonlyMap<string, string | null> => {
    const read = new Map<string, string | null>();
    for (const [from, to] of Object.entries(value)) {
      for (const name of [from, to]) {
        if (name === null || (name === "*" && name === from) || DOMAIN.test(name)) continue;
        throw invalid(`"${shown(name)}" is not a domain: write one like example.com`);
      }
      read.set(from.toLowerCase().replace(/^\./, ""), to);
    }
    return read;
  },
).optional();

const BODY_BYTES_MAX = 2 ** 40;
/** Each request may hold as much; all of them together as much as `requestBuffers` says. */
const BUFFER_BYTES_MAX = 16 * 1_048_576;
/** For one body of that size, since a client gets at most half. */
const BUFFERS_BYTES_MIN = 1_048_576;

/** Of all routes together. */
export const requestBuffers = () => size(BUFFERS_BYTES_MIN, BODY_BYTES_MAX);

export const policyShape = {
  allow: networks(),
  deny: networks(),
  users,
  rateLimit: rateLimit(),
  maxBody: size(0, BODY_BYTES_MAX),
  concurrency,
  bufferRequest: size(1, BUFFER_BYTES_MAX),
  connectTimeout: duration(),
  responseTimeout: duration(),
  bodyTimeout: duration(),
  tunnelTimeout: duration(),
  cookieDomain,
  localDestination: z.boolean().describe("write true or false").optional(),
} as const;
