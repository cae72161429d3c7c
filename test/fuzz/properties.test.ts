/**
 * What holds for every message, not only for those that somebody thought of.
 *
 * The seed is fixed, so that a run says the same every time; `TESTS_FUZZ_SEED` chooses another.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyReader } from "../../src/wire/body-reader.ts";
import { lastChunk } from "../../src/wire/chunk-writer.ts";
import { Kind } from "../../src/wire/fields.ts";
import { defaultHeadLimits } from "../../src/wire/head-reader.ts";
import { fieldLines, kindSet } from "../../src/wire/head-writer.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { RequestHead } from "../../src/wire/request-head.ts";
import { ResponseHead } from "../../src/wire/response-head.ts";
import { dictionary, requestCorpus, responseCorpus } from "./kit/corpus.ts";
import { cutAt, octetByOctet, octets } from "./kit/octets.ts";
import { bodyOutcome, feedHead, kindOfName, pairsOf, type StreamOptions, streamOutcome } from "./kit/reading.ts";
import { faultOfRequest, rewrittenRequest } from "./kit/rewriting.ts";
import { runs, seed } from "./kit/settings.ts";

const given = { seed, numRuns: runs };

// What messages are made of.

const tokenCharacters = [..."!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"];
const token = (maxLength: number) =>
  fc.array(fc.constantFrom(...tokenCharacters), { minLength: 1, maxLength }).map((characters) => characters.join(""));

/** Visible characters, obs-text, and white space within. */
const value = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0x21, max: 0x7e }) },
      { weight: 1, arbitrary: fc.constantFrom(0x20, 0x09, 0x2c) },
      { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0xff }) },
    ),
    { maxLength: 40 },
  )
  .map((codes) => String.fromCharCode(...codes).replace(/^[ \t]+|[ \t]+$/g, ""));

const whiteSpace = fc.constantFrom("", " ", "\t", "  ", " \t ");

const target = fc
  .array(fc.constantFrom(..."abz09-._~!$&'()*+,;=:@%/?[]|{}\\^`\"<>"), { maxLength: 30 })
  .map((characters) => `/${characters.join("")}`);

interface Line {
  readonly name: string;
  readonly value: string;
  readonly before: string;
  readonly after: string;
}

const line: fc.Arbitrary<Line> = fc.record({ name: token(20), value, before: whiteSpace, after: whiteSpace });
const lineText = ({ name, value: text, before, after }: Line) => `${name}:${before}${text}${after}\r\n`;
const pairOf = ({ name, value: text }: Line) => [name, text];

/** Where octets are cut into pieces. */
const cuts = fc.array(fc.nat({ max: 4_000 }), { maxLength: 8 }).map((positions) => positions.toSorted((a, b) => a - b));

/** Feeds each piece through one buffer that is overwritten afterwards: what is not copied is lost. */
function* throughOneBuffer(pieces: readonly Octets[]): Generator<Octets> {
  const buffer = Buffer.alloc(Math.max(1, ...pieces.map(({ length }) => length)));
  for (const piece of pieces) {
    buffer.set(piece);
    yield buffer.subarray(0, piece.length) as unknown as Octets;
    buffer.fill(0x58);
  }
}

describe("heads", () => {
  it("what was written is what is read: names, values, order", () => {
    fc.assert(
      fc.property(
        token(64),
        target,
        fc.constantFrom(0, 1),
        fc.array(line, { maxLength: 20 }),
        cuts,
        (method, path, minor, lines, at) => {
          const text = `${method} ${path} HTTP/1.${minor}\r\n${lines.map(lineText).join("")}\r\n`;
          const head = new RequestHead(defaultHeadLimits);
          expect(feedHead(head, cutAt(octets(`${text}rest`), at))).toBe(text.length);
          expect([head.method, head.target, head.minorVersion]).toStrictEqual([method, path, minor]);
          expect(pairsOf(head.fields)).toStrictEqual(lines.map(pairOf));
          expect(head.text).toBe(text);
        },
      ),
      given,
    );
  });

  it("responses, too", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 999 }),
        value,
        fc.array(line, { maxLength: 20 }),
        cuts,
        (status, reason, lines, at) => {
          const text = `HTTP/1.1 ${status} ${reason}\r\n${lines.map(lineText).join("")}\r\n`;
          const head = new ResponseHead(defaultHeadLimits);
          expect(feedHead(head, cutAt(octets(text), at))).toBe(text.length);
          expect([head.status, head.reasonPhrase]).toStrictEqual([status, reason]);
          expect(pairsOf(head.fields)).toStrictEqual(lines.map(pairOf));
        },
      ),
      given,
    );
  });

  it("every field is found by its name in lower case, and its kind is that of the name", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
        const head = new ResponseHead(defaultHeadLimits);
        head.read(octets(`HTTP/1.1 200 OK\r\n${lines.map(lineText).join("")}\r\n`), 0);
        for (const [index, { name }] of lines.entries()) {
          const values = lines
            .filter((other) => other.name.toLowerCase() === name.toLowerCase())
            .map((other) => other.value);
          expect(head.fields.get(name.toLowerCase())).toBe(values.join(", "));
          expect(head.fields.kind(index)).toBe(kindOfName(name));
        }
      }),
      given,
    );
  });
});

