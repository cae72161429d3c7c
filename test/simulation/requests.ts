/**
 * Makes requests that clients send: valid ones of every kind that differ in everything that a proxy must keep or cut.
 *
 * Deliberately absent: invalid ones, see smuggling.ts.
 */

import type { Random } from "../../src/net/simulated/random.ts";
import { content } from "./content.ts";
import { type RequestFacts, RequestRecord } from "./record.ts";
import { closedPath } from "./routes.ts";
import { TUNNEL_PROTOCOL } from "./tunnel-end.ts";

export interface RequestWishes {
  readonly minorVersion: 0 | 1;
  /** HTTP/1.0: asks for keep-alive. HTTP/1.1: says it needlessly, some of the time. */
  readonly saysKeepAlive: boolean;
  readonly saysClose: boolean;
  readonly bodyBytesMax: number;
  readonly wantsTunnel?: boolean;
  /** Has credentials that authenticate the connection, not the request. */
  readonly logsIn?: boolean;
  /** What a request to a forward proxy may be for; to a gateway: undefined. */
  readonly hosts?: readonly string[] | undefined;
  /** The gateway has routes (routes.ts). Default: false. */
  readonly isRouted?: boolean;
}

const SIZES = [0, 0, 1, 17, 300, 300, 5_000, 70_000, 300_000];

/** Hop-by-hop fields that a client may send along; none of them may reach an origin. */
const hopFields: readonly [string, string][] = [
  ["Keep-Alive", "timeout=999, max=999"],
  ["Proxy-Connection", "keep-alive"],
  ["TE", "gzip"],
  ["Upgrade", "nothing/1"],
];

/** Fields that a client may send for others to believe; an untrusted one's do not go on. */
export const forgedFields: readonly [string, string][] = [
  ["X-Forwarded-For", "10.9.8.7"],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "elsewhere.example"],
  ["Forwarded", "for=10.9.8.7"],
];

/** What a gateway's clients may call it. */
export const gatewayHosts = ["one.example", "two.example:8080", "[2001:db8::1]:80"];

export function bodySize(random: Random, max: number): number {
  return Math.min(max, random.pick(SIZES) ?? 0);
}

export function makeRequest(id: string, random: Random, wishes: RequestWishes): RequestRecord {
  const { minorVersion, wantsTunnel = false, logsIn = false, hosts = gatewayHosts } = wishes;
  const method = wantsTunnel ? "GET" : random.weighted({ GET: 8, HEAD: 2, POST: 5, PUT: 3, DELETE: 1, OPTIONS: 1 });
  const carriesBody = method === "POST" || method === "PUT" || (method === "DELETE" && random.chance(0.3));
  const framing = !carriesBody ? "none" : minorVersion === 1 && random.chance(0.5) ? "chunked" : "length";
  const body = framing === "none" ? "" : content(id, 0, bodySize(random, wishes.bodyBytesMax));
  const expectsContinue = body !== "" && minorVersion === 1 && random.chance(0.25);
  const takesTrailers = minorVersion === 1 && !wantsTunnel && random.chance(0.1);
  const host = random.pick(hosts as readonly [string, ...string[]]);
  const ending = random.pick(["", "?a=b&c=%20", "/../x?"]);
  const closed = wishes.isRouted === true && framing === "none" && !wantsTunnel ? closedPath(id) : undefined;
  const path = closed ?? `/r/${id}${wishes.isRouted === true ? ending.replace(/^\/.*/, "") : ending}`;
  const isAbsolute = (minorVersion === 1 && random.chance(0.1)) || wishes.hosts !== undefined;

  const endFields: [string, string][] = [[random.pick(["X-End", "x-end", "X-END"]), `${id};q="a,b" \xe4`]];
  if (random.chance(0.2)) endFields.push(["Cookie", "a=b; c=d"], ["X-Empty", ""], ["X-End", "again"]);
  if (logsIn) endFields.push(["Authorization", "NTLM TlRMTVNTUAABAAAA"]);
  const lines: [string, string][] = [["Host", host], ...endFields];
  if (!wantsTunnel && random.chance(0.2)) lines.push(random.pick(hopFields) as [string, string]);
  if (random.chance(0.1)) {
    const forged = random.pick(forgedFields) as [string, string];
    lines.push(forged);
    // A forward proxy has no business with them.
    if (wishes.hosts !== undefined) endFields.push(forged);
  }
  const options: string[] = [];
  if (wishes.saysClose) options.push("close");
  if (wishes.saysKeepAlive) options.push(random.pick(["keep-alive", "Keep-Alive"]));
  if (wantsTunnel) {
    options.push("Upgrade");
    lines.push(["Upgrade", TUNNEL_PROTOCOL]);
  }
  if (takesTrailers) {
    options.push("TE");
    lines.push(["TE", "trailers"]);
  }
  if (random.chance(0.15)) {
    options.push("X-Hop", "Content-Length", "Host");
    lines.push(["X-Hop", "this hop only"]);
  }
  if (options.length > 0) lines.push(["Connection", options.join(random.pick([", ", ",", " ,, "]))]);
  if (framing === "length") lines.push(["Content-Length", String(body.length)]);
  if (framing === "chunked") lines.push(["Transfer-Encoding", random.pick(["chunked", "Chunked"])]);
  if (expectsContinue) lines.push(["Expect", "100-continue"]);

  const target = isAbsolute ? `http://${host}${path}` : path;
  const facts: RequestFacts = {
    id,
    method,
    minorVersion,
    path,
    host,
    framing,
    body,
    headText: headText(`${method} ${target} HTTP/1.${minorVersion}`, lines, random),
    bodyText: framing === "chunked" ? chunked(body, random) : body,
    expectsContinue,
    saysClose: wishes.saysClose,
    saysKeepAlive: wishes.saysKeepAlive,
    endFields,
    takesTrailers,
    logsIn,
    wantsTunnel,
    mustNotComplete: false,
    isClosed: closed !== undefined,
  };
  return new RequestRecord(facts);
}

function headText(startLine: string, fields: readonly [string, string][], random: Random): string {
  const space = random.pick([" ", " ", "", "\t "]);
  const emptyLine = random.chance(0.03) ? "\r\n" : "";
  return `${emptyLine}${startLine}\r\n${fields.map(([name, value]) => `${name}:${space}${value}\r\n`).join("")}\r\n`;
}

/** `body` in chunks of odd sizes, with extensions and trailers now and then. */
export function chunked(body: string, random: Random): string {
  let text = "";
  for (const piece of random.cut(body, random.pick([3, 100, 10_000]))) {
    const hex = piece.length.toString(16);
    const size = random.pick([hex, hex, hex.toUpperCase(), `00${hex}`]);
    const extension = random.chance(0.1) ? random.pick([";a", ";a=b;c", ';a="x;y"', " ;a=b"]) : "";
    text += `${size}${extension}\r\n${piece}\r\n`;
  }
  const trailers = random.chance(0.15) ? random.pick(trailerSections) : "";
  return `${text}0\r\n${trailers}\r\n`;
}

/** What stands in trailers: only `X-Sum` may go on. */
const trailerSections: [string, ...string[]] = [
  "X-Sum: 1\r\n",
  "X-Sum: 1\r\nContent-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\nHost: evil\r\nX-Sum: 2\r\n",
  "Connection: close\r\n",
];
