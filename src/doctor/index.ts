/** The doctor as a library: `import { examine } from "hopwise/doctor"`. */
export { HopwiseError, type HopwiseErrorCode } from "../config/error.ts";
export type { Duration } from "../config/public-options.ts";
export { examine } from "./examine.ts";
export type { Cap, Evidence, EvidenceLine, Finding, Fix, Grade, Section, Verdict } from "./finding.ts";
export type { Progress } from "./progress.ts";
export { htmlReport } from "./report/html.ts";
export { isGradeAtLeast, type Report, type Skipped, type TargetProduct } from "./report/report.ts";
export type { ExamineOptions } from "./settings.ts";
