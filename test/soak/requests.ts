/** Requests of the soak: made from a plan, and their responses checked to the last octet. */
import type { Random } from "../interop/support/random.ts";
import { contentOf } from "./content.ts";
import { type Framing, type OriginFault, type Plan, targetOf } from "./plan.ts";
import type { Lost, Response } from "./wire.ts";

export interface Request {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly plan: Plan;
  readonly minorVersion: 0 | 1;
  readonly keepsAlive: boolean;
  readonly head: string;
  /** The body as it goes on the wire. */
  readonly body: string;
}

export interface Wish {
  readonly method?: Request["method"];
  readonly minorVersion?: 0 | 1;
  readonly keepsAlive?: boolean;
  readonly fault?: OriginFault;
  readonly bytes?: number;
  readonly bodyBytes?: number;
  readonly framing?: Framing;
  readonly fields?: readonly string[];
}

/** Faults as often as this: most requests are ordinary. */
const faultShares: readonly (readonly [OriginFault, number])[] = [
  ["reset-before", 0.01],
  ["fin-before", 0.01],
  ["reset-head", 0.006],
  ["fin-head", 0.006],
  ["reset-body", 0.01],
  ["fin-body", 0.01],
  ["stall-before", 0.002],
  ["stall-body", 0.002],
  ["close-after", 0.01],
  ["extra-octets", 0.01],
  ["dribble", 0.03],
];
/** Mostly framings that let connections live. */
const FRAMINGS: readonly Framing[] = ["length", "length", "length", "length", "chunked", "chunked", "chunked", "close"];
const METHODS = ["GET", "GET", "GET", "POST", "POST", "PUT", "HEAD"] as const;

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random.next() * items.length)] as Item;
}

function pickFault(random: Random): OriginFault {
  let at = random.next();
  for (const [fault, share] of faultShares) {
    if (at < share) return fault;
    at -= share;
  }
  return "none";
}

/** Mostly small, sometimes large. */
function pickBytes(random: Random): number {
  return Math.floor(random.next() < 0.9 ? random.between(0, 6_000) : random.between(6_000, 300_000));
}

export function makeRequest(id: string, random: Random, wish: Wish = {}): Request {
  const method = wish.method ?? pick(random, METHODS);
  const minorVersion = wish.minorVersion ?? 1;
  const keepsAlive = wish.keepsAlive ?? true;
  const hasBody = method === "POST" || method === "PUT";
  let fault = wish.fault ?? pickFault(random);
  let framing = wish.framing ?? pick(random, FRAMINGS);
  // A body that only a close could end cannot be seen to have been cut by one.
  // And what comes before the close belongs to it.
  if ((fault === "fin-body" || fault === "extra-octets") && framing === "close") framing = "length";
  if (fault === "early" && !hasBody) fault = "none";
  // A response without a body has no middle of it.
  const needsBody = fault.endsWith("-body") || fault === "dribble";
  if (method === "HEAD" && (needsBody || framing !== "length")) {
    framing = "length";
    if (needsBody) fault = "none";
  }
  const bytes = Math.max(needsBody ? 100 : 0, wish.bytes ?? pickBytes(random));
  const plan: Plan = { id, framing, bytes, fault };
  const content = hasBody ? contentOf(`request ${id}`, wish.bodyBytes ?? pickBytes(random)) : "";
  const isChunked = hasBody && minorVersion === 1 && random.next() < 0.5;
  const lines = [`${method} ${targetOf(plan)} HTTP/1.${minorVersion}`, "Host: soak", ...(wish.fields ?? [])];
  if (isChunked) lines.push("Transfer-Encoding: chunked");
  else if (hasBody) lines.push(`Content-Length: ${content.length}`);
  if (minorVersion === 0 && keepsAlive) lines.push("Connection: keep-alive");
  if (minorVersion === 1 && !keepsAlive) lines.push("Connection: close");
  const middle = Math.floor(content.length / 2);
  const pieces = [content.slice(0, middle), content.slice(middle)].filter((piece) => piece !== "");
  const body = isChunked
    ? `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("")}0\r\n\r\n`
    : content;
  return { method, plan, minorVersion, keepsAlive, head: `${lines.join("\r\n")}\r\n\r\n`, body };
}

/** What the client saw: a whole response that is right, a named failure, or something that must never be. */
export type Verdict =
  | { readonly kind: "whole" }
  | { readonly kind: "failed"; readonly seen: string }
  | { readonly kind: "wrong"; readonly what: string };

export function judge({ method, plan }: Request, outcome: Response | Lost): Verdict {
  if (typeof outcome === "string") return { kind: "failed", seen: outcome };
  const { status, fields, body } = outcome;
  if (status !== 200) {
    const reason = /details="([a-z0-9-]+)"/.exec(fields.get("proxy-status") ?? "")?.[1];
    return reason === undefined
      ? { kind: "wrong", what: `a status ${status} without a reason` }
      : { kind: "failed", seen: `${status} ${reason}` };
  }
  if (fields.get("x-id") !== plan.id) {
    return { kind: "wrong", what: `the response to ${fields.get("x-id")} instead of ${plan.id}` };
  }
  if (fields.get("x-verdict") === "differs") return { kind: "wrong", what: "the origin got another body" };
  if (fields.has("keep-alive") && !fields.has("connection")) return { kind: "wrong", what: "a leaked Keep-Alive" };
  const wanted = method === "HEAD" ? "" : contentOf(`response ${plan.id}`, plan.bytes);
  if (body !== wanted) {
    return { kind: "wrong", what: `${body.length} octets that are not the ${wanted.length} of the response` };
  }
  return { kind: "whole" };
}
