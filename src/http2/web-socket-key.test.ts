import { expect, it } from "vitest";
import { acceptanceOf, newWebSocketKey } from "./web-socket-key.ts";

it("the acceptance of RFC 6455's own example", () => {
  expect(acceptanceOf("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

it("keys are 16 bytes, and another one each time", () => {
  const [one, other] = [newWebSocketKey(), newWebSocketKey()];
  expect(Buffer.from(one, "base64")).toHaveLength(16);
  expect(one).not.toBe(other);
});
