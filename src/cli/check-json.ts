/**
 * `hopwise check --json`: the same for programs. What the file means is what `/config` shows while it runs, routes in the order in which they
 * are asked; what is wrong has its place. docs/check.md says what stays as it is.
 */
import { HopwiseError, type PlacedProblem } from "../config/error.ts";
import { configView } from "../proxy/config-view.ts";
import { inOrder, warningsOf } from "./check.ts";
import { ExitCode } from "./exit.ts";
import { type GatewayFile, gatewayFile } from "./gateway-file.ts";
import type { Terminal } from "./terminal.ts";

/** Raised when a key changes its meaning or goes; keys may come. */
const FORMAT = 1;

export type CheckReport =
  | {
      readonly format: typeof FORMAT;
      readonly canRun: true;
      readonly file: string;
      readonly warnings: readonly string[];
      readonly config: object;
    }
  | { readonly format: typeof FORMAT; readonly canRun: false; readonly problems: readonly PlacedProblem[] };

export async function printCheck(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const report = await checkReport(flags);
  terminal.print(JSON.stringify(report, null, 2));
  return report.canRun ? ExitCode.well : ExitCode.usage;
}

async function checkReport(flags: Readonly<Record<string, unknown>>): Promise<CheckReport> {
  let checked: GatewayFile;
  try {
    checked = await gatewayFile(flags);
  } catch (error) {
    if (!(error instanceof HopwiseError)) throw error;
    return { format: FORMAT, canRun: false, problems: problemsIn(error, flags) };
  }
  const { name: file, config, hide } = checked;
  const { routes } = config.gateway;
  const ordered = routes === undefined ? {} : { routes: { ...routes, routes: inOrder(routes.routes) } };
  const view = configView({ ...config, gateway: { ...config.gateway, ...ordered } });
  const hidden = (value: unknown): unknown => withTexts(value, (text) => hide([], text));
  return {
    format: FORMAT,
    canRun: true,
    file,
    warnings: warningsOf(checked).map((text) => hide([], text)),
    config: hidden(view) as object,
  };
}

/** Of a file that cannot be read at all there is no place. */
function problemsIn(
  { places, message }: HopwiseError,
  { config }: Readonly<Record<string, unknown>>,
): readonly PlacedProblem[] {
  if (places.length > 0) return places;
  const file = typeof config === "string" ? config : "";
  return [{ file, line: null, column: null, path: "", message }];
}

/** The same data with other texts. */
function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => withTexts(one, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [change(key), withTexts(one, change)]));
}
