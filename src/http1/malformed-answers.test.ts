/** What is wrong with an origin's answer, as whoever asked for it is told. */
import { describe, expect, it } from "vitest";
import { meaningOfResponse, refusalCodes } from "../wire/refusals.ts";
import { errorAnswer } from "./answer-text.ts";

const context = { accept: undefined, isHead: false, date: "", connectionLines: "", viaName: "p" };

function told(fault: string | undefined): { readonly type: string | undefined; readonly text: string | undefined } {
  const answer = errorAnswer("response-malformed", context, fault);
  return { type: /error=([a-z_]+)/.exec(answer)?.[1], text: answer.split("\r\n\r\n")[1]?.split("\n")[1] };
}

const GENERAL = "The origin's answer is malformed, ambiguous or too large.";

describe("the rule that the answer breaks is told", () => {
  it.each(refusalCodes)("%s", (code) => {
    expect(told(code).text).toBe(`${GENERAL} ${meaningOfResponse(code)}`);
  });

  it.each([undefined, "", "ECONNRESET", "toString"])("and nothing where there is none: %j", (fault) => {
    expect(told(fault)).toEqual({ type: "http_protocol_error", text: GENERAL });
  });

  it("as a problem, too, for those who ask for JSON", () => {
    const answer = errorAnswer("response-malformed", { ...context, accept: "application/json" }, "head-too-large");
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({
      reason: "response-malformed",
      detail: expect.stringContaining("larger than the limit"),
    });
  });
});

describe("as of something that an origin did, not the client", () => {
  it.each(refusalCodes)("%s", (code) => {
    expect(meaningOfResponse(code)).toMatch(/^[A-Z][\x20-\x7e]+\.$/);
    expect(meaningOfResponse(code).length).toBeLessThan(120);
  });

  it.each([
    ["tls-on-plain-port", /https:\/\//],
    ["http2-on-http1-port", /^The origin's port speaks HTTP\/2 alone/],
    ["head-too-large", /^The head of the origin's answer .* raise the limit/],
    ["too-many-fields", /^The head of the origin's answer /],
  ] as const)("%s", (code, says) => expect(meaningOfResponse(code)).toMatch(says));
});

it("has the error type that RFC 9209 section 2.3 has for it", () => {
  expect(
    Object.fromEntries(
      refusalCodes.map((code) => [code, told(code).type]).filter(([, type]) => type !== "http_protocol_error"),
    ),
  ).toEqual({
    "head-too-large": "http_response_header_section_size",
    "too-many-fields": "http_response_header_section_size",
    "transfer-coding-unknown": "http_response_transfer_coding",
    "transfer-encoding-invalid": "http_response_transfer_coding",
    "transfer-encoding-in-http10": "http_response_transfer_coding",
  });
});
