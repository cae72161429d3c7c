/**
 * The spellings of values: durations, sizes, counts, addresses, names. Each reader takes what a person wrote and gives
 * what the program uses, or says what to write instead.
 *
 * Deliberately absent: which option has which kind of value, see schema.ts.
 */
import { BlockList, isIP, isIPv4 } from "node:net";
import type { OriginHost } from "../exchange/origin-references.ts";
import { addressMeant, isNumericHost, portMeant } from "../pool/numeric-host.ts";
import { OriginAddressError, parseOriginAddress } from "../pool/origin-address.ts";
import { isAuthority } from "../wire/authority.ts";
import { type ToleranceKind, toleranceKinds } from "../wire/tolerance.ts";
import { withoutUserinfo } from "../wire/userinfo.ts";
import { HopwiseError } from "./error.ts";

/** Says why a value cannot be taken. */
export function invalid(problem: string): HopwiseError {
  return new HopwiseError("option-invalid", problem);
}

const DURATION = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)$/;
const unit_ms = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** The longest delay that timers of the runtime know: 2^31 - 1 ms, nearly 25 days. */
const DURATION_MS_MAX = 2_147_483_647;
const DURATION_HOW = "write a duration like 500ms, 5s, 2m or 1h";

/** @param value text with a unit, or a number of milliseconds */
export function readDuration_ms(value: string | number, min_ms: number): number {
  const match = typeof value === "string" ? DURATION.exec(value.trim()) : null;
  let ms: number;
  if (typeof value === "number") ms = value;
  else if (match !== null) ms = Number(match[1]) * unit_ms[match[2] as keyof typeof unit_ms];
  else if (value.trim() === "0") ms = 0;
  else if (/^[0-9.]+$/.test(value.trim())) {
    throw invalid(`"${shown(value)}" has no unit: write ${value.trim()}s or ${value.trim()}ms`);
  } else throw invalid(`"${shown(value)}" is not a duration: ${DURATION_HOW}`);
  if (!Number.isFinite(ms) || ms < 0) throw invalid(`${ms} is not a duration: ${DURATION_HOW}`);
  if (ms < min_ms) throw invalid(`"${shown(value)}" is too short: write at least ${formatDuration(min_ms)}`);
  if (ms > DURATION_MS_MAX) throw invalid(`"${shown(value)}" is too long: write at most 24 days, 576h`);
  return Math.round(ms);
}

/** The shortest spelling: `75s`, `1h`, `500ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  for (const unit of ["h", "m", "s"] as const) {
    if (ms % unit_ms[unit] === 0 && (unit !== "m" || ms >= 2 * unit_ms.m)) return `${ms / unit_ms[unit]}${unit}`;
  }
  return ms < 1_000 ? `${ms}ms` : `${Number((ms / 1_000).toFixed(3))}s`;
}

const SIZE = /^([0-9]+(?:\.[0-9]+)?)([kmg]?)b?$/i;
const unit_bytes = { "": 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 } as const;
const SIZE_HOW = "write a size like 16k or 1m";

/** @param value text, or a number of octets */
export function readSize_bytes(value: string | number, min: number, max: number): number {
  const match = SIZE.exec(String(value).trim());
  if (match === null) throw invalid(`"${shown(value)}" is not a size: ${SIZE_HOW}`);
  const bytes = Math.round(Number(match[1]) * unit_bytes[(match[2] ?? "").toLowerCase() as keyof typeof unit_bytes]);
  if (bytes < min) throw invalid(`"${shown(value)}" is too small: write at least ${formatSize(min)}`);
  if (bytes > max) throw invalid(`"${shown(value)}" is too large: write at most ${formatSize(max)}`);
  return bytes;
}

export function formatSize(bytes: number): string {
  for (const unit of ["m", "k"] as const) {
    if (bytes > 0 && bytes % unit_bytes[unit] === 0) return `${bytes / unit_bytes[unit]}${unit}`;
  }
  return String(bytes);
}

const COUNT_MAX = 10_000_000;

