/**
 * What the zoo measured of a product's defaults (measured.ts) counts before what was read of them: for the edition that the version
 * belongs to. Of several versions of one edition that differ, the one that closes first counts.
 */
import { type MeasuredDefault, measuredDefaults, measuredIn } from "./measured.ts";
import type { ClientSide, Edition, Product } from "./product.ts";
import { isAtLeastVersion } from "./version.ts";

/** Some servers look at their clocks once a second: one that closed so much late may be in time with the next connection. */
const ONCE_A_SECOND_MS = 1_000;

export function withMeasured(product: Product, measured: readonly MeasuredDefault[] = measuredDefaults): Product {
  const own = measured.filter((one) => one.product === product.name);
  if (own.length === 0) return product;
  const editions = product.editions.map((edition) => {
    const rows = own.filter(({ version }) => editionOf(product, version) === edition);
    return rows.length === 0 ? edition : { ...edition, clients: clientsOf(product, edition, rows) };
  });
  return { ...product, editions };
}

function editionOf({ editions }: Product, version: string): Edition | undefined {
  return editions.findLast(({ since }) => since === undefined || isAtLeastVersion(version, since));
}

function clientsOf({ title }: Product, { clients }: Edition, rows: readonly MeasuredDefault[]): ClientSide {
  const end = ({ idle_ms, grace_ms = 0 }: MeasuredDefault) => Number(idle_ms) + grace_ms;
  const [first, ...others] = rows.toSorted((one, other) => end(one) - end(other));
  if (first === undefined) throw new Error(`nothing was measured of ${title}`);
  const { product: _product, version: _version, ...found } = first;
  const { grace_ms: _grace, advertises: _advertises, ...read } = clients ?? { known: [] };
  const versions = [first, ...others]
    .map(({ version }) => version)
    .toSorted((one, other) => Number.parseFloat(one) - Number.parseFloat(other));
  const { idle_ms: read_ms } = read as Partial<ClientSide>;
  const isLate =
    typeof read_ms === "number" &&
    first.advertises === "nothing" &&
    end(first) > read_ms &&
    end(first) - read_ms <= ONCE_A_SECOND_MS;
  return {
    ...read,
    ...found,
    ...(isLate ? { idle_ms: read_ms } : {}),
    known: ["measured", ...read.known.filter((way) => way === "documented")],
    of: `${title.replace(/\.js$/, "")} ${versions.join(", ")}`,
    date: measuredIn,
  };
}
