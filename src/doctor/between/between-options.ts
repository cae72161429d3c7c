/** What an examination of real traffic is told, by the library and the command line, and what it tells while it goes on. */
import { HopwiseError } from "../../config/error.ts";
import type { Duration } from "../../config/public-options.ts";
import { readDuration_ms, shown } from "../../config/values.ts";
import { nearestProduct, productNamed } from "../products/all.ts";
import type { TargetProduct } from "../report/report.ts";
import type { Told } from "./told.ts";

/** What both kinds are told. */
export interface TrafficOptions {
  /** What the origin is, where its responses do not say: `node`, `nginx@1.22` ... Default: what they say. */
  readonly product?: string | undefined;
  /** What stands in front of it, or will, as a chain names it: `alb`, `nginx@1.29.7`; several with commas. Default: `alb,nginx`. */
  readonly front?: string | undefined;
  /** Ends it early: what is known by then is reported. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `examineBetween`. */
export interface BetweenOptions extends TrafficOptions {
  /** The origin, or several that share the load: `http://127.0.0.1:3000`. */
  readonly to: string | readonly string[];
  /** Where clients come in meanwhile: `host:port`, or a port. Default: `127.0.0.1:8080`. */
  readonly listen?: string | number | undefined;
  /** For how long. Default: `10m`. */
  readonly duration?: Duration | undefined;
  /** Takes any certificate of the origin. Default: `false`. */
  readonly insecure?: boolean | undefined;
  /** Path of further certificate authorities for the origin, in PEM. Default: those of the system. */
  readonly ca?: string | undefined;
  /** Told once clients can come in. */
  readonly onListening?: ((url: string) => void) | undefined;
  /** Told how it goes, a few times a second. */
  readonly onProgress?: ((progress: BetweenProgress) => void) | undefined;
}

/** Options of `examineLog`. */
export interface LogOptions extends TrafficOptions {
  /** What the report calls it. Default: the path. */
  readonly name?: string | undefined;
  /** Told how many lines were read, now and then. */
  readonly onProgress?: ((lines: number) => void) | undefined;
}

/** How it goes. */
export interface BetweenProgress {
  readonly elapsed_ms: number;
  /** Its end has begun: 0. */
  readonly left_ms: number;
  readonly requests: number;
  readonly failed: number;
  /** Requests that met a close, and of these the ones that were saved. */
  readonly races: number;
  readonly saved: number;
  /** Connections that are open now. */
  readonly clients: number;
  readonly origins: number;
}

const DURATION_MS = 600_000;
const DURATION_MS_MIN = 100;

/** @throws HopwiseError `option-invalid` */
export function readDurationOption(value: Duration | undefined): number {
  if (value === undefined) return DURATION_MS;
  try {
    return readDuration_ms(value, DURATION_MS_MIN);
  } catch (error) {
    if (error instanceof HopwiseError) throw new HopwiseError(error.code, error.problem, "for", error);
    throw error;
  }
}

/** @throws HopwiseError `option-invalid` for products that are not known */
export function readTold({ product, front }: TrafficOptions): Told {
  return { product: product === undefined ? undefined : toldProduct(product), fronts: readFronts(front) };
}

function toldProduct(text: string): TargetProduct {
  const { name, version } = readProduct(text, "product");
  return { name, ...(version === undefined ? {} : { version }), from: "told" };
}

function readFronts(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const fronts = text.split(",").map((part) => part.trim());
  for (const front of fronts) readProduct(front, "front");
  return fronts;
}

function readProduct(text: string, option: string): { readonly name: string; readonly version: string | undefined } {
  const [name = "", version] = text.split("@");
  const product = productNamed(name);
  if (product !== undefined) return { name: product.name, version };
  const near = nearestProduct(name);
  const hint = near === undefined ? "write one like node, nginx or haproxy@2.6" : `did you mean ${near}?`;
  throw new HopwiseError("option-invalid", `"${shown(text)}" is not a product that is known: ${hint}`, option);
}
