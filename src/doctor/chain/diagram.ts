/**
 * A chain as a drawing for the terminal: a box for each hop, and between two of them both times as bars.
 *
 * It fits 80 columns. Deliberately absent: colours other than through `paint`, and terminals.
 */
import type { Hop } from "./hop.ts";
import type { PairVerdict } from "./judge.ts";
import type { Pair } from "./pairs.ts";
import { hopTitle, timeText } from "./words.ts";

export interface Pen {
  readonly corners: readonly [string, string, string, string];
  readonly across: string;
  readonly down: string;
  readonly leaves: string;
  readonly enters: string;
  readonly bar: string;
  readonly endless: string;
  readonly marks: Readonly<Record<PairVerdict, string>>;
}

export const boxPen: Pen = {
  corners: ["┌", "┐", "└", "┘"],
  across: "─",
  down: "│",
  leaves: "┬",
  enters: "┴",
  bar: "█",
  endless: "→",
  marks: { healthy: "✓", "too-close": "✗", inverted: "✗", unbounded: "!", unknown: "?" },
};

export const asciiPen: Pen = {
  corners: ["+", "+", "+", "+"],
  across: "-",
  down: "|",
  leaves: "+",
  enters: "+",
  bar: "#",
  endless: ">",
  marks: { healthy: "v", "too-close": "x", inverted: "x", unbounded: "!", unknown: "?" },
};

/** Columns of a box, its edges included. */
const BOX = 68;
/** Columns of the longest bar. */
const BAR = 32;
const STEM = 3;

export type Paint = (verdict: PairVerdict, text: string) => string;

export function drawChain(
  hops: readonly Hop[],
  pairs: readonly Pair[],
  pen: Pen,
  paint: Paint = (_, text) => text,
): string[] {
  return hops.flatMap((hop, index) => {
    const pair = pairs.find(({ serverAt }) => serverAt === index);
    return [
      ...(pair === undefined ? [] : between(pair, pen, paint)),
      ...box(hop, index > 0, index < hops.length - 1, pen),
    ];
  });
}

function box(hop: Hop, isEntered: boolean, isLeft: boolean, pen: Pen): string[] {
  const [topLeft, topRight, bottomLeft, bottomRight] = pen.corners;
  const edge = (left: string, right: string, stem: string | undefined) => {
    const line = pen.across.repeat(BOX - 2);
    return `${left}${stem === undefined ? line : line.slice(0, STEM - 1) + stem + line.slice(STEM)}${right}`;
  };
  const written = hop.settings.map(
    ({ setting, amount }) =>
      `${setting.name} ${typeof amount === "number" && setting.unit !== "count" ? timeText(amount) : amount}`,
  );
  const texts = [hopTitle(hop), ...written, ...(hop.measuredIn === undefined ? [] : [`measured: ${hop.measuredIn}`])];
  return [
    edge(topLeft, topRight, isEntered ? pen.enters : undefined),
    ...texts.map((text, index) => `${pen.down} ${fitted(index === 0 ? text : `  ${text}`, BOX - 4)} ${pen.down}`),
    edge(bottomLeft, bottomRight, isLeft ? pen.leaves : undefined),
  ];
}

function fitted(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 3)}...` : text.padEnd(width);
}

function between(
  { clientTerms, serverTerms, judgement, client, clientAt, serverAt }: Pair,
  pen: Pen,
  paint: Paint,
): string[] {
  const { client_ms, server_ms, verdict } = judgement;
  const longest = Math.max(client_ms ?? 0, server_ms ?? 0);
  const bar = (ms: number | undefined, text: string) => {
    if (ms === undefined) return text === "no limit" ? `${pen.bar.repeat(BAR)}${pen.endless} no limit` : text;
    return `${pen.bar.repeat(Math.max(1, Math.round((ms / longest) * BAR)))} ${text}`;
  };
  const said = serverTerms.said_ms === undefined ? "" : ` (says ${timeText(serverTerms.said_ms)})`;
  const keeps = bar(client_ms, client_ms === undefined ? wordFor(clientTerms.idle_ms) : timeText(client_ms));
  const closes = bar(
    server_ms,
    server_ms === undefined ? wordFor(serverTerms.idle_ms) : `${timeText(server_ms)}${said}`,
  );
  const from = clientAt === serverAt - 1 ? "" : ` (${client.product.title}'s connection, passed on)`;
  const pad = " ".repeat(STEM);
  return [
    `${pad}${pen.down}  keeps idle   ${keeps}${from}`,
    `${pad}${paint(verdict, pen.marks[verdict])}  closes idle  ${closes}`,
    `${pad}${pen.down}  ${paint(verdict, summaryOf(judgement))}`,
  ];
}

function wordFor(idle: string | number | undefined): string {
  switch (idle) {
    case "unlimited":
      return "no limit";
    case "no-reuse":
      return "a connection per request";
    case "purged":
      return "some are closed at intervals";
    default:
      return "not known";
  }
}

function summaryOf({ verdict, why, client_ms, server_ms }: Pair["judgement"]): string {
  switch (verdict) {
    case "healthy":
      return healthyWords[why] ?? "healthy";
    case "unknown":
      return "cannot be told: one of the two times is not known";
    case "unbounded":
      return "at risk: no connection has a limit of its own";
    case "too-close":
      return client_ms === server_ms ? "a tie, so a race" : "too close: timers are later than that";
    case "inverted":
      return `inverted${client_ms === undefined || server_ms === undefined ? "" : ` by ${timeText(client_ms - server_ms)}`}: the server closes first`;
  }
}

const healthyWords: Partial<Record<Pair["judgement"]["why"], string>> = {
  "client-leaves-first": "healthy: the client leaves first",
  "client-heeds-hint": "healthy: the client heeds the server's Keep-Alive",
  "client-learns": "healthy: the client learns when the server closes",
  "server-never-closes": "healthy: the server never closes first",
  "server-closes-each": "nothing to race for: a connection per request",
  "client-reuses-nothing": "nothing to race for: a connection per request",
};