export function readCount(value: string | number, min: number): number {
  const text = String(value).trim();
  if (!/^[0-9]{1,15}$/.test(text)) throw invalid(`"${shown(value)}" is not a whole number: write one like 100`);
  const count = Number(text);
  if (count < min) throw invalid(`"${shown(value)}" is too small: write at least ${min}`);
  if (count > COUNT_MAX) throw invalid(`"${shown(value)}" is too large: write at most ${COUNT_MAX}`);
  return count;
}

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** `::` without the addresses of IPv4, which the system counts among its own: they are listened at apart, as `0.0.0.0`. */
  readonly isIpv6Only?: true | undefined;
}

const LISTEN_HOW = "write PORT or HOST:PORT, like 8080, 0.0.0.0:8080 or [::1]:8080";
const LISTEN = /^(?:(\[[0-9a-f:.]+\]|[a-z0-9._-]*|\*):)?([0-9]{1,5})$/i;

/** Without a host: this machine alone, never the whole network by accident. */
export function readListenAddress(value: string | number): ListenAddress {
  const match = LISTEN.exec(String(value).trim());
  if (match === null) throw invalid(`"${shown(value)}" is not an address to listen on: ${LISTEN_HOW}`);
  const port = Number(match[2]);
  if (port > 65_535) throw invalid(`${port} is not a port: write one from 0 (any free one) to 65535`);
  const host = match[1];
  if (host === "" || host === "*") {
    throw invalid(
      `"${shown(value)}" names no host: write 0.0.0.0:${port} for all addresses of this machine, ` +
        `or ${port} for this machine alone`,
    );
  }
  if (host === undefined) return { host: "127.0.0.1", port };
  if (!host.startsWith("[")) return { host: readListenHost(host), port };
  const address = host.slice(1, -1);
  if (isIP(address) !== 6) throw invalid(`"${shown(value)}" has no IPv6 address in its brackets: ${LISTEN_HOW}`);
  return { host: address, port };
}

/** Where to listen, and how, as far as that is said. */
export interface ListenPlace extends ListenAddress {
  readonly scheme: "http" | "https" | undefined;
}

/** One place, or several. */
export function readListenPlaces(
  written: string | number | readonly (string | number)[],
): readonly [ListenPlace, ...ListenPlace[]] {
  const values = typeof written === "object" ? written : [written];
  const [first, ...others] = values.map(readListenPlace);
  if (first === undefined) throw invalid(`it is empty: ${LISTEN_HOW}`);
  const taken = others.find(
    (place, index) => place.port !== 0 && [first, ...others.slice(0, index)].some(isSame(place)),
  );
  if (taken !== undefined) throw invalid(`${formatAuthority(taken.host, taken.port)} is given twice: write it once`);
  return [first, ...others];
}

function isSame({ host, port }: ListenAddress): (other: ListenAddress) => boolean {
  return (other) => other.host === host && other.port === port;
}

function readListenPlace(value: string | number): ListenPlace {
  const [, scheme, address] = /^(?:(https?):\/\/)?(.*?)\/?$/i.exec(String(value).trim()) ?? [];
  const place = readListenAddress(scheme === undefined ? value : (address ?? ""));
  return { ...place, scheme: scheme?.toLowerCase() as ListenPlace["scheme"] };
}

/** A host to listen on, apart from its port. What only looks like an address would be another than it seems. */
export function readListenHost(host: string): string {
  if (!isNumericHost(host)) return host;
  const meant = addressMeant(host);
  const how = meant === undefined ? LISTEN_HOW : `write ${meant}, which is what the system takes it for`;
  throw invalid(`"${shown(host)}" is not a usual address: ${how}`);
}

