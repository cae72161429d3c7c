/**
 * Inputs that were findings once. Each is inspected as the fuzzer does it, and must stay without a finding.
 */
import { describe, expect } from "vitest";
import { type Finding, Inspection } from "./kit/inspection.ts";
import { Random } from "./kit/random.ts";
import { table } from "./kit/table.ts";

interface Row {
  /** What was found. */
  readonly name: string;
  readonly text: string;
  /** For responses: the method that they answer. */
  readonly answers?: string;
}

const requests: readonly Row[] = [
  {
    name: "as it goes on: Expect was nominated away and the 100 that the client waits for never comes",
    text: "POST /p HTTP/1.1\r\nHost: a\r\nConnection: Expect\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
  },
  {
    name: "as it goes on: a length copied with the tab behind it, which Node as an origin refuses",
    text: "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\t\r\n\r\nabc",
  },
  {
    name: "framing: a CONNECT request with a length was read with a body, where others read the tunnel's octets",
    text: "CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
  },
  {
    name: "read otherwise in pieces: something that is no HTTP, behind an empty line",
    text: "\r\n\x16\x03\x01",
  },
];

const responses: readonly Row[] = [
  {
    name: "as it goes on: 204 to HEAD with a length",
    text: "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi",
    answers: "HEAD",
  },
  {
    name: "as it goes on: 204 to HEAD with a length that is none",
    text: "HTTP/1.1 204 No Content\r\nContent-Length: \r\n\r\nhello",
    answers: "HEAD",
  },
  {
    name: "as it goes on: 204 to HEAD with two lengths",
    text: "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    answers: "HEAD",
  },
];

/** Several ways of cutting the input and of rewriting it. */
const variants = Array.from({ length: 8 }, (_, seed) => seed);

const kindsOf = (findings: readonly Finding[]) => [...new Set(findings.map(({ what }) => what))];

describe("requests", () => {
  table(requests, async ({ text }) => {
    const inputs = variants.map((seed) => ({ text, random: new Random(seed) }));
    expect(kindsOf(await new Inspection().requests(inputs))).toStrictEqual([]);
  });
});

describe("responses", () => {
  table(responses, async ({ text, answers = "GET" }) => {
    const inputs = variants.map((seed) => ({ text, random: new Random(seed), answers }));
    expect(kindsOf(await new Inspection().responses(inputs))).toStrictEqual([]);
  });
});
