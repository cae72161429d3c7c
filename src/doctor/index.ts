/**
 * The doctor as a library: `import { examine } from "hopwise/doctor"`.
 *
 * Four ways to look: at one server (`examine`), at a proxy from both sides (`examineThrough`), at neighbours on paper (`examineChain`),
 * and at real traffic, as it passes (`examineBetween`) or as an access log tells of it (`examineLog`). All give a `Report`.
 */
export { HopwiseError, type HopwiseErrorCode } from "../config/error.ts";
export type { Duration } from "../config/public-options.ts";
export type { BetweenOptions, BetweenProgress, LogOptions, TrafficOptions } from "./between/between-options.ts";
export { examineBetween } from "./between/examine-between.ts";
export { examineLog } from "./between/examine-log.ts";
export { type ChainHop, type ChainOptions, examineChain } from "./chain/examine-chain.ts";
export { examine } from "./examine.ts";
export type { Cap, Evidence, EvidenceLine, Finding, Fix, Grade, Section, Verdict } from "./finding.ts";
export type { Progress } from "./progress.ts";
export { htmlReport } from "./report/html.ts";
export { isGradeAtLeast, type Report, type Skipped, type TargetProduct } from "./report/report.ts";
export { reportSchema } from "./report/schema.ts";
export type { ExamineOptions } from "./settings.ts";
export { type ExamineThroughOptions, examineThrough } from "./through/public-options.ts";
