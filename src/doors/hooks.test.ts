/** Hooks of a handler: the same as a proxy's, where the server outside owns connection and body. */
import { afterEach, describe, expect, it } from "vitest";
import { DoorStage, type OriginActs, says } from "../../test/kit/door-stage.ts";
import type { HandlerOptions } from "../index.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

let stage: DoorStage;
afterEach(() => stage.close());

async function open(options: Omit<HandlerOptions, "to">, acts: OriginActs = says(OK)): Promise<DoorStage> {
  stage = await DoorStage.open(acts, options);
  return stage;
}

const whenWhole: OriginActs = (socket, asked) => {
  if (asked.endsWith("hello")) socket.write(OK);
};

describe("onRequest", () => {
  it("changes what the origin is asked for", async () => {
    await open({
      onRequest(request) {
        request.path = "/b";
        request.fields.set("X-User", "u1");
      },
    });
    await stage.ask(GET, "ok");
    expect(stage.asked).toMatch(/^GET \/b HTTP\/1.1\r\nHost: a\r\nX-User: u1\r\n/);
  });

  it("may take its time: the body is there behind it", async () => {
    let settle = () => {};
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const onRequest = () => {
      isAsked();
      return new Promise<void>((resolve) => {
        settle = resolve;
      });
    };
    await open({ onRequest }, whenWhole);
    const answered = stage.ask(POST, "ok");
    await asked;
    expect(stage.origins).toHaveLength(0);
    settle();
    await answered;
    expect(stage.asked).toMatch(/^POST \/ HTTP\/1.1\r\n[\s\S]*\r\n\r\nhello$/);
  });

  it("answers by itself, and the connection goes on", async () => {
    await open({ onRequest: ({ method }) => (method === "POST" ? { status: 403, body: "no" } : undefined) });
    const received = await stage.ask(`${POST}${GET}`, "\r\n\r\nok");
    expect(received).toMatch(/^HTTP\/1.1 403 Forbidden\r\n[\s\S]*\r\n\r\nnoHTTP\/1.1 200 OK\r\n/);
  });

  it("that rejects costs its own exchange", async () => {
    await open({ onRequest: ({ method }) => (method === "POST" ? Promise.reject(new Error("no")) : undefined) });
    stage.handler.on("hook-failed", () => undefined);
    const received = await stage.ask(POST, "hook-failed");
    expect(received).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/);
    expect(await stage.ask(GET, "ok")).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it.each([
    ["nothing", undefined],
    ["what has no text", Object.create(null)],
    ["what throws when it is told", { toString: () => expect.fail("told") }],
  ])("that throws %s costs its own exchange, too", async (_what, thrown) => {
    await open({
      onRequest: ({ method }) => {
        if (method === "POST") throw thrown;
      },
    });
    const told: string[] = [];
    stage.handler.on("hook-failed", ({ hook }) => told.push(hook));
    stage.handler.on("internal-error", ({ message }) => told.push(message));
    expect(await stage.ask(POST, "hook-failed")).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/);
    expect(await stage.ask(GET, "ok")).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(told).toStrictEqual(["onRequest"]);
  });

  it("that is not settled in time is answered for", async () => {
    await open({ hookTimeout: 50, onRequest: () => new Promise<void>(() => {}) });
    stage.handler.on("hook-failed", () => undefined);
    expect(await stage.ask(POST, "hook-timeout")).toMatch(/^HTTP\/1.1 504 Gateway Timeout\r\n/);
  });
});

it("a Location in which a chosen origin names itself is said as the client would say it", async () => {
  let origin = "";
  await open(
    {
      onRequest(request) {
        request.origin = origin;
      },
    },
    (socket) => socket.write(`HTTP/1.1 302 Found\r\nLocation: ${origin}/x\r\nContent-Length: 0\r\n\r\n`),
  );
  // Another name of the same origin.
  origin = `http://localhost:${stage.originPort}`;
  expect(await stage.ask(GET, "\r\n\r\n")).toMatch(/^HTTP\/1.1 302 [\s\S]*\r\nLocation: http:\/\/a\/x\r\n/);
});

it("onResponse changes what the client gets", async () => {
  await open({ setResponseFields: { "X-Two": "2" }, onResponse: (response) => response.fields.delete("Server") });
  stage.originActs = says("HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 2\r\n\r\nok");
  const received = await stage.ask(GET, "ok");
  expect(received).toContain("X-Two: 2\r\n");
  expect(received).not.toContain("Server:");
});

it("onError gives the page", async () => {
  await open({ onError: ({ reason }) => ({ status: 502, body: `page for ${reason}` }) }, (socket) => socket.end());
  expect(await stage.ask(GET, "page for upstream-closed")).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n/);
});
