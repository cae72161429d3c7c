/** Refusals: each has a status and a sentence that a stranger can use. */
import { describe, expect, it } from "vitest";
import { meaningOf, refusalCodes } from "./refusals.ts";

describe.each(refusalCodes)("%s", (code) => {
  const { status, text } = meaningOf(code);

  it("has a status of a server that refuses", () => {
    expect([400, 414, 431, 501, 505]).toContain(status);
  });

  it("says so in one plain sentence of printable ASCII", () => {
    expect(text).toMatch(/^[A-Z][\x20-\x7e]+\.$/);
    expect(text.length).toBeLessThan(120);
  });

  it("is spelled as a word of metrics and logs", () => {
    expect(code).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });
});

it("the statuses that RFC 9112 asks for", () => {
  expect(meaningOf("target-too-long").status).toBe(414); // section 3
  expect(meaningOf("method-too-long").status).toBe(501); // section 3
  expect(meaningOf("host-missing").status).toBe(400); // section 3.2
  expect(meaningOf("transfer-coding-unknown").status).toBe(501); // section 6.1
  expect(meaningOf("transfer-encoding-invalid").status).toBe(400); // section 6.3
  expect(meaningOf("content-length-invalid").status).toBe(400); // section 6.3
});
