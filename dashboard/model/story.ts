/**
 * The story of one connection, and of one exchange, in plain sentences with their reasons.
 *
 * Reasons are said in the words that the program has for them everywhere (connection/reasons.ts, ledger/explained.ts), with the word of
 * logs and metrics beside them. Deliberately absent: how it is shown.
 */

import { span } from "../../src/cli/figures-text.ts";
import { closeReasons, openReasons, reuseRefusals } from "../../src/connection/reasons.ts";
import { duration } from "../../src/lab/drawing/text.ts";
import { explained } from "../../src/ledger/explained.ts";
import { idText } from "../../src/ledger/id-text.ts";
import { keyOf } from "../feed/api-types.ts";
import { type Activity, segmentsOf } from "./phases.ts";
import { isFailure } from "./telling.ts";
import type { Connection, Ending, Exchange, Key, ReuseRefusal } from "./types.ts";

/** What a sentence is about: views may set them apart. */
export interface Sentence {
  readonly about: "opened" | "carried" | "now" | "refused" | "failed" | "others" | "closed" | "todo";
  readonly text: string;
}

export interface Story {
  readonly title: string;
  readonly sentences: readonly Sentence[];
  /** Connections of the other hop that its known exchanges went on, or came from. */
  readonly others: readonly Connection[];
}

export interface Telling {
  /** By the proxy's clock. */
  readonly now_ms: number;
  /** A time of day, as its readers write it; usual: that of their machine. */
  readonly clockText?: (at_ms: number) => string;
}

/** "client 192.0.2.1:4000", "origin http://127.0.0.1:3000" */
export function nameOf({ hop, peer }: Pick<Connection, "hop" | "peer">): string {
  return `${hop === "downstream" ? "client" : "origin"} ${peer === "" ? "unknown" : peer}`;
}

/** "connection 12", with its worker where there are several */
export function numberOf({ id, worker }: Pick<Connection, "id" | "worker">): string {
  const own = idText(id).replace(/^.*\./, "");
  return worker === undefined ? `connection ${own}` : `connection ${own} of worker ${worker}`;
}

/** `12`, or `2.12` of worker 2: as in the log for people. */
export function shortName({ id, worker }: Pick<Connection, "id" | "worker">): string {
  return keyOf(worker === undefined ? { id } : { id, worker });
}

export function storyOf(connection: Connection, telling: Telling): Story {
  const others = othersOf(connection);
  const sentences: (Sentence | undefined)[] = [
    opened(connection, telling),
    carried(connection),
    refused(connection, telling),
    ...failures(connection, telling),
    boundTo(connection),
    connection.state === "closed" ? closed(connection, telling) : now(connection, telling),
  ];
  return {
    title: `${capitalised(nameOf(connection))}, ${numberOf(connection)}`,
    sentences: sentences.filter((one) => one !== undefined),
    others,
  };
}

function opened({ openedAt_ms, opened, isOpeningGuessed, isSecure }: Connection, telling: Telling): Sentence {
  const secure = isSecure === true ? " TLS secures it." : "";
  if (isOpeningGuessed) {
    const why = opened === undefined ? "" : ` It was opened because: ${reasonText(openReasons[opened], opened)}.`;
    return { about: "opened", text: `It was there before this page looked.${why}${secure}` };
  }
  const why = opened === undefined ? "" : `: ${reasonText(openReasons[opened], opened)}`;
  return { about: "opened", text: `Opened at ${clock(openedAt_ms, telling)}${why}.${secure}` };
}

function carried({ hop, exchangeCount }: Connection): Sentence {
  const text =
    exchangeCount === 0
      ? "It has carried no exchange."
      : hop === "downstream"
        ? `It carried ${counted(exchangeCount, "exchange")}${exchangeCount > 1 ? `: ${exchangeCount - 1} without a new connection` : ""}.`
        : `It carried ${counted(exchangeCount, "exchange")}${exchangeCount > 1 ? `: it was lent again ${times(exchangeCount - 1)}` : ""}.`;
  return { about: "carried", text };
}

