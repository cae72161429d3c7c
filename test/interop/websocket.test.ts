/**
 * WebSocket through hopwise: `ws` on both ends, hopwise a blind tunnel between them.
 */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { closesOf } from "./support/closes.ts";
import { type Hopwise, startHopwise } from "./support/hopwise.ts";
import { listening } from "./support/listening.ts";
import { randomOctets } from "./support/random.ts";
import { RawClient } from "./support/raw-client.ts";

const tunnelEnded = { downstream: { "tunnel-ended": 1 }, upstream: { "tunnel-ended": 1 } };

describe("WebSocket", () => {
  let origin: Server;
  let sockets: WebSocketServer;
  let hopwise: Hopwise;

  beforeAll(async () => {
    origin = createServer((_request, response) => {
      response.writeHead(426, { Connection: "Upgrade", Upgrade: "websocket" }).end("WebSocket only\n");
    });
    sockets = new WebSocketServer({ server: origin, handleProtocols: (offered) => [...offered][0] ?? false });
    sockets.on("connection", (socket) => {
      socket.on("error", () => undefined);
      socket.on("message", (data, isBinary) => {
        if (!isBinary && String(data) === "close yourself") socket.close(4_001, "as you wish");
        else if (!isBinary && String(data) === "ping me") socket.ping("are you there?");
        else socket.send(data as Buffer, { binary: isBinary });
      });
      socket.on("pong", (data) => socket.send(`you said ${data}`));
    });
    hopwise = await startHopwise(["--to", await listening(origin)]);
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    sockets.close();
    origin.close();
    expect(exit?.code).toBe(0);
  });

  async function open(protocols: string[] = []): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${hopwise.port}/echo`, protocols, { perMessageDeflate: true });
    socket.on("error", () => undefined);
    await event(socket, "open");
    return socket;
  }

  async function echoed(socket: WebSocket, message: string | Buffer): Promise<Buffer> {
    const answer = event(socket, "message");
    socket.send(message);
    return (await answer)[0] as Buffer;
  }

  async function closed(socket: WebSocket, code: number): Promise<void> {
    const ended = event(socket, "close");
    socket.close(code, "done");
    expect((await ended)[0]).toBe(code);
  }

  it("echoes text and binary messages and negotiates a subprotocol", async () => {
    await closesOf(hopwise, tunnelEnded, async () => {
      const socket = await open(["hop.v1", "hop.v2"]);
      expect(socket.protocol).toBe("hop.v1");
      expect(String(await echoed(socket, "each hop is its own"))).toBe("each hop is its own");
      const octets = randomOctets(1_000, 3);
      expect((await echoed(socket, octets)).equals(octets)).toBe(true);
      await closed(socket, 1_000);
    });
  });

  it("passes a message of 1 MB", async () => {
    await closesOf(hopwise, tunnelEnded, async () => {
      const socket = await open();
      const octets = randomOctets(1_000_000, 4);
      expect((await echoed(socket, octets)).equals(octets)).toBe(true);
      await closed(socket, 1_000);
    });
  });

  it("passes ping and pong both ways", async () => {
    await closesOf(hopwise, tunnelEnded, async () => {
      const socket = await open();
      const pong = event(socket, "pong");
      socket.ping("hello?");
      expect(String((await pong)[0])).toBe("hello?");
      expect(String(await echoed(socket, "ping me"))).toBe("you said are you there?");
      await closed(socket, 1_000);
    });
  });

  it("passes the server's close with its code and reason", async () => {
    await closesOf(hopwise, tunnelEnded, async () => {
      const socket = await open();
      const ended = event(socket, "close");
      socket.send("close yourself");
      const [code, reason] = await ended;
      expect(code).toBe(4_001);
      expect(String(reason)).toBe("as you wish");
    });
  });

  it("tells the origin when the client disappears", async () => {
    const expected = { downstream: { "peer-reset": 1 }, upstream: { "client-gone": 1 } };
    await closesOf(hopwise, expected, async () => {
      const accepted = new Promise<WebSocket>((resolve) => sockets.once("connection", resolve));
      const client = await RawClient.open(hopwise.port);
      const answer = await client.exchange(
        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      );
      expect(answer.status).toBe(101);
      expect(answer.fields.connection?.toLowerCase()).toBe("upgrade");
      const atOrigin = await accepted;
      const gone = event(atOrigin, "close");
      client.socket.resetAndDestroy();
      expect((await gone)[0]).toBe(1_006);
    });
  });

  it("passes 426 through as an ordinary answer, with its Upgrade", async () => {
    const client = await RawClient.open(hopwise.port);
    const answer = await client.exchange("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(answer.status).toBe(426);
    expect(answer.fields.upgrade).toBe("websocket");
    expect(answer.fields.connection?.toLowerCase()).toBe("upgrade");
    const again = await client.exchange("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(again.status).toBe(426);
    client.close();
  });
});

/** The arguments of the next event of this name; an error rejects. */
function event(socket: WebSocket, name: "open" | "message" | "pong" | "close"): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once(name, (...args: unknown[]) => {
      socket.removeListener("error", reject);
      resolve(args);
    });
  });
}