describe("any octets, in any pieces, through a buffer that is reused: the same outcome and no exception", () => {
  const soup = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes)),
    fc.array(fc.constantFrom(...dictionary), { maxLength: 30 }).map((words) => words.join("")),
    fc
      .tuple(fc.constantFrom(...requestCorpus, ...responseCorpus), fc.nat(), fc.constantFrom(...dictionary))
      .map(([message, position, word]) => {
        const at = position % (message.length + 1);
        return message.slice(0, at) + word + message.slice(at);
      }),
  );

  const ways: { readonly name: string; readonly options: StreamOptions }[] = [
    { name: "read as requests", options: {} },
    { name: "read as responses to GET", options: { answers: "GET" } },
    { name: "read as responses to HEAD", options: { answers: "HEAD" } },
    { name: "read with tight limits", options: { limits: { headBytesMax: 100, fieldsMax: 3 } } },
  ];

  for (const { name, options } of ways) {
    it(name, () => {
      fc.assert(
        fc.property(soup, cuts, (text, at) => {
          const all = octets(text);
          const whole = streamOutcome([all], options);
          expect(streamOutcome([...cutAt(all, at)], options)).toStrictEqual(whole);
          expect(streamOutcome(octetByOctet(all), options)).toStrictEqual(whole);
          expect(outcomeThroughOneBuffer(cutAt(all, at), options)).toStrictEqual(whole);
        }),
        given,
      );
    });
  }

  it("read as a chunked body", () => {
    fc.assert(
      fc.property(soup, cuts, (text, at) => {
        const all = octets(text);
        const read = (pieces: Octets[]) =>
          bodyOutcome(new BodyReader({ kind: "chunked", length: -1 }, defaultHeadLimits), pieces);
        expect(read(cutAt(all, at))).toStrictEqual(read([all]));
        expect(read(octetByOctet(all))).toStrictEqual(read([all]));
      }),
      given,
    );
  });

  function outcomeThroughOneBuffer(pieces: readonly Octets[], options: StreamOptions) {
    // The generator overwrites a piece only when the next one is asked for, just as a socket does.
    return streamOutcome(throughOneBuffer(pieces) as unknown as readonly Octets[], options);
  }
});

describe("chunked bodies", () => {
  const extension = fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: token(10).map((name) => `;${name}`) },
    { weight: 1, arbitrary: fc.tuple(token(10), token(10)).map(([name, text]) => ` ; ${name} = ${text}`) },
    { weight: 1, arbitrary: token(10).map((name) => `;${name}="a \\" ; b"`) },
  );
  const size = (length: number, zeros: number, isUpper: boolean) => {
    const digits = "0".repeat(zeros) + length.toString(16);
    return isUpper ? digits.toUpperCase() : digits;
  };

  it("what was encoded is what is decoded, however it is chunked", () => {
    const chunk = fc.record({
      data: fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes)),
      extension,
      zeros: fc.nat({ max: 6 }),
      isUpper: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 12 }),
        fc.array(line, { maxLength: 4 }),
        extension,
        cuts,
        (chunks, trailers, last, at) => {
          const encoded =
            chunks
              .map((it) => `${size(it.data.length, it.zeros, it.isUpper)}${it.extension}\r\n${it.data}\r\n`)
              .join("") + lastChunk(trailers.map(lineText).join("")).replace("0", () => `0${last}`);
          const reader = new BodyReader({ kind: "chunked", length: -1 }, defaultHeadLimits);
          expect(bodyOutcome(reader, cutAt(octets(`${encoded}rest`), at))).toStrictEqual({
            body: chunks.map(({ data }) => data).join(""),
            state: "complete",
            rest: "rest",
            trailers: trailers.map(pairOf),
          });
        },
      ),
      given,
    );
  });
});

