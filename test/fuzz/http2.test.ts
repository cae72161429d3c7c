/**
 * Field lists and frames of HTTP/2 that are nearly right. Whatever comes, nothing throws and nothing hangs; and a request that is let
 * through is written as text that can be read in one way only, by a reader that shares nothing with ours, and says just what the list said.
 *
 * `npm run fuzz -- --http2 --inputs 200000` runs longer.
 */
import { Duplex } from "node:stream";
import { expect, it } from "vitest";
import { type FieldList, readFieldList, readTrailers } from "../../src/http2/field-list.ts";
import { FrameMeter } from "../../src/http2/frame-meter.ts";
import { requestText, type TextWriting } from "../../src/http2/request-text.ts";
import { canServeHttp2, serve } from "../../src/http2/session.ts";
import { requestFraming } from "../../src/wire/framing.ts";
import { defaultHeadLimits } from "../../src/wire/head-reader.ts";
import { RequestHead } from "../../src/wire/request-head.ts";
import { targetOf } from "../../src/wire/target.ts";
import { frame, PREFACE } from "../kit/http2-stage.ts";
import { fieldBlock } from "../kit/http2-wire.ts";
import { escaped, octets } from "./kit/octets.ts";
import { Random } from "./kit/random.ts";
import { http2Inputs, seed } from "./kit/settings.ts";

/** Of all inputs so many are frames, which take a session each. */
const FRAMES_SHARE = 1 / 10;
const FRAMES_AT_ONCE = 20;

const NAMES = [
  ...[":method", ":scheme", ":authority", ":path", ":protocol", ":status", ":x", "host", "cookie", "te", "x", "X"],
  ...[
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "trailer",
    "expect",
    "sec-websocket-key",
    "a:b",
    "",
  ],
];
const VALUES = [
  ...[
    "GET",
    "POST",
    "HEAD",
    "OPTIONS",
    "CONNECT",
    "http",
    "https",
    "a",
    "a:80",
    "a:443",
    "[::1]:80",
    "b",
    "me@a",
    "/",
    "/x?y",
  ],
  ...[
    "*",
    "websocket",
    "h2c",
    "trailers",
    "gzip",
    "0",
    "3",
    "3, 3",
    "+3",
    "chunked",
    "close",
    "te",
    "content-length",
    "",
  ],
];
const INSERTED = [
  ...["\r", "\n", "\r\n", "\0", " ", "\t", "\x7f", "\xff", "\u010a", ":", "/", "@", "#", "?", ",", "\x0b", "\x85"],
  ...[" HTTP/1.1\r\nx: y", "\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", "\r\ntransfer-encoding: chunked"],
];
const REQUESTS: readonly (readonly string[])[] = [
  [":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/"],
  [
    ":method",
    "POST",
    ":scheme",
    "http",
    ":authority",
    "a",
    ":path",
    "/x?y",
    "content-length",
    "3",
    "cookie",
    "a=1",
    "cookie",
    "b=2",
  ],
  [":method", "POST", ":scheme", "https", ":path", "/x", "host", "a", "te", "trailers", "trailer", "x"],
  [":method", "OPTIONS", ":scheme", "http", ":authority", "a", ":path", "*"],
  [":method", "CONNECT", ":authority", "a:443"],
  [
    ":method",
    "CONNECT",
    ":protocol",
    "websocket",
    ":scheme",
    "http",
    ":authority",
    "a",
    ":path",
    "/ws",
    "sec-websocket-version",
    "13",
  ],
];

function mutatedList(random: Random): string[] {
  const list = [...random.pick(REQUESTS)];
  for (let left = random.below(4); left > 0; left--) {
    const pair = 2 * random.below(list.length / 2 + 1);
    switch (random.below(6)) {
      case 0:
        list.splice(pair, 0, random.pick(NAMES), random.pick(VALUES));
        break;
      case 1:
        list.splice(pair, 2);
        break;
      case 2:
        if (pair < list.length) list[pair + 1] = random.pick(VALUES);
        break;
      case 3:
        if (pair < list.length) list.push(list[pair] as string, list[pair + 1] as string);
        break;
      default: {
        const at = random.below(list.length);
        const text = list[at] ?? "";
        const place = random.below(text.length + 1);
        if (list.length > 0) list[at] = text.slice(0, place) + random.pick(INSERTED) + text.slice(place);
      }
    }
  }
  return list;
}

const counts = new Map<string, number>();
const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);

