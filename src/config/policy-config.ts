/**
 * What a file says of what a route asks of its requests, as requests are judged by it (exchange/judging.ts); and the same in words,
 * for `hopwise check` and `hopwise route`.
 */
import { isIP } from "node:net";
import type { ConcurrencyLimit, RateLimit, RoutePolicy, TimeLimits } from "../exchange/policy.ts";
import { AddressSet } from "../net/address-set.ts";
import type { RateLimitValues } from "./policy-schema.ts";
import type { RouteValues } from "./route-schema.ts";
import type { UsersFiles } from "./users-files.ts";
import { formatDuration, formatSize, networkTest } from "./values.ts";

/** What of a route concerns what goes to an origin, and nothing else. */
export const ON_THE_WAY = [
  "stripPrefix",
  "addPrefix",
  "setRequestFields",
  "setResponseFields",
  "maxBody",
  "concurrency",
  "bufferRequest",
  "connectTimeout",
  "responseTimeout",
  "bodyTimeout",
  "tunnelTimeout",
  "cookieDomain",
  "localDestination",
] as const satisfies readonly (keyof RouteValues)[];

/** What it asks of those that it answers by itself, too. */
export const ASKED_FIRST = ["allow", "deny", "users", "rateLimit"] as const satisfies readonly (keyof RouteValues)[];

const REALM = "hopwise";

/** @param times what holds where the route says nothing @returns undefined for a route that asks nothing */
export function policyOf(
  values: RouteValues,
  name: string,
  users: UsersFiles,
  times: TimeLimits,
): RoutePolicy | undefined {
  const words = wordsOf(values);
  if (words.length === 0) return undefined;
  const { allow, deny, users: written, maxBody, bufferRequest, rateLimit, concurrency } = values;
  const { file, realm = REALM } = typeof written === "string" ? { file: written } : (written ?? {});
  return {
    words,
    mayCome: allow === undefined && deny === undefined ? undefined : networkRule(allow, deny),
    credentials: file === undefined ? undefined : { authentication: users.read(file), realm },
    rate: rateLimit && rateLimitOf(rateLimit, name),
    bodyBytesMax: maxBody,
    concurrency: concurrency === undefined ? undefined : concurrencyOf(concurrency),
    bufferBytes: bufferRequest,
    times: timesOf(values, times),
  };
}

/**
 * What is denied is denied in each form in which IPv6 carries an IPv4 address. What is no address, as a trusted neighbour may tell,
 * is in no network.
 */
function networkRule(allow: readonly string[] | undefined, deny: readonly string[] = []): (address: string) => boolean {
  const denied = new AddressSet(deny);
  const isAllowed = allow === undefined ? () => true : networkTest(allow);
  return (address) => {
    const bare = address.replace(/%.*$/, "");
    return isIP(bare) !== 0 && !denied.has(bare) && isAllowed(bare);
  };
}

const PER_MS = 1_000;

/** @param name of its route; of all requests: empty */
export function rateLimitOf(values: RateLimitValues, name: string): RateLimit {
  const { requests, per = PER_MS, burst = requests, by = "client" } = values;
  const whose = typeof by === "string" ? by : `field ${by.field}`;
  const words = `${requests} requests per ${formatDuration(per)}, burst ${burst}, by ${whose}`;
  return { name, by, interval_ms: per / requests, burst, words };
}

const LINE_NORMALLY = 100;
const WAIT_MS_NORMALLY = 1_000;

function concurrencyOf({
  max,
  line = LINE_NORMALLY,
  wait = WAIT_MS_NORMALLY,
}: NonNullable<RouteValues["concurrency"]>): ConcurrencyLimit {
  return { max, line, wait_ms: wait };
}

function timesOf(
  { connectTimeout, responseTimeout, bodyTimeout, tunnelTimeout }: RouteValues,
  times: TimeLimits,
): TimeLimits | undefined {
  if ((connectTimeout ?? responseTimeout ?? bodyTimeout ?? tunnelTimeout) === undefined) return undefined;
  return {
    connectTimeout_ms: connectTimeout ?? times.connectTimeout_ms,
    responseTimeout_ms: responseTimeout ?? times.responseTimeout_ms,
    bodyTimeout_ms: bodyTimeout ?? times.bodyTimeout_ms,
    tunnelTimeout_ms: tunnelTimeout ?? times.tunnelTimeout_ms,
  };
}

// In words, in the order in which they are judged.

function wordsOf(values: RouteValues): readonly string[] {
  const { allow, deny, users, rateLimit, maxBody, concurrency, bufferRequest } = values;
  const words: string[] = [];
  if (deny !== undefined) words.push(`not from ${deny.join(", ")}`);
  if (allow !== undefined) words.push(`from ${allow.join(", ")}`);
  if (users !== undefined) words.push(`users of ${typeof users === "string" ? users : users.file}`);
  if (rateLimit !== undefined) words.push(rateLimitOf(rateLimit, "").words);
  if (maxBody !== undefined) words.push(`bodies up to ${formatSize(maxBody)}`);
  if (concurrency !== undefined) {
    const { max, line, wait_ms } = concurrencyOf(concurrency);
    words.push(`${max} at once, ${line} wait up to ${formatDuration(wait_ms)}`);
  }
  if (bufferRequest !== undefined) words.push(`holds bodies up to ${formatSize(bufferRequest)}`);
  for (const name of ["connectTimeout", "responseTimeout", "bodyTimeout", "tunnelTimeout"] as const) {
    const ms = values[name];
    if (ms !== undefined) words.push(`${name} ${formatDuration(ms)}`);
  }
  return words;
}
