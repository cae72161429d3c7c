/** How long the lists of a request may be, and what becomes of those that are longer. */
import { describe, expect, it } from "vitest";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import type { Octets } from "../wire/octets.ts";
import { RequestHead } from "../wire/request-head.ts";
import { ResponseHead } from "../wire/response-head.ts";
import { type Admission, admit, isSwitchOffered } from "./admission.ts";

const octets = (text: string) => Buffer.from(text, "latin1") as unknown as Octets;

function admitted(...lines: readonly string[]) {
  const head = new RequestHead(defaultHeadLimits);
  head.read(octets(["GET / HTTP/1.1", "Host: a", ...lines, "", ""].join("\r\n")), 0);
  expect(head.refusal).toBeUndefined();
  return admit(head, "me", true, { isTrusted: false, socket: {} });
}

const listOf = (count: number, member: string) => Array(count).fill(member).join(", ");

describe("within its limit a list counts, and beyond", () => {
  it("an Upgrade of more than 16 protocols is ignored, as any offer may be (RFC 9110 section 7.8)", () => {
    const offered = (count: number) => admitted("Connection: upgrade", `Upgrade: ${listOf(count, "WebSocket")}`);
    expect(offered(16)).toMatchObject({ upgrade: listOf(16, "WebSocket") });
    expect(offered(17)).toMatchObject({ upgrade: undefined });
  });

  it("a TE of more than 32 members says nothing (section 10.1.4)", () => {
    const offered = (count: number) => admitted("Connection: te", `TE: ${listOf(count - 1, "gzip")}, trailers ;x`);
    expect(offered(32)).toMatchObject({ takesTrailers: true });
    expect(offered(33)).toMatchObject({ takesTrailers: false });
  });

  it("more than 16 expectations cannot be met (section 10.1.1)", () => {
    expect(admitted(`Expect: ${listOf(16, "100-continue")}`)).toMatchObject({ expectsContinue: false });
    expect(admitted(`Expect: ${listOf(17, "100-continue")}`)).toBe("expectation-unknown");
  });

  it("a way of more than 256 recipients goes round in circles (section 7.6.3)", () => {
    expect(admitted(`Via: ${listOf(256, "1.1 other (a, b)")}`)).toBeTypeOf("object");
    expect(admitted(`Via: ${listOf(257, "1.1 other")}`)).toBe("loop-detected");
    expect(admitted(...Array(257).fill("Via: 1.1 other"))).toBe("loop-detected");
  });

  it("more than 256 options of the connection are refused", () => {
    expect(admitted(`Connection: ${listOf(256, "te")}`)).toBeTypeOf("object");
    expect(admitted(`Connection: ${listOf(257, "te")}`)).toBe("too-many-connection-options");
  });
});

it("an origin switches to nothing that it hides among more than 16 protocols", () => {
  const switched = (count: number) => {
    const head = new ResponseHead(defaultHeadLimits);
    head.read(octets(`HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: ${listOf(count, "a")}\r\n\r\n`), 0);
    return isSwitchOffered(admitted("Connection: upgrade", "Upgrade: a, b") as Admission, head);
  };
  expect(switched(16)).toBe(true);
  expect(switched(17)).toBe(false);
});