function refused({ refusals }: Connection, telling: Telling): Sentence | undefined {
  const last = refusals.at(-1);
  if (last === undefined) return undefined;
  const byReason = new Map<ReuseRefusal, number>();
  for (const { reason } of refusals) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
  const why = [...byReason].map(([reason, count]) => {
    const often = byReason.size > 1 ? ` (${times(count)})` : "";
    return `${reasonText(reuseRefusals[reason], reason)}${often}`;
  });
  const when = `at ${clock(last.at_ms, telling)}, when it had idled for ${took(last.idle_ms)}`;
  const often = refusals.length === 1 ? "once" : `${times(refusals.length)}, the last time`;
  return { about: "refused", text: `It was not lent ${often} ${when}: ${why.join("; ")}.` };
}

/** More would be a list, which other views have. */
const FAILURES_TOLD = 3;

function failures(connection: Connection, telling: Telling): Sentence[] {
  const failed = connection.exchanges.filter(isFailure);
  const told = failed.slice(-FAILURES_TOLD).flatMap((exchange): Sentence[] => {
    const why = whyFailed(exchange);
    const name = capitalised(exchangeName(exchange, connection));
    const text = `${name} at ${clock(exchange.beganAt_ms, telling)} failed: ${why.cause}`;
    return [{ about: "failed", text }, ...(why.todo === "" ? [] : [{ about: "todo", text: why.todo } as const])];
  });
  const more = failed.length - FAILURES_TOLD;
  return more > 0 ? [{ about: "failed", text: `${counted(more, "earlier exchange")} failed, too.` }, ...told] : told;
}

function boundTo({ boundTo, hop }: Connection): Sentence | undefined {
  if (boundTo === undefined || hop === "downstream") return undefined;
  const text = `Authentication (NTLM, Negotiate) has bound it to the client's connection ${idOf(boundTo)}: nobody else may use it.`;
  return { about: "others", text };
}

function now(connection: Connection, { now_ms }: Telling): Sentence {
  const { state, idleSince_ms, idleUntil_ms, idleLimit, closes, exchanges, hop } = connection;
  if (closes !== undefined || state === "closing") {
    const why = closes === undefined ? "" : `: ${reasonText(closeReasons[closes], closes)}`;
    return { about: "now", text: `It is closing${why}.` };
  }
  const all = exchanges.filter(({ endedAt_ms }) => endedAt_ms === undefined);
  const busy = all.at(-1);
  if (state === "tunnel")
    return { about: "now", text: "It carries a tunnel now: bytes pass both ways, and are not read." };
  if (busy !== undefined && all.length > 1 && connection.isMultiplexed) {
    const since_ms = Math.min(...all.map(({ beganAt_ms }) => beganAt_ms));
    const text = `It carries ${all.length} exchanges at once now, the first of them for ${took(now_ms - since_ms)}.`;
    return { about: "now", text };
  }
  if (busy !== undefined) {
    const { activity } = segmentsOf(busy).at(-1) ?? { activity: "arriving" };
    const text = `It carries ${exchangeName(busy, connection)} now, for ${took(now_ms - busy.beganAt_ms)}: ${activityWords[activity]}.`;
    return { about: "now", text };
  }
  if (idleSince_ms === undefined || state === "active") return { about: "now", text: "It carries an exchange now." };
  const idled = `It has idled for ${took(Math.max(0, now_ms - idleSince_ms))}.`;
  if (idleUntil_ms === undefined) return { about: "now", text: idled };
  const left_ms = Math.max(0, idleUntil_ms - now_ms);
  const limit = idleLimit === undefined ? "" : `: ${reasonText(closeReasons[idleLimit], idleLimit)}`;
  const ends = hop === "downstream" ? "unless a request comes, hopwise closes it" : "unless it is lent, it ends";
  return { about: "now", text: `${idled} In ${took(left_ms)}, ${ends}${limit}.` };
}

