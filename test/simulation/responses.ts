/**
 * Writes what an origin says to one request, act by act, together with what it means by it.
 *
 * Deliberately absent: when it is said and what happens to the connection, see origins.ts.
 */

import type { Random } from "../../src/net/simulated/random.ts";
import { content } from "./content.ts";
import type { Arrival, Meant, RequestRecord } from "./record.ts";
import { bodySize, chunked } from "./requests.ts";
import type { Act, Temper } from "./tempers.ts";

/** How an origin's connection goes on behind a response. */
export type Ending = "keep" | "close" | "reset" | "silence";

export interface Script {
  readonly text: string;
  readonly meant: Meant;
  readonly ending: Ending;
  /** Octets behind the response that belong to nothing. */
  readonly extra: string;
}

export interface Circumstances {
  readonly record: RequestRecord;
  readonly arrival: Arrival;
  readonly temper: Temper;
  readonly random: Random;
  /** Requests that may follow on this connection; no limit: undefined. */
  readonly requestsLeft: number | undefined;
  readonly bodyBytesMax: number;
}

const NEVER_MEANT: Meant = { status: 0, body: "", mayPass: false, mayComplete: false, endField: "" };

/** A response that answers nothing. It closes its connection, so that what it displaces is not displaced for long. */
export const EVIL = "HTTP/1.1 200 OK\r\nX-Evil: yes\r\nConnection: close\r\nContent-Length: 4\r\n\r\nevil";
const strayOctets: readonly [string, ...string[]] = [EVIL, "\r\n", "x", "HTTP/1.1 200 OK\r\n", "\x00\x00", "0\r\n\r\n"];

const malformedHeads: readonly [string, ...string[]] = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
  "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
  "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
  "HTTP/1.1 2OO OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello",
  "\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nX: \x00\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5\r\n\r\nhello",
  "ICY 200 OK\r\n\r\n",
];

const malformedChunks: readonly [string, ...string[]] = [
  "5\r\nhelloX\r\n0\r\n\r\n",
  "5 x\r\nhello\r\n0\r\n\r\n",
  "zz\r\nhello\r\n0\r\n\r\n",
  "-1\r\nhello\r\n0\r\n\r\n",
  "0\r\nno colon\r\n\r\n",
  "0\n\n",
  "\r\n0\r\n\r\n",
];

/** What an origin says unasked is of its version, too: who says otherwise is believed. */
export function strayText(random: Random, { minorVersion }: Temper): string {
  return random.pick(strayOctets as [string, ...string[]]).replace("HTTP/1.1", `HTTP/1.${minorVersion}`);
}

export function interims(it: Circumstances): string {
  const { record, random } = it;
  let text = "";
  for (let count = random.between(1, 3); count > 0; count--) {
    const status = random.pick(["100 Continue", "102 Processing", "103 Early Hints"]);
    const fields = random.pick(["", "Connection: close\r\n", "Keep-Alive: secret-of-the-origin\r\n", "Link: </x>\r\n"]);
    text += `HTTP/1.1 ${status}\r\nX-Request-Id: ${record.id}\r\n${fields}\r\n`;
  }
  return text;
}

export function makeScript(act: Act, it: Circumstances): Script {
  const { random } = it;
  switch (act) {
    case "never":
      return { text: "", meant: NEVER_MEANT, ending: "silence", extra: "" };
    case "close-before":
      return { text: "", meant: NEVER_MEANT, ending: random.pick(["close", "reset"]), extra: "" };
    case "malformed":
      return {
        text: random.pick(malformedHeads as [string, ...string[]]),
        meant: NEVER_MEANT,
        ending: random.pick(["silence", "close"]),
        extra: "",
      };
    case "switch": {
      const text = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nx";
      return { text, meant: NEVER_MEANT, ending: "silence", extra: "" };
    }
    default:
      return wholeResponse(act, it);
  }
}

type BodyKind = "length" | "chunked" | "close";

function bodyKind(act: Act, { temper, random }: Circumstances): BodyKind {
  if (act === "malformed-body") return "chunked";
  if (temper.minorVersion === 0) return random.pick(["length", "length", "close"]);
  // An early answer that closes is an act of its own.
  return random.weighted({ length: 5, chunked: 4, close: act === "early" ? 0 : 1 });
}

