/** `hopwise doctor --chain FILE|LIST`: which neighbours of a chain lose requests, and what to set. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { readConfigFile } from "../config/config-file.ts";
import { HopwiseError } from "../config/error.ts";
import { fileFault } from "../config/file-error.ts";
import { readDuration_ms, shown } from "../config/values.ts";
import { type ReadChain, readChainData } from "../doctor/chain/chain-file.ts";
import { asciiPen, boxPen, drawChain, type Paint } from "../doctor/chain/diagram.ts";
import { chainReport } from "../doctor/chain/findings.ts";
import type { PairVerdict } from "../doctor/chain/judge.ts";
import { pairsOf } from "../doctor/chain/pairs.ts";
import { readChainText } from "../doctor/chain/read-chain.ts";
import type { Finding, Verdict } from "../doctor/finding.ts";
import type { Report } from "../doctor/report/report.ts";
import { type Style, styled, type Terminal } from "./terminal.ts";

/** @throws HopwiseError for what is no chain */
export async function runDoctorChain(
  chain: string,
  flags: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<Report> {
  const startedAt = new Date();
  const rtt = flags.rtt === undefined ? undefined : readDuration_ms(String(flags.rtt), 0);
  const { hops, rtt_ms } = await readChain(chain);
  const hasRtt = rtt ?? rtt_ms;
  const pairs = pairsOf(hops, hasRtt === undefined ? {} : { rtt_ms: hasRtt });
  const report = chainReport(hops, pairs, startedAt);
  if (terminal.isJson) terminal.json(report);
  else {
    const pen = flags.ascii === true || !speaksUtf8(process.env) ? asciiPen : boxPen;
    const lines = drawChain(hops, pairs, pen, paint);
    const told = [...report.findings.flatMap(tell), lastLine(report.findings)];
    const width = Math.min(Math.max(terminal.columns, 60), 100);
    for (const line of [...lines, "", ...told.flatMap((text) => wrapped(text, width))]) terminal.print(line);
  }
  return report;
}

/** A file where there is one of that name, else the text itself. */
async function readChain(chain: string): Promise<ReadChain> {
  if (existsSync(chain)) {
    const file = await readConfigFile(chain);
    return readChainData({ ...file, readReport: (name) => readReport(resolve(dirname(chain), name), name) });
  }
  if (/\.(?:ya?ml|json|[cm]?[jt]s)$/i.test(chain)) {
    throw new HopwiseError("option-invalid", `${shown(chain)} cannot be read: there is no such file`, "chain");
  }
  return { hops: readChainText(chain), rtt_ms: undefined };
}

function readReport(path: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is not JSON" : fileFault(error, "read");
    throw new HopwiseError("option-invalid", `${shown(name)} cannot be read: ${why}`, "chain", error);
  }
}

/** Where nothing is said, terminals of today do. */
function speaksUtf8({ LC_ALL, LC_CTYPE, LANG, TERM }: NodeJS.ProcessEnv): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || "";
  return TERM !== "linux" && (locale === "" || /utf-?8/i.test(locale));
}

const styleOfPair: Readonly<Record<PairVerdict, Style>> = {
  healthy: "green",
  unknown: "yellow",
  unbounded: "yellow",
  "too-close": "red",
  inverted: "red",
};

const paint: Paint = (verdict, text) => styled(styleOfPair[verdict], text);

const styleOf: Readonly<Record<Verdict, Style>> = {
  pass: "green",
  info: "dim",
  advice: "yellow",
  fail: "red",
  "not-measurable": "yellow",
};

/** One finding: what, why it hurts, what to set; those that pass take a line. */
function tell({ id, verdict, measured, consequence, fixes }: Finding): string[] {
  const title = `${styled(styleOf[verdict], verdict)} ${styled("dim", id)} ${measured}`;
  if (verdict === "pass") return [title];
  const remedies = fixes.flatMap(({ text, setting }, index) => [
    `${index === 0 ? "  Fix: " : "  or:  "}${text}`,
    ...(setting === undefined ? [] : [`       ${styled("bold", setting)}`]),
  ]);
  return [title, ...(consequence === "" ? [] : [`  ${consequence}`]), ...remedies, ""];
}

/** Breaks at spaces, and indents what follows by two more than the line. Colours do not count. */
function wrapped(line: string, width: number): string[] {
  const indent = " ".repeat((/^ */.exec(line)?.[0].length ?? 0) + 2);
  const lines: string[] = [];
  let last = "";
  for (const word of line.split(/(?<=\S) /)) {
    const longer = last === "" ? word : `${last} ${word}`;
    if (last !== "" && stripVTControlCharacters(longer).length > width) {
      lines.push(last);
      last = `${indent}${word}`;
    } else last = longer;
  }
  return [...lines, last];
}

function lastLine(findings: readonly Finding[]): string {
  const count = (wanted: Verdict) => findings.filter(({ verdict }) => verdict === wanted).length;
  const [fails, advice, unknown] = [count("fail"), count("advice"), count("not-measurable")];
  if (fails + advice + unknown === 0)
    return styled("green", "No pair of neighbours loses requests to an idle timeout.");
  const parts = [
    ...(fails > 0 ? [`${fails} lose${fails === 1 ? "s" : ""} requests`] : []),
    ...(advice > 0 ? [`${advice} may lose some`] : []),
    ...(unknown > 0 ? [`${unknown} cannot be told`] : []),
  ];
  return `${findings.length} pair${findings.length === 1 ? "" : "s"} of neighbours: ${parts.join(", ")}.`;
}