describe("fields that go on", () => {
  const names = [
    "Connection",
    "Keep-Alive",
    "TE",
    "Host",
    "Via",
    "Content-Length",
    "Cookie",
    "X-Hop",
    "x-other",
    "Upgrade",
  ];
  const irregular = fc.record({
    name: fc.oneof(fc.constantFrom(...names), token(8)),
    space: fc.constantFrom("", "", " ", "\t"),
    parts: fc.array(value, { minLength: 1, maxLength: 3 }),
  });

  it("are those that came in, without any that is cut, and our own reader takes them", () => {
    const kinds = fc.subarray(Object.values(Kind).filter((kind) => kind !== Kind.other));
    const nominations = fc.subarray([...names.map((name) => name.toLowerCase()), "a", "b"]);
    fc.assert(
      fc.property(
        fc.array(irregular, { maxLength: 12 }),
        kinds,
        kinds,
        nominations,
        (lines, cutKinds, keptKinds, nominated) => {
          const text = lines.map(({ name, space, parts }) => `${name}${space}: ${parts.join("\r\n ")}\r\n`).join("");
          const head = new ResponseHead(defaultHeadLimits);
          head.read(octets(`HTTP/1.1 200 OK\r\n${text}\r\n`), 0);
          expect(head.refusal).toBeUndefined();
          const written = fieldLines(head.fields, {
            kinds: kindSet(...cutKinds),
            nominated: new Set(nominated),
            kept: kindSet(...keptKinds),
            isIrregular: head.isIrregular,
          });
          const again = new ResponseHead(defaultHeadLimits);
          again.read(octets(`HTTP/1.1 200 OK\r\n${written}\r\n`), 0);
          expect(again.refusal).toBeUndefined();
          expect(again.isIrregular).toBe(false);
          const goesOn = pairsOf(head.fields).filter(([name]) => {
            const kind = kindOfName(name);
            if (kind !== Kind.other && cutKinds.includes(kind)) return false;
            return !nominated.includes(name.toLowerCase()) || (kind !== Kind.other && keptKinds.includes(kind));
          });
          expect(pairsOf(again.fields)).toStrictEqual(goesOn);
        },
      ),
      given,
    );
  });
});

describe("requests that go on", () => {
  const special = fc.constantFrom(
    "Connection: close",
    "Connection: keep-alive, X-Hop",
    "Connection: x-hop, Host, Content-Length, Transfer-Encoding, Via, Expect, Trailer",
    "Connection: Upgrade, TE",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "TE: trailers, deflate",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "X-Hop: 1",
    "Via: 1.0 somebody",
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-Host: other",
    "Forwarded: for=203.0.113.9",
    "Max-Forwards: 3",
    "Expect: 100-continue",
    "Trailer: X-T",
    "Close: x",
    "Cookie: a=b",
  );
  const method = fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW");
  const targets = fc.oneof(
    target,
    fc.constantFrom("http://other.test:81", "http://other.test/x?y", "http://[::1]/", "*"),
  );
  const bodies = fc.constantFrom(
    { line: "", sent: "", body: "" },
    { line: "Content-Length: 0\r\n", sent: "", body: "" },
    { line: "Content-Length: 0003\r\n", sent: "abc", body: "abc" },
    { line: "content-length:5\r\n", sent: "hello", body: "hello" },
    { line: "Transfer-Encoding: CHUNKED\r\n", sent: "5;x\r\nhello\r\n0\r\nX-T: v\r\n\r\n", body: "hello" },
  );

  it("are read again as they were meant: one Host, one framing, nothing of this hop", () => {
    let forwarded = 0;
    fc.assert(
      fc.property(
        method,
        targets,
        fc.constantFrom(0, 1),
        fc.array(
          fc.oneof(
            special,
            line.map((it) => lineText(it).slice(0, -2)),
          ),
          { maxLength: 10 },
        ),
        bodies,
        fc.nat({ max: 3 }),
        (name, path, minor, lines, { line: framingLine, sent, body }, variant) => {
          const text = `${name} ${path} HTTP/1.${minor}\r\nHost: here.test\r\n${framingLine}${lines.map((it) => `${it}\r\n`).join("")}\r\n${sent}`;
          streamOutcome([octets(text)], {
            onHead(head, framing) {
              if (!(head instanceof RequestHead)) return;
              const rewritten = rewrittenRequest(head, body, variant);
              if (rewritten === undefined) return;
              forwarded++;
              expect(faultOfRequest(head, framing, body, rewritten), rewritten.text).toBeUndefined();
            },
          });
        },
      ),
      given,
    );
    expect(forwarded).toBeGreaterThan(runs / 4);
  });

  it("keep every field that is none of ours, in its order", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 15 }), fc.nat({ max: 3 }), (lines, variant) => {
        const plain = lines.filter(({ name }) => kindOfName(name) === Kind.other);
        const text = `GET / HTTP/1.1\r\nHost: here.test\r\n${plain.map(lineText).join("")}\r\n`;
        const head = new RequestHead(defaultHeadLimits);
        head.read(octets(text), 0);
        const rewritten = rewrittenRequest(head, "", variant);
        const again = new RequestHead(defaultHeadLimits);
        again.read(octets(rewritten?.text ?? ""), 0);
        const others = pairsOf(again.fields).filter(([name]) => kindOfName(name) === Kind.other);
        expect(others).toStrictEqual(plain.map(pairOf));
      }),
      given,
    );
  });
});

