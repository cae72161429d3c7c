/** A chain of a program's own, compared on paper: as `hopwise doctor --chain` does it, without the drawing. */
import type { Duration } from "../../config/public-options.ts";
import { readDuration_ms } from "../../config/values.ts";
import type { Report } from "../report/report.ts";
import { readChainData } from "./chain-file.ts";
import { chainReport } from "./findings.ts";
import { pairsOf } from "./pairs.ts";
import { readChainText } from "./read-chain.ts";

/** One hop of a chain. */
export interface ChainHop {
  /** As the doctor calls it: `nginx`, `alb`, `node`; any other: `other`. */
  readonly product: string;
  readonly version?: string | undefined;
  /** By the product's own names: `{ keepalive_timeout: "75s" }`; of `other`: `idle` and `pool`. */
  readonly settings?: Readonly<Record<string, string | number>> | undefined;
  /** Round trip from the hop before it. */
  readonly rtt?: Duration | undefined;
}

/** Options of `examineChain`. */
export interface ChainOptions {
  /** Round trip between neighbours. Default: `1ms`. */
  readonly rtt?: Duration | undefined;
}

/**
 * Compares the neighbours of a chain by what their products do, or are set to: which of them lose requests to an idle timeout, and which
 * setting ends that. It opens no connection.
 *
 * ```ts
 * const report = examineChain("alb,nginx:keepalive_timeout=75,node@20");
 * ```
 *
 * @param chain from the client's end to the origin's, as text, or hop by hop
 * @throws HopwiseError `option-invalid` for what is no chain
 */
export function examineChain(chain: string | readonly (string | ChainHop)[], options: ChainOptions = {}): Report {
  const hops =
    typeof chain === "string"
      ? readChainText(chain)
      : readChainData({ value: chain, placeOf: placeText, readReport: () => undefined }).hops;
  const rtt_ms = options.rtt === undefined ? undefined : readDuration_ms(options.rtt, 0);
  return chainReport(hops, pairsOf(hops, rtt_ms === undefined ? {} : { rtt_ms }), new Date());
}

function placeText(path: readonly (string | number)[]): string {
  const [index, ...names] = path;
  return index === undefined ? "the chain" : [`hop ${Number(index) + 1}`, ...names].join(": ");
}
