/**
 * A chain in one line: `alb,nginx@1.29.7:keepalive_timeout=75,node@20`, from the client's end to the origin's.
 *
 * A hop is a product, its version behind `@`, its settings behind `:`. A piece with `=` and without a product is one more setting of
 * the hop before it. Deliberately absent: files (chain-file.ts).
 */
import { HopwiseError } from "../../config/error.ts";
import { nearest } from "../../config/nearest.ts";
import { shown } from "../../config/values.ts";
import { nearestProduct, productNamed, products } from "../products/all.ts";
import type { Product, Setting } from "../products/product.ts";
import { isVersion } from "../products/version.ts";
import { readAmount } from "./amount.ts";
import { type Hop, type SetTo, settingsOf } from "./hop.ts";

/** More hops than any request passes; a text this long was meant for something else. */
export const HOPS_MAX = 32;

/** A hop as written, before anything is looked up. */
export interface WrittenHop {
  readonly product: string;
  readonly version?: string | undefined;
  readonly settings?: readonly (readonly [name: string, value: string])[];
  readonly measuredIn?: string;
  readonly rtt_ms?: number;
}

function invalid(problem: string): HopwiseError {
  return new HopwiseError("option-invalid", problem, "chain");
}

/** @throws HopwiseError `option-invalid` */
export function readChainText(text: string): Hop[] {
  const written: WrittenHop[] = [];
  for (const piece of text.split(",").map((part) => part.trim())) {
    if (piece === "") continue;
    if (!/^[^:@=]+=/.test(piece)) {
      written.push(readHopText(piece));
      continue;
    }
    const before = written.pop();
    if (before === undefined) {
      const hint = `write one like nginx:${shown(piece)}`;
      throw invalid(`"${shown(piece)}" is a setting, and there is no product before it: ${hint}`);
    }
    written.push({ ...before, settings: [...(before.settings ?? []), settingIn(piece)] });
  }
  return lookUp(written);
}

/** One hop: `nginx@1.29.7:keepalive_timeout=75`, with further settings behind commas. @throws HopwiseError `option-invalid` */
export function readHopText(text: string): WrittenHop {
  const colon = text.indexOf(":");
  const [product = "", version] = (colon < 0 ? text : text.slice(0, colon)).split("@").map((part) => part.trim());
  const settings =
    colon < 0
      ? []
      : text
          .slice(colon + 1)
          .split(",")
          .map(settingIn);
  return { product, version, settings };
}

function settingIn(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw invalid(`"${shown(text)}" is not a setting: write NAME=VALUE, like keepalive_timeout=75`);
  return [text.slice(0, equals).trim(), text.slice(equals + 1)];
}

/** @throws HopwiseError `option-invalid`, for what is not known, naming the nearest that is */
export function lookUp(written: readonly WrittenHop[]): Hop[] {
  if (written.length < 2)
    throw invalid("a chain has two hops at least: write them with commas, like alb,nginx,node@20");
  if (written.length > HOPS_MAX) throw invalid(`a chain has ${HOPS_MAX} hops at most, and this one ${written.length}`);
  return written.map(hopOf);
}

function hopOf({ product: name, version, settings = [], measuredIn, rtt_ms }: WrittenHop): Hop {
  const product = productNamed(name);
  if (product === undefined) {
    const near = nearestProduct(name);
    const known = near === undefined ? `, or one of ${products.map((it) => it.name).join(", ")}` : "";
    const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
    throw invalid(`no product "${shown(name)}" is known${hint}: write other:idle=30s,pool=60s for any other${known}`);
  }
  if (version !== undefined && !isVersion(version)) {
    throw invalid(
      `"${shown(version)}" is not a version of ${product.name}: write one like ${product.name}@${product.editions.at(-1)?.since ?? "1.2"}`,
    );
  }
  return {
    product,
    version,
    settings: settings.map(([setting, value]) => setTo(product, setting, value)),
    ...(measuredIn === undefined ? {} : { measuredIn }),
    ...(rtt_ms === undefined ? {} : { rtt_ms }),
  };
}

function setTo(product: Product, name: string, value: string): SetTo {
  const known = settingsOf(product);
  const setting = known.find((it) => plain(it) === name.toLowerCase());
  if (setting === undefined) {
    const near = nearest(
      name,
      known.map((it) => it.name),
    );
    const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
    throw invalid(
      `${product.name} has no setting "${shown(name)}" that matters here${hint}: write one of ${known.map((it) => it.name).join(", ")}`,
    );
  }
  const read = readAmount(setting, value);
  if ("problem" in read) throw invalid(`${product.name}:${setting.name}: ${read.problem}`);
  return { setting, amount: read.amount };
}

const plain = ({ name }: Setting) => name.toLowerCase();
