/**
 * What the proxy says on one stream of HTTP/2, frame by frame, in words; and the few bytes that a client needs to ask.
 *
 * Deliberately absent: HPACK. A head's block is looked at for its status, which comes first, and no further.
 */
import { frame, GET as GET_BLOCK, PREFACE } from "../kit/http2-stage.ts";
import { WireError } from "../kit/peer.ts";

const HEAD_BYTES = 9;
const END_STREAM = 1;
const types = {
  0: "DATA",
  1: "HEADERS",
  3: "RST_STREAM",
  4: "SETTINGS",
  6: "PING",
  7: "GOAWAY",
  8: "WINDOW_UPDATE",
} as const;
/** Those of RFC 9113 section 7 that are said here. */
const codes: Readonly<Record<number, string>> = {
  0: "NO_ERROR",
  1: "PROTOCOL_ERROR",
  2: "INTERNAL_ERROR",
  7: "REFUSED_STREAM",
  8: "CANCEL",
};
/** Whole statuses of HPACK's static table (RFC 7541 appendix A). */
const indexed: Readonly<Record<number, string>> = { 136: "200", 137: "204", 140: "400", 141: "404", 142: "500" };
const STATUS_LITERAL = 0x48;
/** Digits up to 2 have five bits in Huffman's code, the others six (RFC 7541 appendix B). */
const SHORT_DIGITS = 3;
const FIRST_LONG_DIGIT = 0b011001;

/** The first words of a client, and its request on that stream */
export function asking(stream: number, block: Uint8Array = GET_BLOCK): string {
  const ask = frame(1, END_STREAM | 4, stream, block);
  return (stream === 1 ? Buffer.concat([PREFACE, frame(4, 0, 0), ask]) : ask).toString("latin1");
}

/** A request with the head's block that follows and no end. */
export function asking1WithBody(block: Uint8Array, body: string): string {
  return Buffer.concat([PREFACE, frame(4, 0, 0), frame(1, 4, 1, block), frame(0, 0, 1, Buffer.from(body))]).toString(
    "latin1",
  );
}

/** POST of the same. */
export const POST_BLOCK = Buffer.concat([Buffer.from([0x83]), GET_BLOCK.subarray(1)]);

/** Frames of `stream` in the bytes that have come, in words, and whether the last of them ends it. */
export function framesOf(
  bytes: Buffer,
  stream: number,
): { readonly told: readonly string[]; readonly hasEnded: boolean } {
  const told: string[] = [];
  let hasEnded = false;
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type, flags] = [bytes[at + 3] as number, bytes[at + 4] as number];
    if (bytes.readUInt32BE(at + 5) === stream) {
      if (hasEnded && type !== 3) throw new WireError(`stream ${stream} goes on behind its end`);
      const isLast = (type === 0 || type === 1) && (flags & END_STREAM) !== 0;
      hasEnded ||= isLast || type === 3;
      told.push(`${inWords(type, bytes.subarray(at + HEAD_BYTES, end))}${isLast ? " END_STREAM" : ""}`);
    }
    at = end;
  }
  return { told, hasEnded };
}

function inWords(type: number, content: Buffer): string {
  const name = types[type as keyof typeof types] ?? `frame ${type}`;
  if (name === "HEADERS") return `HEADERS ${statusOf(content)}`;
  if (name === "DATA")
    return content.length > 40 ? "DATA" : content.length === 0 ? "DATA, empty" : `DATA ${content.toString("latin1")}`;
  if (name === "RST_STREAM") return `RST_STREAM ${codes[content.readUInt32BE(0)] ?? content.readUInt32BE(0)}`;
  return name;
}

function statusOf(block: Buffer): string {
  const [first = 0, length = 0] = block;
  const whole = indexed[first];
  if (whole !== undefined) return whole;
  if (first === STATUS_LITERAL && length < 0x80) return block.toString("latin1", 2, 2 + length);
  if (first !== STATUS_LITERAL) throw new WireError(`a head begins with ${block.subarray(0, 8).toString("hex")}`);
  const bits = [...block.subarray(2, 2 + (length & 0x7f))].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let digits = "";
  for (let at = 0; digits.length < 3; ) {
    const short = Number.parseInt(bits.slice(at, at + 5), 2);
    digits +=
      short < SHORT_DIGITS ? short : Number.parseInt(bits.slice(at, at + 6), 2) - FIRST_LONG_DIGIT + SHORT_DIGITS;
    at += short < SHORT_DIGITS ? 5 : 6;
  }
  return digits;
}
