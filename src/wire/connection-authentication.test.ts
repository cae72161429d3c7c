/** Which credentials and challenges are a connection's, whatever else stands beside them. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import {
  asksForConnection,
  authenticatesConnection,
  continuesHandshake,
  persistsAuthentication,
  tellsOfAuthentication,
} from "./connection-authentication.ts";
import type { FieldTable } from "./fields.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import { RequestHead } from "./request-head.ts";
import { ResponseHead } from "./response-head.ts";

function request(...lines: string[]): FieldTable {
  const head = new RequestHead(defaultHeadLimits);
  head.read(octets(`GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  return head.fields;
}

function response(...lines: string[]): FieldTable {
  const head = new ResponseHead(defaultHeadLimits);
  head.read(octets(`HTTP/1.1 401 Unauthorized\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  return head.fields;
}

describe("credentials of a request authenticate its connection", () => {
  const rows: readonly [boolean, ...string[]][] = [
    [true, "Authorization: NTLM TlRMTVNTUAABAAAA"],
    [true, "Authorization: Negotiate YIIZ"],
    [true, "authorization:ntlm\tTlRM"],
    [true, "AUTHORIZATION: nEgOtIaTe YIIZ=="],
    [true, "Authorization: NTLM"],
    [true, "Authorization: Nego2 YIIZ"],
    [true, "Authorization: Kerberos YIIZ"],
    [true, "Authorization: CredSSP YIIZ"],
    [true, "Authorization: Basic YTpi", "Authorization: NTLM TlRM"],
    [false],
    [false, "Authorization: Basic TlRM"],
    [false, "Authorization: Bearer NTLM"],
    [false, "Authorization: NTLMv2 TlRM"],
    [false, "Authorization: Negotiated YIIZ"],
    [false, 'Authorization: Digest username="NTLM user"'],
    [false, "Authorization:"],
    [false, "X-Authorization: NTLM TlRM"],
  ];
  for (const [does, ...lines] of rows) {
    it(`${does ? "yes" : "no"}: ${lines.join(" and ") || "none"}`, () => {
      expect(authenticatesConnection(request(...lines), true)).toBe(does);
      expect(authenticatesConnection(request(...lines), false)).toBe(does);
    });
  }

  it("Proxy-Authorization counts where it goes on to the origin: through a gateway", () => {
    const fields = request("Proxy-Authorization: NTLM TlRM");
    expect([authenticatesConnection(fields, true), authenticatesConnection(fields, false)]).toStrictEqual([
      true,
      false,
    ]);
  });
});

describe("a response", () => {
  interface Row {
    readonly lines: readonly string[];
    readonly asks: boolean;
    readonly continues: boolean;
  }
  const rows: readonly Row[] = [
    { lines: ["WWW-Authenticate: NTLM"], asks: true, continues: false },
    { lines: ["WWW-Authenticate: Negotiate, NTLM"], asks: true, continues: false },
    { lines: ["WWW-Authenticate: NTLM TlRMTVNTUAACAAAA"], asks: true, continues: true },
    { lines: ["www-authenticate: negotiate oYG2MIGz=="], asks: true, continues: true },
    { lines: ['WWW-Authenticate: Basic realm="x", Negotiate oYG2'], asks: true, continues: true },
    { lines: ['WWW-Authenticate: Negotiate oYG2, Basic realm="x"'], asks: true, continues: true },
    { lines: ['WWW-Authenticate: Basic realm="x"', "WWW-Authenticate: NTLM TlRM"], asks: true, continues: true },
    { lines: ['WWW-Authenticate: NTLM realm="x"'], asks: true, continues: false },
    { lines: ['WWW-Authenticate: Basic realm="NTLM TlRM"'], asks: false, continues: false },
    { lines: ["WWW-Authenticate: Bearer"], asks: false, continues: false },
    { lines: [], asks: false, continues: false },
  ];
  for (const { lines, asks, continues } of rows) {
    it(`${asks ? "asks" : "does not ask"}, ${continues ? "continues" : "does not continue"}: ${lines.join(" and ")}`, () => {
      const fields = response(...lines);
      expect([asksForConnection(fields), continuesHandshake(fields)]).toStrictEqual([asks, continues]);
      expect(tellsOfAuthentication(fields)).toBe(lines.length > 0);
    });
  }

  const persists: readonly [boolean, string][] = [
    [true, "Persistent-Auth: true"],
    [true, "persistent-auth:TRUE"],
    [false, "Persistent-Auth: false"],
    [false, "Persistent-Auth: truer"],
    [false, "X: true"],
  ];
  for (const [does, line] of persists) {
    it(`says that its connection ${does ? "stays" : "does not stay"} authenticated: ${line}`, () =>
      expect(persistsAuthentication(response(line))).toBe(does));
  }
});

it("reading them takes time in proportion to their length", () => {
  const n = 60_000;
  const values = [
    `NTLM ${"a".repeat(n)}"`,
    `NTLM${" ".repeat(n)}"`,
    `NTLM a${" ".repeat(n)}"`,
    ",".repeat(n),
    ", ".repeat(n / 2),
    ",ntlm".repeat(n / 5),
    ",ntlm a b".repeat(n / 9),
    `NTLM a${"=".repeat(n)}"`,
  ];
  for (const value of values) {
    const fields = response(`WWW-Authenticate: ${value}`);
    const began_ms = performance.now();
    expect(continuesHandshake(fields)).toBe(false);
    asksForConnection(fields);
    // A quadratic one takes seconds.
    expect(performance.now() - began_ms).toBeLessThan(250);
  }
});
