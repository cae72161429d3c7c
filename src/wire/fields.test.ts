/** The table of fields, the kinds it recognises, and what `Connection` says. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { kindOfName } from "../../test/fuzz/kit/reading.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import {
  CONNECTION_OPTIONS_MAX,
  type ConnectionOptions,
  connectionOptionsOf,
  type FieldTable,
  Kind,
  kindOf,
  NOMINATED_MAX,
} from "./fields.ts";
import { FORWARDING_NAMES, FORWARDING_PREFIXES } from "./forwarding-names.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import { ResponseHead } from "./response-head.ts";

function fieldsOf(...lines: string[]): FieldTable {
  const head = new ResponseHead(defaultHeadLimits);
  head.read(octets(`HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  return head.fields;
}

const kinds: readonly (readonly [Kind, string])[] = [
  [Kind.host, "Host"],
  [Kind.connection, "Connection"],
  [Kind.keepAlive, "Keep-Alive"],
  [Kind.proxyConnection, "Proxy-Connection"],
  [Kind.te, "TE"],
  [Kind.transferEncoding, "Transfer-Encoding"],
  [Kind.upgrade, "Upgrade"],
  [Kind.contentLength, "Content-Length"],
  [Kind.expect, "Expect"],
  [Kind.via, "Via"],
  [Kind.date, "Date"],
  [Kind.maxForwards, "Max-Forwards"],
  [Kind.forwarded, "Forwarded"],
  [Kind.forwardedFor, "X-Forwarded-For"],
  [Kind.forwardedProto, "X-Forwarded-Proto"],
  [Kind.forwardedHost, "X-Forwarded-Host"],
  [Kind.http2Settings, "HTTP2-Settings"],
  [Kind.trailer, "Trailer"],
  [Kind.authorization, "Authorization"],
  [Kind.cookie, "Cookie"],
  [Kind.proxyAuthorization, "Proxy-Authorization"],
  [Kind.setCookie, "Set-Cookie"],
  [Kind.close, "Close"],
  [Kind.proxyAuthenticate, "Proxy-Authenticate"],
  [Kind.forwardedOther, "True-Client-IP"],
  [Kind.location, "Content-Location"],
  [Kind.wwwAuthenticate, "WWW-Authenticate"],
  [Kind.persistentAuth, "Persistent-Auth"],
];
/** Of responses: no origin takes them for what a proxy says. */
const ofResponses: readonly Kind[] = [
  Kind.setCookie,
  Kind.proxyAuthenticate,
  Kind.location,
  Kind.wwwAuthenticate,
  Kind.persistentAuth,
];

/** A name that is not quite one with a kind of its own, but begins as all that tell about a client. */
const forwardingByPrefix = (name: string) => (/[^a-z0-9-]/i.test(name) ? Kind.respelled : Kind.forwardedOther);

