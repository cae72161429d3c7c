/** Every product that is known, found by its name; and what a setting of one is written like. */
import { nearest } from "../../config/nearest.ts";
import { clients } from "./clients.ts";
import { clouds } from "./clouds.ts";
import type { Edition, Product, Setting } from "./product.ts";
import { runtimes } from "./runtimes.ts";
import { isAtLeastVersion } from "./version.ts";
import { webServers } from "./web-servers.ts";
import { withMeasured } from "./with-measured.ts";

/** As they were looked up, without what was measured on top of it (with-measured.ts). */
export const lookedUp: readonly Product[] = [...webServers, ...runtimes, ...clouds, ...clients];
export const products: readonly Product[] = lookedUp.map((product) => withMeasured(product));

/** Any other product: nothing is known of it, and a chain says how long it waits. */
export const otherProduct: Product = {
  name: "other",
  title: "Other",
  aliases: ["server", "client", "proxy"],
  role: "proxy",
  editions: [{}],
  settings: [],
};

const namesOf = ({ name, aliases = [] }: Product) => [name, ...aliases];

const byName = new Map(
  [...products, otherProduct].flatMap((product) => namesOf(product).map((name) => [name, product] as const)),
);

/** @param name in any case, or one of the other names under which it is known */
export function productNamed(name: string): Product | undefined {
  return byName.get(name.trim().toLowerCase());
}

export function nearestProduct(name: string): string | undefined {
  return nearest(name, [...byName.keys()]);
}

/** The edition that a version belongs to; without a version: all of them, since any may be meant. */
export function editionsOf({ editions }: Product, version: string | undefined): readonly Edition[] {
  if (version === undefined) return editions;
  const fitting = editions.filter(({ since }) => since === undefined || isAtLeastVersion(version, since));
  return fitting.slice(-1);
}

/** Like `node before 27`, `node from 27 on`. */
export function editionText({ name, editions }: Product, edition: Edition): string {
  if (editions.length < 2) return name;
  const next = editions[editions.indexOf(edition) + 1]?.since;
  const from = edition.since === undefined ? "" : ` from ${edition.since} on`;
  return `${name}${from}${next === undefined ? "" : ` before ${next}`}`;
}

/** How a setting is written for this amount. */
export function settingText({ write, unit }: Setting, amount: number): string {
  if (unit === "count") return write.replaceAll("{count}", String(amount));
  return write
    .replaceAll("{ms}", String(amount))
    .replaceAll("{s}", secondsText(amount))
    .replaceAll("{min}", String(Math.ceil(amount / 60_000)));
}

/** In whole seconds where the amount has them; products differ in what they make of fractions. */
function secondsText(ms: number): string {
  return String(Number((ms / 1_000).toFixed(3)));
}