function closed(connection: Connection, telling: Telling): Sentence {
  const { closedAt_ms, openedAt_ms, closed, ended, hop } = connection;
  if (closedAt_ms === undefined) {
    const why = closed === undefined ? "" : `: ${reasonText(closeReasons[closed], closed)}`;
    return { about: "closed", text: `It is gone${why}.` };
  }
  const lived = `after ${took(Math.max(0, closedAt_ms - openedAt_ms))}`;
  const when = `${clock(closedAt_ms, telling)}, ${lived}`;
  if (closed === undefined) return { about: "closed", text: `It was gone by ${when}; how it ended was missed.` };
  const by = ended === undefined ? "" : ` ${endedBy(ended, hop)}`;
  return { about: "closed", text: `Closed at ${when},${by}: ${reasonText(closeReasons[closed], closed)}.` };
}

function endedBy(ended: Ending, hop: Connection["hop"]): string {
  const peer = hop === "downstream" ? "the client" : "the origin";
  switch (ended) {
    case "own-fin":
      return "by hopwise, in order (FIN)";
    case "own-reset":
      return "by hopwise, with a reset (RST)";
    case "peer-fin":
      return `by ${peer}, in order (FIN)`;
    case "peer-reset":
      return `by ${peer}, with a reset (RST)`;
  }
}

/** One exchange: what it was, where it went, where its time went, how it ended, and what to do. */
export function exchangeStory(exchange: Exchange, telling: Telling): Sentence[] {
  const { downstream, upstream, losses, beganAt_ms, endedAt_ms, status, outcome, entry } = exchange;
  const asked = `${requestOf(exchange)} came at ${clock(beganAt_ms, telling)}, as exchange ${downstream.exchange} of ${nameOf(downstream.connection)} (${numberOf(downstream.connection)}).`;
  const lost = losses.map(
    ({ connection, exchange: ordinal, sentAt_ms, lostAt_ms, fault }) =>
      `It was sent as exchange ${ordinal} of ${numberOf(connection)} to ${connection.peer}, which was lost after ${took(lostAt_ms - sentAt_ms)}${fault === undefined ? "" : ` (${fault})`}; so it was sent again.`,
  );
  const went =
    upstream === undefined
      ? entry?.endpoint === undefined
        ? "No origin has been asked."
        : `There was no connection to ${entry.endpoint} for it.`
      : `It went as exchange ${upstream.exchange} of ${numberOf(upstream.connection)} to ${upstream.connection.peer}, ${upstream.exchange > 1 ? "which had been there" : "which was new"}.`;
  const parts = segmentsOf(exchange)
    .filter(({ from_ms, to_ms }) => (to_ms ?? telling.now_ms) - from_ms >= 0.05)
    .map(({ activity, from_ms, to_ms }) => `${activityWords[activity]} ${took((to_ms ?? telling.now_ms) - from_ms)}`);
  const spent = parts.length === 0 ? "" : `Its time: ${parts.join(", ")}.`;
  const sentences: Sentence[] = [{ about: "opened", text: asked }];
  for (const text of [...lost, went]) sentences.push({ about: "carried", text });
  if (spent !== "") sentences.push({ about: "now", text: spent });
  if (endedAt_ms === undefined) return [...sentences, { about: "now", text: "It has not ended yet." }];
  const after = `after ${took(endedAt_ms - beganAt_ms)}`;
  if (outcome === undefined) return [...sentences, { about: "closed", text: "How it ended was missed." }];
  if (!isFailure(exchange)) {
    const how = outcome === "tunnel" ? "The tunnel ended" : `Answered ${status}`;
    return [...sentences, { about: "closed", text: `${how} ${after}.` }];
  }
  const { cause, todo } = whyFailed(exchange);
  const got = status === 0 ? "The client got no answer" : `The client got ${status}`;
  sentences.push({ about: "failed", text: `${got} ${after}: ${cause}` });
  return todo === "" ? sentences : [...sentences, { about: "todo", text: todo }];
}

