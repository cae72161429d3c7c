/** How times and hops of a chain are said. */
import { type ClientSide, type OriginSide, waysOfKnowing } from "../products/product.ts";
import type { Basis, Hop } from "./hop.ts";

/** `60 s`, `6.5 s`, `4 min`, `1 h`, `500 ms`. */
export function timeText(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${Number(ms.toFixed(3))} ms`;
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  if (ms >= 240_000 && ms % 60_000 === 0 && ms < 3_600_000) return `${ms / 60_000} min`;
  return `${Number((ms / 1_000).toFixed(3))} s`;
}

export function hopTitle({ product, version }: Hop): string {
  return version === undefined ? product.title : `${product.title} ${version}`;
}

/** Where a figure comes from, like `default, documented 2026-11`. */
export function basisText({ kind, side, edition }: Basis, measuredIn: string | undefined): string {
  switch (kind) {
    case "written":
      return "as written";
    case "measured":
      return `measured, ${measuredIn ?? "by the doctor"}`;
    case "unknown":
      return "not known";
    case "default":
      return side === undefined
        ? "default"
        : `default${edition === undefined ? "" : ` of ${edition}`}, ${sourceText(side)}`;
  }
}

/** Like `measured (nginx 1.22) and documented, 2026-11`. */
export function sourceText({ known, of, date }: ClientSide | OriginSide): string {
  return `${known.join(" and ")}${of === undefined ? "" : ` (${of})`} ${date}`;
}

/** What the words of `sourceText` mean. */
export const sourceLegend = Object.entries(waysOfKnowing).map(([word, meaning]) => `${word}: ${meaning}`);