/** @returns what is wrong with what became of it; nothing: undefined */
function judged(list: readonly string[], writing: TextWriting): string | undefined {
  const read = readFieldList(list);
  if ("malformed" in read) return void count("refused as field lists");
  const text = requestText(read, writing);
  if (text === undefined) return void count("not to be written");
  const head = new RequestHead(defaultHeadLimits);
  const end = head.read(octets(text), 0);
  if (head.refusal !== undefined || end !== text.length) return void count("refused as heads");
  if (typeof requestFraming(head) === "string" || typeof targetOf(head) === "string")
    return void count("refused as requests");
  count("let through");
  return whyAmbiguous(text, read, writing);
}

/** Reads with nothing of ours. */
function whyAmbiguous(text: string, list: FieldList, writing: TextWriting): string | undefined {
  if (!text.endsWith("\r\n\r\n")) return "it does not end with an empty line";
  const [startLine = "", ...lines] = text.slice(0, -4).split("\r\n");
  if (/[\0\r\n]/.test([startLine, ...lines].join(""))) return "a line holds what ends one for some readers";
  const start = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP\/1\.1$/.exec(startLine);
  if (start === null) return "the request-line is not one";
  const isTunnel = list.method === "CONNECT" && list.protocol === undefined;
  const upgrades = list.protocol !== undefined;
  if (start[1] !== (upgrades ? "GET" : list.method)) return "it has another method";
  if (!(isTunnel ? start[2] === list.authority : start[2]?.endsWith(list.path) === true))
    return "it has another target";
  const got = lines.map((line) => /^([!#$%&'*+.^_`|~0-9a-z-]+): ([^\0\r\n]*)$/.exec(line)?.slice(1));
  if (got.includes(undefined)) return "a field line is not one";
  const of = (name: string) => got.flatMap((it) => (it?.[0] === name ? [it[1] as string] : []));
  const said = (name: string) => list.fields.filter((_, at) => at % 2 === 1 && list.fields[at - 1] === name);
  const host = list.authority === "" ? said("host")[0] : list.authority;
  if (of("host").length !== 1 || of("host")[0] !== host) return "it names another host";
  const lengths = of("content-length");
  const codings = of("transfer-encoding");
  if (lengths.length + codings.length > 1) return "it is framed twice";
  const mayBeChunked = writing.hasBody && !upgrades && !isTunnel && lengths.length === 0;
  if ((codings[0] === "chunked") !== mayBeChunked) return "it is framed otherwise than it comes";
  const options = [...(said("te").length > 0 ? ["te"] : []), ...(upgrades ? ["upgrade"] : [])];
  if (of("connection").join() !== options.join()) return "it nominates something else";
  const ours = new Set(["host", "cookie", "connection", "transfer-encoding", "upgrade", "sec-websocket-key"]);
  const others = got.filter((it) => !ours.has(it?.[0] ?? "")).map((it) => it?.join(": "));
  const sent = list.fields.flatMap((name, at) =>
    at % 2 === 0 && !ours.has(name) ? [`${name}: ${list.fields[at + 1]}`] : [],
  );
  // That there is no content is said where some is usual.
  const mustSayNone =
    ["POST", "PUT", "PATCH"].includes(list.method) && !writing.hasBody && said("content-length").length === 0;
  if (mustSayNone) sent.push("content-length: 0");
  if (others.join("\n") !== sent.join("\n")) return "its fields are others";
  return of("cookie").join() === said("cookie").join("; ") ? undefined : "its cookies are others";
}

function writingFor(random: Random): TextWriting {
  return {
    isSecure: random.chance(0.5),
    namesOrigin: random.chance(0.2),
    hasBody: random.chance(0.5),
    webSocketKey: "dGhlIHNhbXBsZSBub25jZQ==",
  };
}

/** The shortest input of each kind of finding. */
class Findings {
  private readonly found = new Map<string, string>();

  add(what: string, input: string): void {
    const before = this.found.get(what);
    if (before === undefined || input.length < before.length) this.found.set(what, input);
  }

  check(): void {
    expect([...this.found].map(([what, input]) => `${what}: ${input}`).join("\n")).toBe("");
  }
}

const listInputs = Math.round(http2Inputs * (1 - FRAMES_SHARE));
const frameInputs = http2Inputs - listInputs;

it(`${listInputs} field lists: what is let through can be read in one way`, () => {
  const findings = new Findings();
  for (let number = 0; number < listInputs; number++) {
    const random = Random.forInput(seed, number);
    const list = mutatedList(random);
    const input = () => `input ${number}, ${list.map(escaped).join(" ")}`;
    try {
      const wrong = judged(list, writingFor(random));
      if (wrong !== undefined) findings.add(wrong, input());
      readTrailers(list);
    } catch (error) {
      findings.add(String(error), input());
    }
  }
  findings.check();
  expect(counts.get("let through")).toBeGreaterThan(listInputs / 50);
});

/** A connection that is only bytes. */
class Wire extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

function mutatedFrames(random: Random): Buffer {
  const pieces: Buffer[] = [];
  for (let left = 1 + random.below(8), newest = -1; left > 0; left--) {
    const type = random.chance(0.8) ? random.below(2) : random.below(12);
    if (type === 1 && random.chance(0.8)) newest += 2;
    const stream = random.chance(0.9) ? Math.max(1, newest) : random.below(5);
    const content = type === 1 || random.chance(0.1) ? fieldBlock(mutatedList(random).map(inBytes)) : bytesFrom(random);
    pieces.push(frame(type, random.chance(0.8) ? random.pick([4, 5]) : random.below(256), stream, content));
  }
  const all = Buffer.concat(pieces);
  for (let left = random.chance(0.5) ? 0 : random.below(4); left > 0; left--)
    all[random.below(all.length)] = random.below(256);
  return Buffer.concat([PREFACE, frame(4, 0, 0), random.chance(0.9) ? all : all.subarray(0, random.below(all.length))]);
}

const inBytes = (text: string) => Buffer.from(text, "latin1").toString("latin1");

function bytesFrom(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.pick([0, 1, 4, 5, 6, 8, 20]) }, () => random.below(256)));
}

