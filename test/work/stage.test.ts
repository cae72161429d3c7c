/** The stage plays what it is given: what is measured there goes the whole way through a proxy. */
import { describe, expect, it } from "vitest";
import { octetsOf } from "./inputs.ts";
import { ORIGIN, WorkStage } from "./stage.ts";

const GET = "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

const played = (stage: WorkStage, request: readonly string[], response: readonly string[]) =>
  stage.play({ request: request.map(octetsOf), response: response.map(octetsOf) });

describe("on the stage", () => {
  it.each(["gateway", "strangers' gateway", "forward"] as const)("a request to a %s is answered", (mode) => {
    const { client, origin, answers } = played(new WorkStage(mode), [GET], [OK]);
    expect([client.slice(0, 15), origin.slice(0, 14), answers]).toStrictEqual(["HTTP/1.1 200 OK", "GET / HTTP/1.1", 1]);
  });

  it("each of many requests is answered, also of those for which the client had to wait", () => {
    const requests = Array.from({ length: 2_000 }, () => GET);
    const responses = Array.from({ length: 2_000 }, () => OK);
    expect(played(new WorkStage("gateway"), [requests.join("")], responses).answers).toBe(2_000);
    expect(played(new WorkStage("gateway"), requests, responses).answers).toBe(2_000);
  });

  it("strangers are not believed, what their origin names itself is said anew, and bare LF ends its lines", () => {
    const stage = new WorkStage("strangers' gateway");
    const request = "GET / HTTP/1.1\r\nHost: me\r\nX-Client-IP: 1.2.3.4\r\n\r\n";
    const { client, origin } = played(stage, [request], [`HTTP/1.1 302 Found\nLocation: ${ORIGIN}/b\n\n`]);
    expect(client).toMatch(/\r\nLocation: http:\/\/me\/b\r\n/);
    expect(origin).not.toMatch(/x-client-ip/i);
  });

  it("without credentials a forward proxy with users asks for them", () => {
    expect(played(new WorkStage("forward, with users"), [GET], []).client).toMatch(/^HTTP\/1\.1 407 /);
  });
});
