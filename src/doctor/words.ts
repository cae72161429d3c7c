/** How the doctor says times, ends and statuses, the same in every finding. */
import type { CloseManner } from "./finding.ts";
import type { Outcome } from "./probe/connection.ts";

/** `6.0 s`, `75 s`, `120 ms`: as exact as it was measured. */
export function seconds(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const value = ms / 1_000;
  return `${value < 20 ? value.toFixed(1) : Math.round(value)} s`;
}

export const endWords: Readonly<Record<CloseManner, string>> = {
  fin: "FIN",
  rst: "RST",
  "cut-off": "FIN without TLS's closure alert",
};

/** What became of a request, in a few words. */
export function outcomeWords(outcome: Outcome): string {
  switch (outcome.kind) {
    case "answer":
      return `${outcome.status}`;
    case "malformed":
      return `not a response that can be read (${outcome.refusal})`;
    case "none": {
      const part = outcome.status === undefined ? "no response" : `${outcome.status}, cut short`;
      if (outcome.why === "timeout") return `${part}, connection left open`;
      return `${part}, ${outcome.end === undefined ? "closed" : endWords[outcome.end.manner]}`;
    }
  }
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
