/**
 * Streaming through hopwise: the first octets pass before the last are sent, both ways, and at once if need be.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closesOf } from "./support/closes.ts";
import { type Hopwise, startHopwise } from "./support/hopwise.ts";
import { listening } from "./support/listening.ts";
import { RawClient } from "./support/raw-client.ts";
import { until } from "./support/waiting.ts";

describe("streaming", () => {
  let origin: Server;
  let hopwise: Hopwise;
  let handler: (request: IncomingMessage, response: ServerResponse) => void = () => {};

  beforeAll(async () => {
    origin = createServer((request, response) => handler(request, response));
    hopwise = await startHopwise(["--to", await listening(origin)]);
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    origin.closeAllConnections();
    origin.close();
    expect(exit?.code).toBe(0);
  });

  /** What the client has received, as text, once it contains `what`. */
  function watching(client: RawClient): (what: string) => Promise<void> {
    let text = "";
    client.socket.on("data", (octets: Buffer) => {
      text += octets.toString("latin1");
    });
    return (what) => until(`the client sees ${what}`, () => text.includes(what));
  }

  it("passes each server-sent event when it is sent", async () => {
    let respond: ServerResponse | undefined;
    handler = (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
      respond = response;
    };
    await closesOf(hopwise, { downstream: { "close-received": 1 } }, async () => {
      const client = await RawClient.open(hopwise.port);
      const sees = watching(client);
      const response = client.response();
      client.send("GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n");
      await sees("text/event-stream");
      for (const number of [1, 2, 3]) {
        respond?.write(`data: event ${number}\n\n`);
        await sees(`event ${number}`);
      }
      respond?.end();
      expect((await response).body.toString()).toBe("data: event 1\n\ndata: event 2\n\ndata: event 3\n\n");
      expect(await client.ended).toBe("fin");
    });
  });

  it("passes a request's first octets before its last are sent", async () => {
    let received = "";
    handler = (request, response) => {
      request.on("data", (octets: Buffer) => {
        received += octets.toString();
      });
      request.on("end", () => response.end(received));
    };
    const client = await RawClient.open(hopwise.port);
    const response = client.response();
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    await until("the origin has the first chunk", () => received === "first");
    client.send("4\r\nlast\r\n0\r\n\r\n");
    expect((await response).body.toString()).toBe("firstlast");
    client.close();
  });

  it("carries a conversation inside one exchange: each side answers the other while both bodies are open", async () => {
    handler = (request, response) => {
      response.flushHeaders();
      request.on("data", (octets: Buffer) => response.write(`echo ${octets}`));
      request.on("end", () => response.end());
    };
    const client = await RawClient.open(hopwise.port);
    const sees = watching(client);
    const response = client.response();
    client.send("POST /talk HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const word of ["one", "two", "ten"]) {
      client.send(`3\r\n${word}\r\n`);
      await sees(`echo ${word}`);
    }
    client.send("0\r\n\r\n");
    expect((await response).body.toString()).toBe("echo oneecho twoecho ten");
    client.close();
  });

  it("cancels the origin's work when the client disappears from a stream", async () => {
    let isCancelled = false;
    handler = (_request, response) => {
      response.write("begun");
      response.on("close", () => {
        isCancelled = !response.writableFinished;
      });
    };
    await closesOf(hopwise, { downstream: { "peer-reset": 1 }, upstream: { "client-gone": 1 } }, async () => {
      const client = await RawClient.open(hopwise.port);
      const sees = watching(client);
      client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
      await sees("begun");
      client.socket.resetAndDestroy();
      await until("the origin is told", () => isCancelled);
    });
  });

  it("answers a client that has half-closed in full", async () => {
    let finish: (() => void) | undefined;
    handler = (_request, response) => {
      response.write("slowly ");
      finish = () => response.end("but surely");
    };
    await closesOf(hopwise, { downstream: { "peer-half-closed": 1 } }, async () => {
      const client = await RawClient.open(hopwise.port);
      const sees = watching(client);
      const response = client.response();
      client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      client.socket.end();
      await sees("slowly");
      finish?.();
      expect((await response).body.toString()).toBe("slowly but surely");
      expect(await client.ended).toBe("fin");
    });
  });
});