describe("bounds", () => {
  const KIB = 1_024;

  it("a head that never ends is refused with its first octet beyond the limit, and no more is kept", () => {
    const limits = { headBytesMax: 8 * KIB, fieldsMax: 1_000 };
    for (const start of ["GET /", "GET / HTTP/1.1\r\nA: ", "GET / HTTP/1.1\r\n", ""]) {
      const head = new RequestHead(limits);
      let fed = 0;
      for (const octet of octetByOctet(octets(start + "x".repeat(20 * KIB)))) {
        fed++;
        if (head.read(octet, 0) >= 0 || head.refusal !== undefined) break;
      }
      expect(head.refusal).toBeDefined();
      expect(fed).toBe(8 * KIB + 1);
      expect(head.text.length).toBeLessThanOrEqual(8 * KIB + 1);
    }
  });

  it("a head in large pieces keeps at most one window more than the limit", () => {
    const head = new RequestHead({ headBytesMax: 8 * KIB, fieldsMax: 1_000 });
    head.read(octets(`GET / HTTP/1.1\r\nA: ${"x".repeat(1_000 * KIB)}`), 0);
    expect(head.refusal).toBe("head-too-large");
    expect(head.text.length).toBeLessThanOrEqual(12 * KIB);
  });

  it("a head keeps nothing of the body that comes with it", () => {
    const head = new RequestHead(defaultHeadLimits);
    head.read(octets(`POST / HTTP/1.1\r\n\r\n${"b".repeat(100 * KIB)}`), 0);
    expect(head.text).toBe("POST / HTTP/1.1\r\n\r\n");
  });

  /** The best of a few runs, in milliseconds: noise only ever adds. */
  function time(run: () => void): number {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 9; i++) {
      // The processor's time, not the wall's: other work on the machine does not count.
      const begin = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(begin);
      best = Math.min(best, user + system);
    }
    return best;
  }

  const shapes: { readonly name: string; readonly read: (kib: number) => () => void }[] = [
    {
      name: "a head of one long line",
      read: (kib) => {
        const pieces = octetByOctet(octets(`GET / HTTP/1.1\r\nA: ${"v".repeat(kib * KIB - 100)}\r\n\r\n`));
        return () => expect(feedHead(new RequestHead(defaultHeadLimits), pieces)).toBeGreaterThan(0);
      },
    },
    {
      name: "a chunked body of tiny chunks",
      read: (kib) => {
        const pieces = octetByOctet(octets(`${"1\r\nx\r\n".repeat((kib * KIB) / 6)}0\r\n\r\n`));
        return () =>
          expect(bodyOutcome(new BodyReader({ kind: "chunked", length: -1 }, defaultHeadLimits), pieces).state).toBe(
            "complete",
          );
      },
    },
    {
      name: "a chunked body of one chunk",
      read: (kib) => {
        const pieces = octetByOctet(octets(`${(kib * KIB).toString(16)}\r\n${"x".repeat(kib * KIB)}\r\n0\r\n\r\n`));
        return () =>
          expect(bodyOutcome(new BodyReader({ kind: "chunked", length: -1 }, defaultHeadLimits), pieces).state).toBe(
            "complete",
          );
      },
    },
    {
      name: "a trailer section of one long line",
      read: (kib) => {
        const pieces = octetByOctet(octets(`0\r\nA: ${"v".repeat(kib * KIB - 100)}\r\n\r\n`));
        return () =>
          expect(bodyOutcome(new BodyReader({ kind: "chunked", length: -1 }, defaultHeadLimits), pieces).state).toBe(
            "complete",
          );
      },
    },
  ];

  for (const { name, read } of shapes) {
    it(`the work is linear, octet by octet: ${name}`, () => {
      // Eight times the octets: eight times the work, not sixty-four times.
      expect(time(read(64)) / time(read(8))).toBeLessThan(40);
    });
  }

  it("the number of field lines bounds the work of a head that comes octet by octet", () => {
    const pieces = octetByOctet(octets(`GET / HTTP/1.1\r\n${`A: ${"v".repeat(58)}\r\n`.repeat(1_000)}\r\n`));
    const one = octetByOctet(octets(`GET / HTTP/1.1\r\nA: ${"v".repeat(63_000)}\r\n\r\n`));
    const many_ms = time(() => expect(feedHead(new RequestHead(defaultHeadLimits), pieces)).toBeGreaterThan(0));
    const one_ms = time(() => expect(feedHead(new RequestHead(defaultHeadLimits), one)).toBeGreaterThan(0));
    expect(many_ms / one_ms).toBeLessThan(50);
  });
});
