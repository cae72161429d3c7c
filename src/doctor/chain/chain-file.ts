/**
 * A chain as a file: a list of hops, or `{ hops, rtt }`, in YAML or JSON.
 *
 * A hop is a text as in read-chain.ts (`node@20`), `{ product, version, settings, rtt }`, or `{ report: FILE }`: one that the doctor has
 * measured. Deliberately absent: reading the file itself, which is handed in, so that a chain of a program can be read, too.
 */
import { HopwiseError } from "../../config/error.ts";
import { readDuration_ms, shown } from "../../config/values.ts";
import type { Hop } from "./hop.ts";
import { measuredHop } from "./measured-hop.ts";
import { lookUp, readHopText, type WrittenHop } from "./read-chain.ts";

export interface ReadChain {
  readonly hops: readonly Hop[];
  readonly rtt_ms: number | undefined;
}

export interface ChainSource {
  /** The data of the file. */
  readonly value: unknown;
  /** Where a value stands, for messages. */
  placeOf(path: readonly (string | number)[]): string;
  /** The data of a report that a hop names. @throws HopwiseError */
  readReport(name: string): unknown;
}

const HOP_KEYS = ["product", "version", "settings", "rtt", "report"];

/** @throws HopwiseError `option-invalid`, with the place */
export function readChainData(source: ChainSource): ReadChain {
  const { value } = source;
  const isList = Array.isArray(value);
  const list = isList ? value : isRecord(value) ? value.hops : undefined;
  if (!Array.isArray(list)) throw wrong(source, [], "a chain is a list of hops: write hops: [alb, nginx, node@20]");
  if (!isList) refuseUnknown(source, [], value as object, ["hops", "rtt"]);
  const path = isList ? [] : ["hops"];
  const written = list.map((entry: unknown, index) => readHop(source, [...path, index], entry));
  const rtt = isRecord(value) ? value.rtt : undefined;
  return {
    hops: lookUp(written),
    rtt_ms: rtt === undefined ? undefined : duration(source, ["rtt"], rtt),
  };
}

function readHop(source: ChainSource, path: readonly (string | number)[], entry: unknown): WrittenHop {
  if (typeof entry === "string") return placed(source, path, () => readHopText(entry));
  if (!isRecord(entry)) throw wrong(source, path, "a hop is a text like node@20, or { product, version, settings }");
  refuseUnknown(source, path, entry, HOP_KEYS);
  const rtt = entry.rtt === undefined ? {} : { rtt_ms: duration(source, [...path, "rtt"], entry.rtt) };
  if (typeof entry.report === "string") {
    const { report } = entry;
    return {
      ...placed(source, path, () => measuredHop(report, source.readReport(report), textOf(entry.product))),
      ...rtt,
    };
  }
  const product = textOf(entry.product);
  if (product === undefined) throw wrong(source, path, "a hop needs product: NAME, or report: FILE");
  const settings = entry.settings ?? {};
  if (!isRecord(settings)) throw wrong(source, [...path, "settings"], "settings are written as NAME: VALUE");
  const hop = readHopText(product);
  return {
    ...hop,
    version: textOf(entry.version) ?? hop.version,
    settings: [
      ...(hop.settings ?? []),
      ...Object.entries(settings).map(([name, amount]) => [name, textOf(amount) ?? ""] as const),
    ],
    ...rtt,
  };
}

/** YAML makes numbers of versions and amounts; a version like 1.10 has to be written as text. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? switchText(value)
    : undefined;
}

/** In YAML 1.1 On and Off are booleans, and people write them. */
function switchText(value: string | number | boolean): string {
  if (typeof value !== "boolean") return String(value);
  return value ? "on" : "off";
}

function duration(source: ChainSource, path: readonly (string | number)[], value: unknown): number {
  return placed(source, path, () => readDuration_ms(typeof value === "number" ? value : String(value), 0));
}

function refuseUnknown(
  source: ChainSource,
  path: readonly (string | number)[],
  value: object,
  known: readonly string[],
): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key))
      throw wrong(source, [...path, key], `"${shown(key)}" is not known here: write one of ${known.join(", ")}`);
  }
}

function placed<T>(source: ChainSource, path: readonly (string | number)[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HopwiseError)) throw error;
    throw wrong(source, path, error.problem);
  }
}

function wrong(source: ChainSource, path: readonly (string | number)[], problem: string): HopwiseError {
  return new HopwiseError("option-invalid", `${source.placeOf(path)}: ${problem}`, "chain");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