describe("kinds", () => {
  it("the list here is the whole list", () => {
    expect(kinds.map(([kind]) => kind)).toStrictEqual(
      Object.values(Kind).filter((kind) => kind !== Kind.other && kind !== Kind.respelled),
    );
  });

  it("are few enough for one bit each in a 32-bit integer", () => {
    expect(Math.max(...Object.values(Kind))).toBeLessThan(31);
  });

  for (const [kind, name] of kinds) {
    it(`${name}: in every case, at any place in the text`, () => {
      for (const text of [name, name.toLowerCase(), name.toUpperCase()]) {
        expect(kindOf(octets(`xx${text}yy`), 2, text.length, false)).toBe(kind);
      }
    });

    it(`${name}: not when one character differs, or is missing, or is more`, () => {
      for (let i = 0; i < name.length; i++) {
        for (const other of "z0_-~|") {
          const text = name.slice(0, i) + other + name.slice(i + 1);
          if (text.toLowerCase() === name.toLowerCase()) continue;
          const isRespelled = "_|~".includes(other) && name[i] === "-" && !ofResponses.includes(kind);
          // Any name that begins with X-Forwarded tells about a client.
          const elsewise = text.toLowerCase().startsWith("x-forwarded") ? forwardingByPrefix(text) : Kind.other;
          expect(kindOfName(text), text).toBe(isRespelled ? Kind.respelled : elsewise);
        }
      }
      const longer = `${name}x`;
      expect(kindOfName(longer)).toBe(longer.startsWith("X-Forwarded") ? Kind.forwardedOther : Kind.other);
      expect(kindOfName(name.slice(1))).toBe(Kind.other);
    });
  }

  const spellings = (name: string) => [name, name.toUpperCase()];
  it("every name of the list tells about a client", () => {
    for (const name of FORWARDING_NAMES.flatMap(spellings)) expect(kindOfName(name), name).toBe(Kind.forwardedOther);
  });

  it("so does every name that begins with a prefix of the list, whatever follows and however long", () => {
    for (const prefix of FORWARDING_PREFIXES.flatMap(spellings)) {
      for (const rest of ["", "a", "-Url", "x".repeat(3_000)]) {
        expect(kindOfName(prefix + rest), prefix + rest).toBe(Kind.forwardedOther);
      }
    }
  });

  it("a name that only contains one of them, or ends too early, tells nothing", () => {
    for (const name of [...FORWARDING_NAMES, ...FORWARDING_PREFIXES].map((it) => `a-${it}`)) {
      expect(kindOfName(name), name).toBe(Kind.other);
    }
    for (const name of ["X-Forward", "X-Origin", "X-Original", "X-Real", "Client", "Client-Version", "X-Client-Data"]) {
      expect(kindOfName(name), name).toBe(Kind.other);
    }
  });

  table(
    ["Proxy-Authentication-Info", "PROXY-AUTHENTICATION-INFO"].map((name) => ({ name })),
    ({ name }) => expect(kindOfName(name)).toBe(Kind.proxyAuthenticate),
  );

  table(
    ["Location", "Refresh", "LOCATION"].map((name) => ({ name })),
    ({ name }) => expect(kindOfName(name)).toBe(Kind.location),
  );

  // A CGI or WSGI origin reads HTTP_X_FORWARDED_FOR for all of them.
  it("a name that tells about a client is known with any mark for each of its hyphens", () => {
    const names = [...FORWARDING_NAMES, ...FORWARDING_PREFIXES, ...FORWARDING_PREFIXES.map((it) => `${it}-x`)];
    for (const name of names.filter((it) => it.includes("-"))) {
      for (const mark of "_!#$%&'*+.^`|~") {
        for (const hyphen of [...name.matchAll(/-/g)].map(({ index }) => index)) {
          const text = name.slice(0, hyphen) + mark + name.slice(hyphen + 1);
          expect(kindOfName(text), text).toBe(Kind.respelled);
          expect(kindOfName(text.toUpperCase()), text).toBe(Kind.respelled);
        }
        expect(kindOfName(name.replaceAll("-", mark)), name).toBe(Kind.respelled);
      }
    }
  });

  table(
    ["Content_Length", "TRANSFER_ENCODING", "Transfer.Encoding", "X_Forwarded-For", "X-Original-Url_2"].map((name) => ({
      name,
    })),
    ({ name }) => expect(kindOfName(name)).toBe(Kind.respelled),
  );

  table(
    ["Content-Lengthx", "Content_Lengtj", "_", "X_Request_Id", "content__length", "sec_ch_ua"].map((name) => ({
      name,
    })),
    ({ name }) => expect(kindOfName(name)).toBe(Kind.other),
  );
});

describe("looking fields up", () => {
  const fields = fieldsOf("A: 1", "Host: h", "a:2", "B:", "x_y: u", "x^y: c", "x~y: t");

  it("names, values and their combination are as they came", () => {
    expect(fields.count).toBe(7);
    expect([fields.name(2), fields.value(2), fields.name(3), fields.value(3)]).toStrictEqual(["a", "2", "B", ""]);
    expect(fields.get("a")).toBe("1, 2");
    expect(fields.get("b")).toBe("");
    expect(fields.get("c")).toBeUndefined();
    expect(fields.get("hos")).toBeUndefined();
  });

  it("kinds that occur are known, others are not", () => {
    expect(fields.has(Kind.host)).toBe(true);
    expect(fields.has(Kind.connection)).toBe(false);
    expect(fields.valuesOf(Kind.host)).toStrictEqual(["h"]);
    expect(fields.valuesOf(Kind.connection)).toStrictEqual([]);
  });

  it("characters that only look like letters in two cases are told apart", () => {
    expect(fields.get("x_y")).toBe("u");
    expect(fields.get("x^y")).toBe("c");
    expect(fields.get("x~y")).toBe("t");
  });
});

