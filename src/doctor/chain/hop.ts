/**
 * One hop of a chain as somebody wrote it, and what it comes to: how long its connections idle on each side.
 *
 * What is written counts first (also where the doctor measured it), then the product's default. A version that nobody named may be any,
 * so there may be several answers. Deliberately absent: reading text and files (read-chain.ts, chain-file.ts).
 */
import { editionsOf, editionText } from "../products/all.ts";
import {
  type ClientSide,
  concerns,
  type Edition,
  type OriginSide,
  ownSettings,
  type Product,
  type Setting,
} from "../products/product.ts";

/** What a setting was set to. */
export type Amount = number | "unlimited" | "no-reuse" | "on";

/** A setting with its amount, as written. */
export interface SetTo {
  readonly setting: Setting;
  readonly amount: Amount;
}

export interface Hop {
  readonly product: Product;
  readonly version: string | undefined;
  readonly settings: readonly SetTo[];
  /** The doctor has measured it: what its report is called. */
  readonly measuredIn?: string;
  /** Round trip from the hop before it; that of the chain: undefined. */
  readonly rtt_ms?: number;
}

/** How a hop behaves as the server of the hop before it. */
export interface ServerTerms {
  /** When an idle connection really ends; nobody knows: undefined. */
  readonly idle_ms: number | "unlimited" | "no-reuse" | undefined;
  /** What the setting and `Keep-Alive` say, where that is less. */
  readonly said_ms?: number | undefined;
  /** Clients are told, so those that listen leave earlier. */
  readonly isAdvertised: boolean;
  readonly basis: Basis;
}

/** How a hop behaves as the client of the hop behind it. */
export interface PoolTerms {
  readonly idle_ms: number | "unlimited" | "no-reuse" | "purged" | "passed-on" | undefined;
  readonly hint: OriginSide["hint"];
  readonly isLearning: boolean;
  readonly basis: Basis;
}

/** Why a figure is believed. */
export interface Basis {
  readonly kind: "written" | "measured" | "default" | "unknown";
  /** The product's versions that it holds for, where the version is not known and matters. */
  readonly edition?: string;
  /** The knowledge that it comes from. */
  readonly side?: ClientSide | OriginSide;
}

/** The setting for a side that people write, whatever the product calls its own. */
export function ownSetting(side: "clients" | "origins"): Setting {
  const name = ownSettings[side];
  const special = {
    never: "unlimited",
    unlimited: "unlimited",
    none: "unlimited",
    close: "no-reuse",
    off: "no-reuse",
    0: "no-reuse",
  } as const;
  return { name, side, sets: "idle", unit: "s", special, write: "{s} s", where: "its configuration" };
}

/** The settings that a hop of this product takes. */
export function settingsOf({ settings }: Product): readonly Setting[] {
  return [...settings, ownSetting("clients"), ownSetting("origins")];
}

/** As a server: an answer for each edition that it may be. */
export function serverTerms(hop: Hop): ServerTerms[] {
  const written = writtenIdle(hop, "clients");
  return editionsToLookAt(hop, "clients").map(({ edition, name }) => {
    const side = edition.clients;
    const isAdvertised = side?.advertises === "timeout" || side?.advertises === "timeout and max";
    const basis = basisOf(hop, written, name, side);
    const idle = idleOf(
      written,
      side?.idle_ms === "configured" || side?.idle_ms === "purged" ? undefined : side?.idle_ms,
    );
    // What the doctor measured has the grace in it already.
    const grace_ms = basis.kind === "measured" ? 0 : (side?.grace_ms ?? 0);
    if (typeof idle !== "number" || grace_ms === 0) return { idle_ms: idle, isAdvertised, basis };
    return { idle_ms: idle + grace_ms, said_ms: idle, isAdvertised, basis };
  });
}

/** As a client: an answer for each edition that it may be. */
export function poolTerms(hop: Hop): PoolTerms[] {
  const written = writtenIdle(hop, "origins");
  return editionsToLookAt(hop, "origins").map(({ edition, name }) => {
    const side = edition.origins;
    const byDefault = side?.idle_ms === "configured" ? undefined : side?.idle_ms;
    const idle = written === "on" && byDefault === "no-reuse" ? side?.onceOn_ms : idleOf(written, byDefault);
    const isLearning = side?.isLearning === true;
    return { idle_ms: idle, hint: side?.hint, isLearning, basis: basisOf(hop, written, name, side) };
  });
}

function idleOf<T>(written: Amount | undefined, byDefault: T): Exclude<Amount, "on"> | T {
  return written === undefined || written === "on" ? byDefault : written;
}

/** Reuse that is off counts whatever else is written. */
function writtenIdle(hop: Hop, side: "clients" | "origins"): Amount | undefined {
  const reuse = hop.settings.find(({ setting }) => concerns(setting, side) && setting.sets === "reuse")?.amount;
  if (reuse === "no-reuse") return reuse;
  return decisiveIdle(hop, side)?.amount ?? (reuse === undefined ? undefined : "on");
}

/** Of what is written of a side's idle time, what counts: the first in the product's own order, unless a ceiling is lower. */
export function decisiveIdle({ product, settings }: Hop, side: "clients" | "origins"): SetTo | undefined {
  const idle = settings.filter(({ setting }) => concerns(setting, side) && setting.sets === "idle");
  const general = idle.find(({ setting }) => setting.name === ownSettings[side]);
  if (general !== undefined) return general;
  const rank = ({ setting }: SetTo) => product.settings.findIndex(({ name }) => name === setting.name);
  const [first, ...others] = idle.toSorted((one, other) => rank(one) - rank(other));
  const lower = others.find(({ setting, amount }) => setting.isCeiling && lasts(amount) < lasts(first?.amount));
  return lower ?? first;
}

function lasts(amount: Amount | undefined): number {
  return typeof amount === "number" ? amount : amount === "no-reuse" ? 0 : Number.POSITIVE_INFINITY;
}

/** Those whose answers differ are told apart by name. */
function editionsToLookAt(
  { product, version }: Hop,
  side: "clients" | "origins",
): { edition: Edition; name: string | undefined }[] {
  const editions = editionsOf(product, version);
  const answers = new Set(editions.map((edition) => JSON.stringify(edition[side]?.idle_ms)));
  if (answers.size === 1 && editions[0] !== undefined) return [{ edition: editions[0], name: undefined }];
  return editions.map((edition) => ({ edition, name: editionText(product, edition) }));
}

function basisOf(
  { measuredIn }: Hop,
  written: Amount | undefined,
  edition: string | undefined,
  side: ClientSide | OriginSide | undefined,
): Basis {
  if (written !== undefined && written !== "on") return { kind: measuredIn === undefined ? "written" : "measured" };
  if (side === undefined) return { kind: "unknown" };
  return { kind: "default", side, ...(edition === undefined ? {} : { edition }) };
}
