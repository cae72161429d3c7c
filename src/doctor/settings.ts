/**
 * What an examination is told: options as the library and the command line write them, read into settings.
 *
 * Deliberately absent: flags and their spelling (cli/doctor.ts).
 */
import { readFileSync } from "node:fs";
import { HopwiseError } from "../config/error.ts";
import type { Duration } from "../config/public-options.ts";
import { readCount, readDuration_ms, shown } from "../config/values.ts";
import { isToken } from "../wire/octets.ts";
import { readIds } from "./chosen.ts";
import { nearestProduct, productNamed } from "./products/all.ts";
import type { Progress } from "./progress.ts";

/** Options of `examine`. */
export interface ExamineOptions {
  /** How long idle connections are watched at most. Default: `130s`, just above the longest timeout that is common. */
  readonly maxWait?: Duration | undefined;
  /** Skips long waits: nothing is watched for longer than three seconds. Default: `false`. */
  readonly quick?: boolean | undefined;
  /** Ids of checks to run, or their beginnings: `HW201`, `HW2`. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Ids of checks not to run, or their beginnings. Default: none. */
  readonly skip?: readonly string[] | undefined;
  /** A path that POST requests may be sent to, of up to 8 MiB; without it only GET and HEAD are sent. Default: none. */
  readonly allowPost?: string | undefined;
  /** Also sends ambiguous and malformed messages. Default: `false`. */
  readonly intrusive?: boolean | undefined;
  /** Also opens so many connections at once. Default: none. */
  readonly load?: string | number | undefined;
  /** The host that the person who asks may examine with `intrusive` or `load` although its address is public. Default: none. */
  readonly authorised?: string | undefined;
  /** Fields of every request, like `Authorization: Bearer ...`; no report shows their values. Default: none. */
  readonly header?: readonly string[] | undefined;
  /** What the server is, where its `Server` field does not say: `node`, `nginx` ... Default: what it says. */
  readonly product?: string | undefined;
  /** Takes any certificate. Default: `false`. */
  readonly insecure?: boolean | undefined;
  /** Path of further certificate authorities, in PEM. Default: those of the system. */
  readonly ca?: string | undefined;
  /** Requests on one connection before its limit counts as not found. Default: 1100, for public addresses 150. */
  readonly maxRequests?: string | number | undefined;
  /** Ends the examination early: what is known by then is reported. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is going on, several times a second at most. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How patient checks are with a server. */
export interface Pace {
  /** For a connection to open. */
  readonly dial_ms: number;
  /** For a response. */
  readonly answer_ms: number;
  /** For a close that should follow at once: behind it a connection counts as left open. */
  readonly settle_ms: number;
}

export const defaultPace: Pace = { dial_ms: 10_000, answer_ms: 5_000, settle_ms: 2_000 };

export interface Settings {
  readonly maxWait_ms: number;
  /** Whether somebody asked for just that time: then all that waits has it. */
  readonly isMaxWaitAsked: boolean;
  readonly isQuick: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly postPath: string | undefined;
  readonly isIntrusive: boolean;
  readonly loadConnections: number | undefined;
  readonly authorised: string | undefined;
  readonly fieldLines: readonly string[];
  readonly product: string | undefined;
  readonly takesAnyCertificate: boolean;
  readonly ca: string | undefined;
  readonly requestsMax: number | undefined;
}

/** Just above two minutes, the longest idle timeouts that are common (IIS, Squid). */
const MAX_WAIT_MS = 130_000;
const QUICK_MS = 3_000;
const LOAD_MAX = 10_000;

/** @throws HopwiseError `option-invalid` */
export function readSettings(options: ExamineOptions): Settings {
  const maxWait_ms =
    options.maxWait === undefined ? undefined : reading("maxWait", () => readDuration_ms(options.maxWait ?? 0, 100));
  const isQuick = options.quick === true;
  const { load, maxRequests } = options;
  return {
    maxWait_ms: maxWait_ms ?? (isQuick ? QUICK_MS : MAX_WAIT_MS),
    isMaxWaitAsked: maxWait_ms !== undefined,
    isQuick,
    only: readIds("only", options.only),
    skip: readIds("skip", options.skip),
    postPath: readPath(options.allowPost),
    isIntrusive: options.intrusive === true,
    loadConnections: load === undefined ? undefined : reading("load", () => Math.min(readCount(load, 1), LOAD_MAX)),
    authorised: options.authorised?.toLowerCase(),
    fieldLines: readFieldLines(options.header ?? []),
    product: readProduct(options.product),
    takesAnyCertificate: options.insecure === true,
    ca: readAuthorities(options.ca),
    requestsMax: maxRequests === undefined ? undefined : reading("maxRequests", () => readCount(maxRequests, 1)),
  };
}

function readPath(path: string | undefined): string | undefined {
  if (path === undefined || /^\/[\x21-\x7e]*$/.test(path)) return path;
  throw new HopwiseError("option-invalid", `"${shown(path)}" is not a path: write one like /upload`, "allowPost");
}

/** @throws HopwiseError `option-invalid` */
export function readProduct(text: string | undefined): string | undefined {
  if (text === undefined || productNamed(text.split("@")[0] ?? "") !== undefined) return text;
  const near = nearestProduct(text);
  const hint = near === undefined ? "write one like node, nginx or haproxy@2.6, or other" : `did you mean ${near}?`;
  throw new HopwiseError("option-invalid", `"${shown(text)}" is not a product that is known: ${hint}`, "product");
}

function readFieldLines(lines: readonly string[]): readonly string[] {
  return lines.map((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (colon > 0 && isToken(name) && !/[^\t\x20-\x7e\x80-\xff]/.test(value)) return `${name}: ${value}`;
    throw new HopwiseError("option-invalid", 'it is not a field: write "Name: value"', "header");
  });
}

/** @throws HopwiseError `option-invalid` */
export function readAuthorities(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new HopwiseError(
      "option-invalid",
      `${shown(path)} cannot be read: write the path of certificates in PEM`,
      "ca",
    );
  }
}

function reading<Value>(option: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof HopwiseError) throw new HopwiseError(error.code, error.problem, option, error);
    throw error;
  }
}
