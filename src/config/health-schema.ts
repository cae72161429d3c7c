/**
 * What a file says of how a group's endpoints are looked after: health checks, ejection, slow start, and retries.
 *
 * Each value has its default here, and its reason. Deliberately absent: what they do, see pool/condition.ts and docs/health.md.
 */
import * as z from "zod";
import { isAuthority } from "../wire/authority.ts";
import { unambiguous } from "./configured-path.ts";
import { kind } from "./option.ts";
import { invalid, readDuration_ms, shown } from "./values.ts";

const DURATION_HOW = "write a duration like 500ms, 5s or 2m";
const duration = (min_ms: number) =>
  kind(z.union([z.string(), z.number()]), DURATION_HOW, (value) => readDuration_ms(value, min_ms));
const count = (min: number, max: number) =>
  z
    .number()
    .int()
    .min(min, `write a whole number from ${min} to ${max}`)
    .max(max)
    .describe(`write a whole number from ${min} to ${max}`);
const share = kind(z.string(), "write a percentage like 50%", readShare);

/** From 0 to 1. */
function readShare(value: string): number {
  const match = /^([0-9]{1,3})(?:\.([0-9]{1,3}))?%$/.exec(value.trim());
  const percent = match === null ? Number.NaN : Number.parseFloat(value);
  if (percent >= 0 && percent <= 100) return percent / 100;
  throw invalid(`"${shown(value)}" is not a percentage: write one from 0% to 100%`);
}

/** A page that the origin has for this, or any other: it is asked with GET. */
const path = kind(z.string(), "write a path like /healthz", (value) => {
  if (/^\/[\x21\x22\x24-\x7e]*$/.test(value)) return unambiguous(value);
  throw invalid(`"${shown(value)}" is not a path: write one that begins with /, like /healthz`);
});
const host = kind(z.string(), "write HOST or HOST:PORT", (value) => {
  if (value !== "" && isAuthority(value)) return value;
  throw invalid(`"${shown(value)}" is not a valid Host: write HOST or HOST:PORT, like app.internal`);
});

type Statuses = readonly (readonly [from: number, to: number])[];
const STATUS_HOW = "write a status, a range like 200-399, or a list of these";
const statuses = kind(
  z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).readonly()]),
  STATUS_HOW,
  (value): Statuses => {
    const all = typeof value === "object" ? value : [value];
    if (all.length === 0) throw invalid(`it is empty: ${STATUS_HOW}`);
    return all.map(readStatuses);
  },
);

function readStatuses(value: string | number): readonly [from: number, to: number] {
  const match = /^([1-9][0-9]{2})(?:-([1-9][0-9]{2}))?$/.exec(String(value).trim());
  const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (match === null || from > to) throw invalid(`"${shown(value)}" is not a status or a range: ${STATUS_HOW}`);
  if (from < 200) throw invalid(`"${shown(value)}" is not a final status: write 200 or more`);
  return [from, to];
}

/** In the order in which they are told. Nothing is checked unless a group says so: only its operator knows what to ask for. */
export const healthSchema = z
  .strictObject({
    path,
    host: host.optional(),
    /** Often enough to notice within a quarter of a minute, seldom enough to be no load: twelve requests a minute. */
    interval: duration(100).default(5_000),
    /** Long for a page that should cost nothing. A shorter interval has a shorter one. */
    timeout: duration(10).optional(),
    /** Redirects, too: a page that leads to a log-in is served by a program that works. */
    status: statuses.default([[200, 399]]),
    /** One that comes and goes should not get requests with each time. */
    healthy: count(1, 100).default(2),
    /** One lost packet, or one pause for garbage, is no reason to send everybody elsewhere. */
    unhealthy: count(1, 100).default(3),
  })
  .describe("write { path: /healthz }");

export const ejectionSchema = z
  .strictObject({
    /** What fails less is better than nothing, and might be about single resources. */
    errors: share.default(0.5),
    /** Fewer say nothing: three of five may be one impatient client. */
    requests: count(1, 1_000_000).default(20),
    window: duration(1_000).default(10_000),
    time: duration(1_000).default(30_000),
    /** If most fail, it is not the endpoints; and the rest would have to carry everything. */
    most: share.default(0.5),
  })
  .describe("write { errors: 50% }");

export const careShape = {
  health: healthSchema.optional(),
  ejection: ejectionSchema.optional(),
  slowStart: duration(0).optional(),
  /** What Finagle and Linkerd have found to be enough: every fifth request may fail once, and load never doubles. */
  retryBudget: share.default(0.2),
  /** The endpoint may still be at work on it, so each retry is more load for what is slow already. */
  retryTimeouts: z.boolean().describe("write true or false").default(false),
};