/** `host:port` as it stands in a URL. */
export function formatAuthority(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Where a listener is, as its clients write it. */
export function urlOf({ host, port }: ListenAddress, isSecure: boolean): string {
  return `${isSecure ? "https" : "http"}://${formatAuthority(host, port)}`;
}

/** An origin's URL, as it was written; what it means is the pool's business. */
export function readOrigin(value: string): string {
  try {
    parseOriginAddress(value);
  } catch (error) {
    if (!(error instanceof OriginAddressError)) throw error;
    // The commonest slips have obvious cures.
    const port = portMeant(value.replace(/^:/, ""));
    if (port !== undefined) {
      throw invalid(
        `"${shown(value)}" is a port, not an origin: write http://127.0.0.1:${port} for one on this machine`,
      );
    }
    if (/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?$/i.test(value) && URL.canParse(`http://${value}`)) {
      const { hostname } = new URL(`http://${value}`);
      const [, rest = ""] = /^(?:\[[^\]]*\]|[^:]*)(.*)$/.exec(value) ?? [];
      // A number or a shortened address is told as what it would be.
      throw invalid(`"${shown(value)}" has no scheme: write http://${isIPv4(hostname) ? hostname + rest : value}`);
    }
    throw invalid(error.message);
  }
  return value;
}

/** Addresses, each alone or with a prefix length. */
export function readNetwork(value: string, into: BlockList = new BlockList()): string {
  const [address = "", prefix, ...rest] = value.trim().split("/");
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const isPrefix = prefix !== undefined && /^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= bits;
  if (family === 0 || rest.length > 0 || (prefix !== undefined && !isPrefix)) {
    throw invalid(`"${shown(value)}" is not an address or a range: write one like 10.0.0.0/8 or ::1`);
  }
  const kind = family === 6 ? "ipv6" : "ipv4";
  if (prefix === undefined) into.addAddress(address, kind);
  else into.addSubnet(address, Number(prefix), kind);
  return value.trim();
}

/** Whether an address is one of these, or in one of these ranges. Most say none, and are asked for each connection. */
export function networkTest(networks: readonly string[] = []): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) readNetwork(network, list);
  return (address) => address !== "" && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

const PORTS_HOW = "write ports and ranges like 443,8443,9000-9010";

/** Which ports: numbers and ranges, separated by commas. */
export function readPorts(value: string | number): (port: number) => boolean {
  const ranges = String(value)
    .split(",")
    .map((part) => {
      const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(part.trim());
      const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
      if (match === null) throw invalid(`"${shown(part.trim())}" is not a port: ${PORTS_HOW}`);
      if (first < 1 || last > 65_535) throw invalid(`"${shown(part)}" is outside 1 to 65535: ${PORTS_HOW}`);
      if (first > last) throw invalid(`"${shown(part)}" ends before it begins: ${PORTS_HOW}`);
      return { first, last };
    });
  return (port) => ranges.some(({ first, last }) => port >= first && port <= last);
}

/** A recipient's name in `Via` (RFC 9110 section 7.6.3): a pseudonym, or a host with or without a port. */
export function readViaName(value: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}(?::[0-9]{1,5})?$/.test(value)) {
    throw invalid(`"${shown(value)}" is not a name for Via: write letters, digits, dots and hyphens, like proxy-1`);
  }
  return value;
}

/** Which Host origins get. A host of the name `keep` or `origin` is written with its port. */
export function readOriginHost(value: string): OriginHost {
  if (value === "keep" || value === "origin") return value;
  if (value === "" || value.startsWith(":") || !isAuthority(value)) {
    throw invalid(`"${shown(value)}" is not a valid Host: write keep, origin, or HOST[:PORT] like app.internal`);
  }
  return { name: value };
}

/** Which faults of responses are mended instead of refused: kinds, separated by commas. */
export function readTolerance(value: string | readonly string[]): ReadonlySet<ToleranceKind> {
  const kinds = (typeof value === "string" ? value.split(",") : value).map((kind) => kind.trim());
  for (const kind of kinds) {
    if ((toleranceKinds as readonly string[]).includes(kind)) continue;
    throw invalid(
      `"${shown(kind)}" is not a kind of fault that can be tolerated: write ${toleranceKinds.join(" or ")}`,
    );
  }
  return new Set(kinds as ToleranceKind[]);
}

/** A value as it may be repeated in a message: short, on one line, harmless to a terminal, and without a password. */
export function shown(value: string | number): string {
  const written = String(value);
  const colon = written.indexOf(":");
  // It may be a URL with a password.
  const harmless = colon >= 0 && written.includes("@", colon) ? withoutUserinfo(written) : written;
  const text = harmless.replace(/[^\x20-\x7e\u00a0-\u{10ffff}]/gu, "?");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
