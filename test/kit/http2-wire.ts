/**
 * HTTP/2 as bytes, written and read by hand: frames (RFC 9113 section 4), and field lists in the plainest form that HPACK has
 * (RFC 7541 section 6.2.2), so that a test can say what no library would.
 *
 * Text stands for bytes as latin1. Deliberately absent: reading field lists, of which the status is enough.
 */
import { frame, PREFACE } from "./http2-stage.ts";

export const types = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
export const flags = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
const FRAME_HEAD_BYTES = 9;

/** What every client says first. */
export const GREETING = Buffer.concat([PREFACE, frame(types.settings, 0, 0)]);

/** Names and values in turn, each literal, none to be remembered. */
export function fieldBlock(fields: readonly string[]): Buffer {
  const parts = fields.flatMap((text, at) => (at % 2 === 0 ? [Buffer.of(0), literal(text)] : [literal(text)]));
  return Buffer.concat(parts);
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([Buffer.from(integer(bytes.length)), bytes]);
}

/** With a prefix of seven bits (RFC 7541 section 5.1). */
function integer(value: number): number[] {
  if (value < 127) return [value];
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly content: Buffer;
}

/** The frames that are there as a whole. */
export function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + FRAME_HEAD_BYTES <= bytes.length; ) {
    const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes[at + 3] as number,
      flags: bytes[at + 4] as number,
      stream: bytes.readUInt32BE(at + 5),
      content: bytes.subarray(at + FRAME_HEAD_BYTES, end),
    });
    at = end;
  }
  return frames;
}

/** What has come on one stream. */
export interface Heard {
  /** Final; none yet: undefined. */
  readonly status: number | undefined;
  readonly interim: readonly number[];
  readonly body: string;
  readonly hasEnded: boolean;
  /** The code of RST_STREAM; none: undefined. */
  readonly reset: number | undefined;
  /** A GOAWAY says that the connection ends for something that was wrong. */
  readonly isOver: boolean;
}

export function heardOn(stream: number, frames: readonly Frame[]): Heard {
  const own = frames.filter((it) => it.stream === stream);
  // Trailers have no status.
  const statuses = own.flatMap(({ type, content }) => (type === types.headers ? (statusIn(content) ?? []) : []));
  const data = own.filter(({ type }) => type === types.data).map(({ content }) => content);
  const reset = own.find(({ type }) => type === types.reset);
  return {
    status: statuses.find((status) => status >= 200),
    interim: statuses.filter((status) => status < 200),
    body: Buffer.concat(data).toString("latin1"),
    hasEnded: own.some(
      (it) => (it.type === types.data || it.type === types.headers) && (it.flags & flags.endStream) !== 0,
    ),
    reset: reset?.content.readUInt32BE(0),
    isOver: frames.some(({ type, content }) => type === types.goaway && content.readUInt32BE(4) !== 0),
  };
}

/** Of `:status` in the static table (RFC 7541 appendix A), from 8 on. */
const STATUSES = [200, 204, 206, 304, 400, 404, 500];
const STATUS_FIRST = 8;

/** The status that a response begins with; it is none: undefined. */
function statusIn(block: Buffer): number | undefined {
  let at = 0;
  // Changes of the table's size may stand in front.
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++;
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) return STATUSES[(first & 0x7f) - STATUS_FIRST];
  const index = (first & 0x40) === 0 ? first & 0x0f : first & 0x3f;
  if (index < STATUS_FIRST || index >= STATUS_FIRST + STATUSES.length) return undefined;
  const length = block[at + 1] ?? 0;
  const text = block.subarray(at + 2, at + 2 + (length & 0x7f));
  return Number((length & 0x80) === 0 ? text.toString("latin1") : digitsIn(text));
}

/** In the Huffman code of RFC 7541 appendix B: 0 to 2 have five bits, 3 to 9 six. */
function digitsIn(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let text = "";
  for (let at = 0; text.length < 3 && at < bits.length; ) {
    const short = Number.parseInt(bits.slice(at, at + 5), 2);
    const isShort = short <= 2;
    text += isShort ? short : Number.parseInt(bits.slice(at, at + 6), 2) - 0x19 + 3;
    at += isShort ? 5 : 6;
  }
  return text;
}
