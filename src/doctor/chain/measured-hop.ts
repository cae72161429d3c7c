/**
 * A hop of which the doctor has measured how long it keeps idle connections: its report (`--json`) stands for it in a chain.
 *
 * Only the side that faces clients can be measured from there. What the product is comes from the report, or is told beside it.
 */
import { HopwiseError } from "../../config/error.ts";
import { shown } from "../../config/values.ts";
import { REPORT_SCHEMA } from "../report/report.ts";
import type { WrittenHop } from "./read-chain.ts";

/** Values of findings in which the doctor tells the measured idle timeout. */
const IDLE_VALUE = "idle_timeout_ms";

/** @param product told beside the report. @throws HopwiseError `option-invalid` */
export function measuredHop(name: string, data: unknown, product?: string): WrittenHop {
  const report = data as Partial<Record<"schema" | "findings" | "product", unknown>> | null;
  if (report?.schema !== REPORT_SCHEMA || !Array.isArray(report.findings)) {
    throw new HopwiseError(
      "option-invalid",
      `${shown(name)} is not a report of the doctor: make one with hopwise doctor URL --json`,
    );
  }
  const idle = report.findings
    .map((finding: { values?: Record<string, unknown> }) => finding.values?.[IDLE_VALUE])
    .find((value) => typeof value === "number");
  const found = report.product as { name?: string; version?: string } | undefined;
  return {
    product: product ?? found?.name ?? "other",
    version: product === undefined ? found?.version : undefined,
    // Without one nothing was measured in time: the product's default counts.
    settings: idle === undefined ? [] : [["idle", `${idle}ms`]],
    ...(idle === undefined ? {} : { measuredIn: name }),
  };
}
