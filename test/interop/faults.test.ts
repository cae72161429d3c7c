/**
 * Origins that fail, seen by clients: a clear answer or a visible truncation, with the reason's name.
 */
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closesOf } from "./support/closes.ts";
import { curl, curlExit } from "./support/curl.ts";
import { type Hopwise, startHopwise } from "./support/hopwise.ts";
import { freePort, listening } from "./support/listening.ts";
import { has, needing } from "./support/programs.ts";
import { RawClient } from "./support/raw-client.ts";
import { until } from "./support/waiting.ts";

describe.skipIf(!has("curl"))(`origins that fail${needing("curl")}`, () => {
  let origin: Server;
  let originUrl: string;
  let hopwise: Hopwise;
  /** What the origin does with a request. */
  let act: (socket: Socket) => void = () => {};

  beforeAll(async () => {
    origin = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => act(socket));
    });
    originUrl = await listening(origin);
    hopwise = await startHopwise(["--to", originUrl, "--response-timeout", "300ms"]);
  });

  beforeEach(() => {
    act = () => {};
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    origin.close();
    expect(exit?.code).toBe(0);
  });

  /** An answer of hopwise's own: its status and the reason in it. */
  async function expectAnswer(status: number, reason: string, to = hopwise): Promise<void> {
    const result = await curl([`${to.url}/`]);
    expect(result.code).toBe(0);
    expect(result.transfers[0]?.response_code).toBe(status);
    expect(result.stdout.toString()).toContain(reason);
    const json = await curl(["--header", "Accept: application/json", `${to.url}/`]);
    expect(json.transfers[0]?.content_type).toBe("application/problem+json");
    expect(JSON.parse(json.stdout.toString())).toMatchObject({ status, reason });
  }

  it("absent: 502 connect-failed, and the proxy goes on", async () => {
    const lonely = await startHopwise(["--to", `http://127.0.0.1:${await freePort()}`]);
    await closesOf(lonely, { downstream: { "peer-closed-idle": 4 }, upstream: {} }, async () => {
      await expectAnswer(502, "connect-failed", lonely);
      await expectAnswer(502, "connect-failed", lonely);
    });
    expect((await lonely.stop()).code).toBe(0);
  });

  it("silent: 504 response-timeout", async () => {
    const expected = { downstream: { "peer-closed-idle": 2 }, upstream: { "response-timeout": 2 } };
    await closesOf(hopwise, expected, () => expectAnswer(504, "response-timeout"));
  });

  it("closes without a word: 502 upstream-closed", async () => {
    act = (socket) => socket.end();
    const expected = { downstream: { "peer-closed-idle": 2 }, upstream: { "peer-closed": 2 } };
    await closesOf(hopwise, expected, () => expectAnswer(502, "upstream-closed"));
  });

  it("resets: 502 upstream-closed", async () => {
    act = (socket) => socket.resetAndDestroy();
    const expected = { downstream: { "peer-closed-idle": 2 }, upstream: { "peer-reset": 2 } };
    await closesOf(hopwise, expected, () => expectAnswer(502, "upstream-closed"));
  });

  it("talks nonsense: 502 response-malformed", async () => {
    act = (socket) => socket.end("220 mail.example ESMTP\r\n");
    const expected = { downstream: { "peer-closed-idle": 2 }, upstream: { "response-malformed": 2 } };
    await closesOf(hopwise, expected, () => expectAnswer(502, "response-malformed"));
  });

  it("ambiguous framing: 502 response-malformed, and nothing of it gets through", async () => {
    act = (socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n");
    const expected = { downstream: { "peer-closed-idle": 2 }, upstream: { "response-malformed": 2 } };
    await closesOf(hopwise, expected, () => expectAnswer(502, "response-malformed"));
  });

  it("cut off in the head: 502 response-incomplete", async () => {
    act = (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Le");
    const expected = { downstream: { "peer-closed-idle": 2 }, upstream: { "peer-closed": 2 } };
    await closesOf(hopwise, expected, () => expectAnswer(502, "response-incomplete"));
  });

  it("cut off in a body with a length: curl sees that it is partial", async () => {
    act = (socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${"x".repeat(500)}`);
    const expected = { downstream: { "upstream-failed": 1 }, upstream: { "response-truncated": 1 } };
    const result = await closesOf(hopwise, expected, () => curl([`${hopwise.url}/`]));
    expect(result.code).toBe(curlExit.partialFile);
    expect(result.stdout).toHaveLength(500);
  });

  it("cut off between chunks: curl sees that it is partial", async () => {
    act = (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    const expected = { downstream: { "upstream-failed": 1 }, upstream: { "response-truncated": 1 } };
    const result = await closesOf(hopwise, expected, () => curl([`${hopwise.url}/`]));
    expect([curlExit.partialFile, curlExit.recvError]).toContain(result.code);
    expect(result.stdout.toString()).toBe("first");
  });

  it("cut off where an HTTP/1.0 client has only the close to go by: it sees a reset", async () => {
    let cutOff = () => {};
    act = (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
      cutOff = () => socket.resetAndDestroy();
    };
    const expected = { downstream: { "upstream-failed": 1 }, upstream: { "peer-reset": 1 } };
    await closesOf(hopwise, expected, async () => {
      const client = await RawClient.open(hopwise.port);
      client.send("GET / HTTP/1.0\r\n\r\n");
      await until("the beginning has arrived", () => client.unread.includes("first"));
      cutOff();
      expect(await client.ended).toBe("reset");
    });
  });

  it("reset at once where only a close could show the end: never taken for complete", async () => {
    act = (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\nhalf of it");
      socket.resetAndDestroy();
    };
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.open(hopwise.port);
      // The reset may overtake the response's beginning: then hopwise can still answer by itself.
      const status = await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").then(
        (response) => response.status,
        () => "cut off",
      );
      expect(["cut off", 502]).toContain(status);
      client.close();
    }
  });

  it("stalls in the body: the response ends visibly incomplete", async () => {
    act = (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${"x".repeat(500)}`);
    const impatient = await startHopwise(["--to", originUrl, "--body-timeout", "300ms"]);
    const expected = { downstream: { "upstream-failed": 1 }, upstream: { "body-timeout": 1 } };
    const result = await closesOf(impatient, expected, () => curl([`${impatient.url}/`]));
    expect(result.code).toBe(curlExit.partialFile);
    expect((await impatient.stop()).code).toBe(0);
  });
});