function wholeResponse(act: Act, it: Circumstances): Script {
  const { record, arrival, temper, random } = it;
  const isHead = record.facts.method === "HEAD";
  const statuses: readonly [number, ...number[]] =
    record.tunnel === undefined
      ? [200, 200, 200, 200, 201, 204, 304, 404, 500]
      : [200, 204, 302, 403, 403, 404, 404, 500];
  const picked = act === "malformed-body" ? 200 : random.pick(statuses);
  const isChallenge = record.facts.logsIn && picked === 404;
  const status = isChallenge ? 401 : picked;
  const hasBody = !isHead && status !== 204 && status !== 304;
  const kind = act === "malformed-body" && !hasBody ? "length" : bodyKind(act, it);
  const body = status === 204 || status === 304 ? "" : content(record.id, arrival.attempt, sizeFor(it));
  const says = persistence(act, kind, hasBody, it);
  const endField = `${record.id};"\xfc" ${arrival.attempt}`;

  const lines = [`X-Request-Id: ${record.id}`, `X-Attempt: ${arrival.attempt}`, `X-Origin-End: ${endField}`];
  if (isChallenge) lines.push("WWW-Authenticate: NTLM dHdv");
  if (random.chance(0.5)) lines.push("Date: Sun, 06 Nov 1994 08:49:37 GMT");
  if (status !== 204 && (hasBody || random.chance(0.5))) {
    if (kind === "length") lines.push(`Content-Length: ${isHead && random.chance(0.5) ? 12_345 : body.length}`);
    if (kind === "chunked") lines.push("Transfer-Encoding: chunked");
  }
  lines.push(...says.lines);
  if (random.chance(0.1)) lines.push("Proxy-Connection: keep-alive", "Upgrade: secret-of-the-origin");
  const head = `HTTP/1.${temper.minorVersion} ${status} ${reason(random, status)}\r\n${lines.join("\r\n")}\r\n\r\n`;

  // To a CONNECT of HTTP/2 a 2xx would be an agreement, which only 101 is here.
  const mayPass = record.tunnel === undefined || status >= 300;
  const whole: Meant = { status, body: hasBody ? body : "", mayPass, mayComplete: true, endField };
  const extra = act === "extra" && says.ending === "keep" ? strayText(random, temper) : "";
  if (!hasBody)
    return act === "cut" ? cut(head, "", kind, whole, it) : { text: head, meant: whole, ending: says.ending, extra };
  if (act === "malformed-body") {
    const chunks = `${chunkOf(body)}${random.pick(malformedChunks as [string, ...string[]])}`;
    const meant = { ...whole, body: `${body}hello`, mayComplete: false };
    return { text: head + chunks, meant, ending: random.pick(["silence", "close"]), extra: "" };
  }
  const bodyText = kind === "chunked" ? chunked(body, random) : body;
  if (act === "cut") return cut(head, bodyText, kind, whole, it);
  return { text: head + bodyText, meant: whole, ending: says.ending, extra };
}

function chunkOf(body: string): string {
  return body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
}

function sizeFor({ random, bodyBytesMax }: Circumstances): number {
  return bodySize(random, bodyBytesMax);
}

function reason(random: Random, status: number): string {
  return status === 200 ? random.pick(["OK", "", "Fine"]) : "Whatever";
}

/** What the response says about the connection, and what then happens to it. */
function persistence(
  act: Act,
  kind: BodyKind,
  hasBody: boolean,
  it: Circumstances,
): { lines: string[]; ending: Ending } {
  const { temper, random, requestsLeft } = it;
  const isCloseDelimited = kind === "close" && hasBody;
  const isLast = requestsLeft === 0;
  if (act === "early-close" || isCloseDelimited || isLast) {
    const announces = isCloseDelimited ? random.chance(0.5) : temper.announcesClose;
    return { lines: announces ? [closeLine(random)] : [], ending: "close" };
  }
  if (temper.minorVersion === 0) {
    if (!temper.keepsHttp10) return { lines: [], ending: "close" };
    return { lines: [`Connection: keep-alive`, ...hints(it)], ending: "keep" };
  }
  const lines = hints(it);
  if (lines.length > 0) return { lines: ["Connection: Keep-Alive", ...lines], ending: "keep" };
  if (random.chance(0.1))
    return { lines: ["Connection: X-Origin-Hop", "X-Origin-Hop: secret-of-the-origin"], ending: "keep" };
  // Terms without their token count for nothing, and are not for anybody else.
  if (random.chance(0.1)) return { lines: ["Keep-Alive: timeout=1, max=1, secret-of-the-origin"], ending: "keep" };
  return { lines: [], ending: "keep" };
}

function closeLine(random: Random): string {
  return random.pick(["Connection: close", "connection: Close", "Connection: x-a, close"]);
}

function hints({ temper, requestsLeft }: Circumstances): string[] {
  if (temper.hintTimeout_s === undefined) return [];
  const max = temper.hintsMax && requestsLeft !== undefined ? `, max=${requestsLeft}` : "";
  return [`Keep-Alive: timeout=${temper.hintTimeout_s}${max}, secret-of-the-origin`];
}

/** The response ends somewhere in its middle. */
function cut(head: string, bodyText: string, kind: BodyKind, whole: Meant, it: Circumstances): Script {
  const { random } = it;
  const text = head + bodyText;
  const isInHead = bodyText === "" || random.chance(0.3);
  const length = isInHead ? random.below(head.length) : random.between(head.length, text.length - 1);
  const ending = random.pick(["close", "reset"]) as Ending;
  let meant: Meant = { ...whole, mayComplete: false, mayPass: whole.mayPass && !isInHead };
  // The one truncation that nobody can see: the close itself is the end.
  if (kind === "close" && !isInHead && ending === "close") {
    meant = { ...meant, mayComplete: true, body: bodyText.slice(0, length - head.length) };
  }
  return { text: text.slice(0, length), meant, ending, extra: "" };
}
