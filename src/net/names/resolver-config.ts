/**
 * Reads resolv.conf: which name servers to ask, how long to wait for them, and in which domains a short name is looked for
 * (resolv.conf(5)).
 *
 * Deliberately absent: `rotate`, `sortlist` and the other options, which change nothing about what a name means.
 */
import { isIP } from "node:net";

export interface ResolverConfig {
  /** None: those that the runtime knows of. */
  readonly servers: readonly string[];
  readonly search: readonly string[];
  /** A name with fewer dots is looked for in the domains of `search` first. */
  readonly ndots: number;
  /** How long one server has to answer. */
  readonly try_ms: number;
  /** How often each server is asked. */
  readonly attempts: number;
}

/** The bounds of resolv.conf(5). */
const SERVERS_MAX = 3;
const SEARCH_MAX = 6;
const NDOTS_MAX = 15;
const TRY_S_MAX = 30;
const ATTEMPTS_MAX = 5;
/** The default of resolv.conf(5) is 5 s, which is all the time that a connection has. */
const TRY_MS = 2_000;
const ATTEMPTS = 2;

export function parseResolverConfig(text: string): ResolverConfig {
  const servers: string[] = [];
  let search: readonly string[] = [];
  const options = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [keyword = "", ...values] = line.trim().split(/[ \t]+/);
    const [first = ""] = values;
    if (keyword === "nameserver" && isIP(first) !== 0) servers.push(first);
    else if (keyword === "search") search = values;
    else if (keyword === "domain") search = [first];
    else if (keyword === "options") for (const option of values) noteOption(options, option);
  }
  const timeout_s = options.get("timeout");
  return {
    servers: servers.slice(0, SERVERS_MAX),
    search: search
      .map((domain) => domain.toLowerCase().replace(/\.$/, ""))
      .filter(Boolean)
      .slice(0, SEARCH_MAX),
    ndots: Math.min(options.get("ndots") ?? 1, NDOTS_MAX),
    try_ms: timeout_s === undefined ? TRY_MS : Math.min(Math.max(1, timeout_s), TRY_S_MAX) * 1_000,
    attempts: Math.min(Math.max(1, options.get("attempts") ?? ATTEMPTS), ATTEMPTS_MAX),
  };
}

function noteOption(options: Map<string, number>, option: string): void {
  const [, name = "", digits = ""] = /^(ndots|timeout|attempts):([0-9]+)$/.exec(option) ?? [];
  if (name !== "") options.set(name, Number(digits));
}

/**
 * The names that are asked for in turn. A name with as many dots as `ndots` stands for itself alone: what a client means by
 * `example.com` is not in a domain of ours.
 */
export function candidatesFor(name: string, { search, ndots }: ResolverConfig): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  if (name.split(".").length - 1 >= ndots) return [name];
  return [...search.map((domain) => `${name}.${domain}`), name];
}