/** In one line, for somebody who hears it: a lane. */
export function laneLine(connection: Connection, telling: Telling): string {
  const { exchangeCount, closedAt_ms } = connection;
  const last = connection.closedAt_ms === undefined ? now(connection, telling) : closed(connection, telling);
  const where = `${capitalised(nameOf(connection))}, ${numberOf(connection)}`;
  return `${where}${closedAt_ms === undefined ? "" : ", gone"}: ${counted(exchangeCount, "exchange")}. ${last.text}`;
}

/** In one line: an exchange, and its counterpart on the other hop. */
export function exchangeLine(exchange: Exchange, on: Connection, telling: Telling): string {
  const { downstream, upstream, beganAt_ms, endedAt_ms, status, outcome, entry } = exchange;
  const other = on === downstream.connection ? upstream : downstream;
  const there =
    other === undefined
      ? `no origin was asked${entry?.endpoint === undefined ? "" : `, since there was no connection to ${entry.endpoint}`}`
      : `exchange ${other.exchange} of ${nameOf(other.connection)}, ${numberOf(other.connection)}`;
  const spent = took((endedAt_ms ?? telling.now_ms) - beganAt_ms);
  const how =
    endedAt_ms === undefined
      ? `in progress for ${spent}`
      : outcome === undefined
        ? "its end was missed"
        : isFailure(exchange)
          ? `failed with ${status === 0 ? "no answer" : status} after ${spent}: ${whyFailed(exchange).cause}`
          : outcome === "tunnel"
            ? `tunnel of ${spent}`
            : `${status} in ${spent}`;
  return `${capitalised(exchangeName(exchange, on))}: ${how}${how.endsWith(".") ? "" : ";"} ${on === downstream.connection ? "went as" : "came as"} ${there}.`;
}

/** "GET shop.example/cart" */
export function requestOf({ method, target, host = "" }: Exchange): string {
  if (method === "") return "A request that could not be read";
  return `${method} ${target.startsWith("/") ? host : ""}${target}`;
}

/** "exchange 3 (GET /)" by its number on the connection that is looked at */
function exchangeName(exchange: Exchange, on: Connection): string {
  const { downstream, upstream, losses } = exchange;
  const carriage = [downstream, ...losses, ...(upstream === undefined ? [] : [upstream])].findLast(
    ({ connection }) => connection === on,
  );
  return `exchange ${carriage?.exchange ?? "?"} (${requestOf(exchange)})`;
}

export const activityWords: Readonly<Record<Activity, string>> = {
  arriving: "before it was sent",
  queued: "waiting for a connection",
  connecting: "connecting",
  securing: "TLS handshake",
  held: "waiting for its whole body",
  asking: "waiting for the origin",
  answering: "passing the response on",
  retrying: "being sent again",
};

function whyFailed({ entry, status }: Exchange): { readonly cause: string; readonly todo: string } {
  const about = entry === undefined ? undefined : explained(entry);
  if (about === undefined) return { cause: `it was answered ${status}.`, todo: "" };
  const detail = about.detail === "" ? "" : ` ${about.detail}`;
  return { cause: `${about.cause}${detail} (${about.word})`, todo: about.todo };
}

function othersOf(connection: Connection): readonly Connection[] {
  const others = new Set<Connection>();
  for (const { downstream, upstream, losses } of connection.exchanges) {
    if (downstream.connection !== connection) others.add(downstream.connection);
    else for (const carriage of [...losses, upstream]) if (carriage !== undefined) others.add(carriage.connection);
  }
  return [...others];
}

/** A duration as a sentence has it: "5.02 s", "3m 5s". */
export function took(ms: number): string {
  return ms < 60_000 ? duration(Math.max(0, ms)) : span(ms);
}

function reasonText(text: string, word: string): string {
  return `${text} (${word})`;
}

function clock(at_ms: number, { clockText = localClock }: Telling): string {
  return clockText(at_ms);
}

function localClock(at_ms: number): string {
  return new Date(at_ms).toLocaleTimeString("en-GB");
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Of a key the number alone: the story names the worker elsewhere. */
function idOf(key: Key): string {
  return key.split(/[./]/).at(-1) ?? key;
}