describe("connection options (RFC 9110 section 7.6.1)", () => {
  const rows: {
    readonly name: string;
    readonly lines: readonly string[];
    readonly gives: Partial<ConnectionOptions>;
  }[] = [
    { name: "no field", lines: [], gives: {} },
    { name: "an empty field", lines: ["Connection:"], gives: {} },
    { name: "close", lines: ["Connection: close"], gives: { close: true } },
    { name: "Close", lines: ["Connection: Close"], gives: { close: true } },
    { name: "keep-alive", lines: ["Connection: keep-alive"], gives: { keepAlive: true } },
    { name: "Keep-Alive", lines: ["Connection: Keep-Alive"], gives: { keepAlive: true } },
    { name: "KEEP-ALIVE", lines: ["CONNECTION: KEEP-ALIVE"], gives: { keepAlive: true } },
    { name: "both", lines: ["Connection: keep-alive, close"], gives: { close: true, keepAlive: true } },
    {
      name: "several lines",
      lines: ["Connection: keep-alive", "Connection: TE"],
      gives: { keepAlive: true, te: true },
    },
    { name: "upgrade", lines: ["Connection: Upgrade"], gives: { upgrade: true } },
    {
      name: "nominated fields, in lower case",
      lines: ["Connection: X-A, close,x-b"],
      gives: { close: true, nominated: new Set(["x-a", "x-b"]) },
    },
    { name: "empty list members", lines: ["Connection: ,, close ,,\t,"], gives: { close: true } },
    {
      name: "a word that only contains close",
      lines: ["Connection: closed"],
      gives: { nominated: new Set(["closed"]) },
    },
    { name: "two words are no option, so close", lines: ["Connection: keep-alive close"], gives: { close: true } },
    { name: "nor is a word beyond ASCII", lines: ["Connection: close\xac keep-alive"], gives: { close: true } },
    {
      name: "nor one in quotes",
      lines: ['Connection: X-A, "upgrade"'],
      gives: { close: true, nominated: new Set(["x-a"]) },
    },
    { name: "Proxy-Connection says nothing (RFC 9112 appendix C.2.2)", lines: ["Proxy-Connection: close"], gives: {} },
    { name: "Keep-Alive alone says nothing", lines: ["Keep-Alive: timeout=5"], gives: {} },
  ];
  table(rows, ({ lines, gives }) => {
    expect(connectionOptionsOf(fieldsOf(...lines))).toStrictEqual({
      close: false,
      keepAlive: false,
      upgrade: false,
      te: false,
      nominated: new Set(),
      ...gives,
    });
  });

  const names = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}`);
  it("nominates a field once, however often it is named", () => {
    expect(connectionOptionsOf(fieldsOf(`Connection: ${"A,".repeat(200)}`)).nominated).toEqual(new Set(["a"]));
    const many = names(NOMINATED_MAX).join(",");
    expect(connectionOptionsOf(fieldsOf(`Connection: ${many}`, `Connection: ${many}`)).nominated.size).toBe(64);
  });

  it("refuses to nominate more different fields than the limit", () => {
    const { refusal, nominated } = connectionOptionsOf(fieldsOf(`Connection: ${names(NOMINATED_MAX + 1).join(",")}`));
    expect(refusal).toBe("too-many-connection-options");
    expect(nominated.size).toBe(0);
  });

  it("refuses more options than the limit, repeated and empty ones included", () => {
    for (const member of ["close", "a", ""]) {
      const list = (count: number) => fieldsOf(`Connection: ${Array(count).fill(member).join(",")}`);
      expect(connectionOptionsOf(list(CONNECTION_OPTIONS_MAX)).refusal).toBeUndefined();
      expect(connectionOptionsOf(list(CONNECTION_OPTIONS_MAX + 1)).refusal).toBe("too-many-connection-options");
    }
  });
});
