/** What a file says of groups, as the pools are made from it. */
import { createHash } from "node:crypto";
import { isFollowable } from "../pool/followed-names.ts";
import { type EndpointPlan, type Group, plainGroup, type ResolvePlan } from "../pool/group.ts";
import { isOverTls, parseOriginAddress, withProxyHeader, withTls } from "../pool/origin-address.ts";
import type { ProxyHeaderVersion } from "../wire/proxy-header-writing.ts";
import { careOf } from "./care-config.ts";
import { HopwiseError } from "./error.ts";
import type { EndpointValues, GroupValues } from "./group-schema.ts";
import { nearest } from "./nearest.ts";
import type { ReadOriginTls } from "./origin-tls.ts";
import { readOrigin, shown } from "./values.ts";

/** A new address gets its first request, and one that has gone its last, within half a minute: soon enough beside a deploy, and no load. */
const LOOKUP_INTERVAL_MS = 30_000;

/** @param tls what it says of TLS, as it was read @throws HopwiseError for values that cannot be together */
export function groupOf(name: string, values: GroupValues, tls?: ReadOriginTls): Group {
  const { to, balance, sticky = false } = values;
  const cookie = sticky === true ? cookieOf(name) : sticky === false ? undefined : sticky.cookie;
  const stickiness = cookie === undefined ? undefined : { cookie };
  const plans = to.map((endpoint) => endpointPlan(endpoint, values.proxyProtocol));
  if (values.tls !== undefined && !plans.some(({ origin }) => isOverTls(origin))) {
    const problem = "none of its endpoints is reached over TLS: write https://HOST:PORT in to, or leave it out";
    throw new HopwiseError("option-invalid", problem, "tls");
  }
  const endpoints = plans.map((plan) => ({ ...plan, origin: withTls(plan.origin, tls?.tls) }));
  const resolve = resolvePlan(values, endpoints);
  const lookups = resolve === undefined ? {} : { resolve };
  const tlsWords = tls === undefined ? {} : { tlsWords: tls.words };
  return { name, endpoints, balance, sticky: stickiness, ...tlsWords, ...lookups, ...careOf(values) };
}

function resolvePlan({ resolve = false }: GroupValues, endpoints: readonly EndpointPlan[]): ResolvePlan | undefined {
  if (resolve === false) return undefined;
  if (!endpoints.some(({ origin }) => isFollowable(origin))) {
    const problem = "none of its endpoints has a name that could be looked up: leave it out";
    throw new HopwiseError("option-invalid", problem, "resolve");
  }
  const { interval = LOOKUP_INTERVAL_MS, family } = resolve === true ? {} : resolve;
  return { interval_ms: interval, ...(family === undefined ? {} : { family }) };
}

function endpointPlan(values: EndpointValues, header: ProxyHeaderVersion | undefined): EndpointPlan {
  const { url, weight, backup, maxConnections, poolMaxAge, proxyProtocol = header } = values;
  return {
    origin: withProxyHeader(parseOriginAddress(url), proxyProtocol),
    weight,
    isBackup: backup,
    maxConnections,
    maxAge_ms: poolMaxAge,
  };
}

/** Groups of one site must not take each other's cookies for their own, and clients need not know what they are called. */
function cookieOf(group: string): string {
  return `hopwise-${createHash("sha256").update(group).digest("hex").slice(0, 8)}`;
}

/** A URL is a group of its own. */
export function groupNamed(to: string, groups: Map<string, Group>): string {
  if (groups.has(to)) return to;
  if (to.includes("://") || to.startsWith("unix:")) {
    groups.set(to, plainGroup(to, [parseOriginAddress(readOrigin(to))]));
    return to;
  }
  const near = nearest(to, [...groups.keys()]);
  const hint = near === undefined ? `there are: ${[...groups.keys()].join(", ") || "none"}` : `did you mean ${near}?`;
  // A place is a URL with its scheme forgotten.
  const what = /^[^\s/:]+:[0-9]+$|^\[[0-9a-f:.]+\]:[0-9]+$|^localhost$/i.test(to)
    ? `did you mean http://${shown(to)}?`
    : hint;
  throw new HopwiseError("option-invalid", `there is no group "${shown(to)}"; ${what}`, "to");
}