/** Feeds bytes to a session of the runtime's, cut at random; what it lets through is judged like any list. */
async function feed(bytes: Buffer, random: Random, findings: Findings, input: string): Promise<void> {
  const wire = new Wire();
  const closed = new Promise((resolve) => wire.once("close", resolve));
  wire.on("error", () => {});
  const session = serve(wire, defaultHeadLimits, {
    onStream(stream, fields) {
      count("streams");
      stream.on("error", () => {});
      stream.resume();
      const wrong = judged(fields, { ...writingFor(random), hasBody: !stream.endAfterHeaders });
      if (wrong !== undefined) findings.add(wrong, input);
      if (!stream.destroyed && !stream.closed && random.chance(0.5))
        stream.respond({ ":status": 204 }, { endStream: true });
    },
    onSessionError: () => count("sessions that ended with an error"),
  });
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.below(bytes.length));
    wire.push(bytes.subarray(at, end));
    at = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
  wire.push(null);
  session.destroy();
  wire.destroy();
  await closed;
}

/** What frames cost does not depend on how they were cut. */
function whyMeteredOtherwise(bytes: Buffer, random: Random): string | undefined {
  const whole = new FrameMeter(PREFACE.length).read(octets(bytes.toString("latin1")), 0);
  const meter = new FrameMeter(PREFACE.length);
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.below(20));
    const flood = meter.read(octets(bytes.subarray(at, end).toString("latin1")), 0);
    if (flood !== undefined) return flood === whole ? undefined : "a flood depends on how it is cut";
    at = end;
  }
  return whole === undefined ? undefined : "a flood depends on how it is cut";
}

it.skipIf(!canServeHttp2)(
  `${frameInputs} sequences of frames: nothing throws or hangs, and so are their field lists`,
  async () => {
    const findings = new Findings();
    for (let begin = 0; begin < frameInputs; begin += FRAMES_AT_ONCE) {
      const numbers = Array.from({ length: Math.min(FRAMES_AT_ONCE, frameInputs - begin) }, (_, i) => begin + i);
      await Promise.all(
        numbers.map(async (number) => {
          const random = Random.forInput(seed + 1, number);
          const bytes = mutatedFrames(random);
          const input = `frames ${number}, ${bytes.subarray(PREFACE.length).toString("hex")}`;
          try {
            const wrong = whyMeteredOtherwise(bytes, random);
            if (wrong !== undefined) findings.add(wrong, input);
            await feed(bytes, random, findings, input);
          } catch (error) {
            findings.add(String(error), input);
          }
        }),
      );
    }
    findings.check();
    expect(counts.get("streams")).toBeGreaterThan(frameInputs / 50);
    console.log([...counts].map(([what, times]) => `  ${what}: ${times}`).join("\n"));
  },
);
