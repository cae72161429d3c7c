/**
 * HTTP/1.0 clients: without keep-alive the connection closes whatever the origin says; with it, the terms hold.
 */
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closesOf } from "../interop/support/closes.ts";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { RawClient, type RawResponse } from "../interop/support/raw-client.ts";
import { pause } from "../interop/support/waiting.ts";

/** What origins say about their own connection, with a body in each framing. */
const answers: Readonly<Record<string, string>> = {
  "says nothing": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "says keep-alive with terms":
    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=600, max=1000\r\nContent-Length: 5\r\n\r\nhello",
  "says keep-alive over HTTP/1.0":
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=600\r\nContent-Length: 5\r\n\r\nhello",
  "says Keep-Alive without its token": "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=600\r\nContent-Length: 5\r\n\r\nhello",
  "says Proxy-Connection": "HTTP/1.1 200 OK\r\nProxy-Connection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
  "says close": "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
  "answers in chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "answers until it closes": "HTTP/1.0 200 OK\r\n\r\nhello",
};

const NO_KEEP_ALIVE = "GET / HTTP/1.0\r\n\r\n";
/** Two seconds are enforced. Without them it would be the default, 75 s. */
const IDLE_MS_MAX = 30_000;

const KEEP_ALIVE = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

describe("HTTP/1.0 clients", () => {
  let origin: Server;
  let hopwise: Hopwise;
  let answer = answers["says nothing"] ?? "";

  beforeAll(async () => {
    origin = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => {
        socket.write(answer);
        if (/^Connection: close|^HTTP\/1\.0 200 OK\r\n\r\n/m.test(answer)) socket.end();
      });
    });
    hopwise = await startHopwise(["--to", await listening(origin), "--keep-alive-timeout", "2s"]);
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    origin.close();
    expect(exit?.code).toBe(0);
  });

  for (const [saying, octets] of Object.entries(answers)) {
    it(`the connection closes after the response when the origin ${saying}`, async () => {
      answer = octets;
      for (const request of [NO_KEEP_ALIVE, "GET / HTTP/1.0\r\nConnection: close\r\n\r\n"]) {
        const reason = request === NO_KEEP_ALIVE ? "http10-not-kept" : "close-received";
        await closesOf(hopwise, { downstream: { [reason]: 1 } }, async () => {
          const client = await RawClient.open(hopwise.port);
          const response = await client.exchange(request);
          expect(response.status).toBe(200);
          expect(response.body.toString()).toBe("hello");
          expect(response.fields.connection).toBe("close");
          expect(response.fields["keep-alive"]).toBeUndefined();
          expect(response.fields["transfer-encoding"]).toBeUndefined();
          expect(await client.ended).toBe("fin");
          expect(client.unread).toBe("");
        });
      }
    });
  }

  it("no response of 100 connections leaves one open, GET or POST", async () => {
    answer = answers["says keep-alive with terms"] ?? "";
    await closesOf(hopwise, { downstream: { "http10-not-kept": 100 } }, async () => {
      for (let i = 0; i < 100; i++) {
        const client = await RawClient.open(hopwise.port);
        await client.exchange(i % 2 === 0 ? NO_KEEP_ALIVE : "POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody");
        expect(await client.ended).toBe("fin");
      }
    });
  });

  for (const saying of ["says nothing", "says keep-alive with terms", "says close"]) {
    it(`keep-alive is granted on request, with hopwise's own terms, when the origin ${saying}`, async () => {
      answer = answers[saying] ?? "";
      const client = await RawClient.open(hopwise.port);
      const terms = termsOf(await client.exchange(KEEP_ALIVE));
      expect(terms.timeout_s).toBe(1);
      client.close();
    });
  }

  for (const saying of ["answers in chunks", "answers until it closes"]) {
    it(`keep-alive is not granted where HTTP/1.0 has no length for it: the origin ${saying}`, async () => {
      answer = answers[saying] ?? "";
      await closesOf(hopwise, { downstream: { "close-delimited": 1 } }, async () => {
        const client = await RawClient.open(hopwise.port);
        const response = await client.exchange(KEEP_ALIVE);
        expect(response.fields.connection).toBe("close");
        expect(response.body.toString()).toBe("hello");
        expect(await client.ended).toBe("fin");
      });
    });
  }

  it("the timeout holds: just before it the connection works, at its end it closes with FIN", async () => {
    answer = answers["says nothing"] ?? "";
    await closesOf(hopwise, { downstream: { "idle-timeout": 1 } }, async () => {
      const client = await RawClient.open(hopwise.port);
      let { timeout_s } = termsOf(await client.exchange(KEEP_ALIVE));
      for (let i = 0; i < 2; i++) {
        await pause(timeout_s * 1_000 - 20);
        timeout_s = termsOf(await client.exchange(KEEP_ALIVE)).timeout_s;
      }
      const idleSince = performance.now();
      expect(await client.ended).toBe("fin");
      const idled_ms = performance.now() - idleSince;
      expect(idled_ms).toBeGreaterThan(timeout_s * 1_000);
      expect(idled_ms).toBeLessThan(IDLE_MS_MAX);
    });
  });

  it("max counts down", async () => {
    answer = answers["says nothing"] ?? "";
    const client = await RawClient.open(hopwise.port);
    let { max } = termsOf(await client.exchange(KEEP_ALIVE));
    for (let i = 0; i < 10; i++) {
      const next = termsOf(await client.exchange(KEEP_ALIVE));
      expect(next.max).toBe(max - 1);
      max = next.max;
    }
    client.close();
  });

  it("max holds: that many more requests are served, the last with close and FIN", async () => {
    answer = answers["says nothing"] ?? "";
    const strict = await startHopwise(["--to", urlOf(origin), "--max-requests", "5"]);
    await closesOf(strict, { downstream: { "max-requests": 1 } }, async () => {
      const client = await RawClient.open(strict.port);
      const { max } = termsOf(await client.exchange(KEEP_ALIVE));
      expect(max).toBe(4);
      for (let left = max - 1; left > 0; left--) {
        expect(termsOf(await client.exchange(KEEP_ALIVE)).max).toBe(left);
      }
      const last = await client.exchange(KEEP_ALIVE);
      expect(last.status).toBe(200);
      expect(last.fields.connection).toBe("close");
      expect(last.fields["keep-alive"]).toBeUndefined();
      expect(await client.ended).toBe("fin");
    });
    expect((await strict.stop()).code).toBe(0);
  });
});

function termsOf(response: RawResponse): { timeout_s: number; max: number } {
  expect(response.status).toBe(200);
  expect(response.fields.connection).toBe("keep-alive");
  const [, timeout, max] = /^timeout=(\d+), max=(\d+)$/.exec(response.fields["keep-alive"] ?? "") ?? [];
  expect(timeout).toBeDefined();
  return { timeout_s: Number(timeout), max: Number(max) };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address");
  return `http://127.0.0.1:${address.port}`;
}
