/**
 * src/doctor/products/measured.ts from the zoo's data: measured defaults by product, which `--chain` takes before what was read elsewhere.
 *
 * Times are told in halves of a second, rounded down: a busy machine makes them longer, never shorter. Deliberately absent: what needed a setting, as HAProxy's do.
 */
import type { FieldGuide, Specimen } from "./guide.ts";

const HALF_MS = 500;
/** The doctor's clock and the server's are not one. */
const EARLY_MS = 100;
const rounded = (ms: number) => Math.floor((ms + EARLY_MS) / HALF_MS) * HALF_MS;

export interface MeasuredDefault {
  readonly product: string;
  readonly version: string;
  /** As advertised where it is, since the rest is grace. */
  readonly idle_ms?: number;
  readonly grace_ms?: number;
  readonly requestsMax?: number;
  readonly advertises: "nothing" | "timeout" | "timeout and max";
}

export function measuredDefaults({ specimens }: FieldGuide): MeasuredDefault[] {
  return specimens.flatMap((specimen) => {
    const found = defaultOf(specimen);
    return found === undefined ? [] : [found];
  });
}

function defaultOf({ product, version, server }: Specimen): MeasuredDefault | undefined {
  if (product === undefined || server === undefined) return undefined;
  const valuesOf = (id: string) => server.findings.find((finding) => finding.id === id)?.values ?? {};
  const idle = valuesOf("HW201").idle_timeout_ms;
  const terms = valuesOf("HW105");
  const { has_limit, requests } = valuesOf("HW203");
  const said = terms.advertised_timeout_ms;
  if (typeof idle !== "number") return undefined;
  const real_ms = rounded(idle);
  const grace_ms = typeof said === "number" ? Math.max(0, real_ms - said) : 0;
  return {
    product,
    version: version.replace(/[-+~].*$/, ""),
    idle_ms: real_ms - grace_ms,
    ...(grace_ms === 0 ? {} : { grace_ms }),
    ...(has_limit === true && typeof requests === "number" ? { requestsMax: requests } : {}),
    advertises:
      typeof said !== "number"
        ? "nothing"
        : Object.keys(terms).some((key) => /max/.test(key))
          ? "timeout and max"
          : "timeout",
  };
}

export function measuredFile(guide: FieldGuide): string {
  const rows = measuredDefaults(guide).map(
    (row) =>
      `  { ${Object.entries(row)
        .map(([key, value]) => `${key}: ${typeof value === "number" ? grouped(value) : JSON.stringify(value)}`)
        .join(", ")} },`,
  );
  return [
    `/** Measured defaults of products. Written by \`${guide.command}\` from docs/field-guide.json: edit test/zoo, not this file. */`,
    'import type { ClientSide } from "./product.ts";',
    "",
    'export interface MeasuredDefault extends Pick<ClientSide, "idle_ms" | "grace_ms" | "requestsMax" | "advertises"> {',
    "  readonly product: string;",
    "  readonly version: string;",
    "}",
    "",
    `export const measuredIn = ${JSON.stringify(guide.date.slice(0, 7))};`,
    "",
    "// biome-ignore format: a row for each product",
    "export const measuredDefaults: readonly MeasuredDefault[] = [",
    ...rows,
    "];",
    "",
  ].join("\n");
}

const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, "_");
