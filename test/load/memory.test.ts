/**
 * Backpressure: what one side does not take, the other side is not asked for, and hopwise does not hold it.
 *
 * Measured as the resident memory of the process, before and while 200 MB are stuck.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closesOf } from "../interop/support/closes.ts";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { randomOctets } from "../interop/support/random.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { until, untilStill } from "../interop/support/waiting.ts";

const BODY_BYTES = 200_000_000;
const MEMORY_BYTES_MAX = 30_000_000;
/** The system's socket buffers on the way hold some, too: Linux lets a fast one grow to 32 MB. */
const IN_SOCKETS_BYTES_MAX = BODY_BYTES / 2;
const piece = randomOctets(64 * 1024);

describe.skipIf(process.platform !== "linux")("memory (skipped where there is no /proc)", () => {
  let origin: Server;
  let hopwise: Hopwise;
  let handler: (request: IncomingMessage, response: ServerResponse) => void = () => {};

  beforeAll(async () => {
    origin = createServer((request, response) => handler(request, response));
    hopwise = await startHopwise(["--to", await listening(origin)]);
    await warmUp();
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    origin.closeAllConnections();
    origin.close();
    expect(exit?.code).toBe(0);
  });

  /** Lets the process reach the size it has under ordinary load: what is measured is one stuck body. */
  async function warmUp(): Promise<void> {
    handler = (request, response) => {
      request.resume();
      request.on("end", () => response.end(piece));
    };
    const client = await RawClient.open(hopwise.port);
    for (let i = 0; i < 200; i++) {
      const request = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${piece.length}\r\n\r\n`;
      const response = client.response();
      client.send(request);
      client.send(piece);
      expect((await response).body.length).toBe(piece.length);
    }
    client.close();
  }

  it.each([
    "with a length",
    "in chunks",
  ])("a response of 200 MB %s to a client that does not read costs less than 30 MB", async (framing) => {
    let offered = 0;
    handler = (_request, response) => {
      response.writeHead(200, framing === "in chunks" ? {} : { "Content-Length": BODY_BYTES });
      const more = () => {
        while (offered < BODY_BYTES) {
          const part = piece.subarray(0, BODY_BYTES - offered);
          offered += part.length;
          if (!response.write(part)) return;
        }
        response.end();
      };
      response.on("drain", more);
      more();
    };
    await closesOf(hopwise, { downstream: { "close-received": 1 }, upstream: {} }, async () => {
      const before = hopwise.residentBytes();
      const client = await RawClient.open(hopwise.port);
      client.socket.pause();
      client.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await until("the response has begun", () => offered > 0);
      await untilStill(() => offered, 500);
      const cost = hopwise.residentBytes() - before;
      console.log(
        `a response ${framing} that is not read: ${megabytes(offered)} left the origin, ${megabytes(cost)} of memory`,
      );
      expect(offered).toBeLessThan(IN_SOCKETS_BYTES_MAX);
      expect(cost).toBeLessThan(MEMORY_BYTES_MAX);

      // It was stuck, not lost: the client reads on and gets all of it.
      let received = 0;
      client.socket.removeAllListeners("data");
      client.socket.on("data", (octets: Buffer) => {
        received += octets.length;
      });
      client.socket.resume();
      expect(await client.ended).toBe("fin");
      expect(received).toBeGreaterThan(BODY_BYTES);
      expect(hopwise.residentBytes() - before).toBeLessThan(2 * MEMORY_BYTES_MAX);
    });
  });

  it("an upload of 200 MB to an origin that does not read costs less than 30 MB", async () => {
    let arrived: IncomingMessage | undefined;
    let taken = 0;
    handler = (request, response) => {
      arrived = request;
      request.pause();
      request.on("end", () => response.end(String(taken)));
    };
    await closesOf(hopwise, { downstream: { "close-received": 1 } }, async () => {
      const before = hopwise.residentBytes();
      const client = await RawClient.open(hopwise.port);
      client.send(`POST /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
      let offered = 0;
      const more = () => {
        while (offered < BODY_BYTES) {
          const part = piece.subarray(0, BODY_BYTES - offered);
          offered += part.length;
          if (!client.socket.write(part)) return;
        }
      };
      client.socket.on("drain", more);
      more();
      await until("the origin has the head", () => arrived !== undefined);
      await untilStill(() => offered, 500);
      const cost = hopwise.residentBytes() - before;
      console.log(`an upload that is not read: ${megabytes(offered)} left the client, ${megabytes(cost)} of memory`);
      expect(offered).toBeLessThan(IN_SOCKETS_BYTES_MAX);
      expect(cost).toBeLessThan(MEMORY_BYTES_MAX);

      const response = client.response();
      arrived?.on("data", (octets: Buffer) => {
        taken += octets.length;
      });
      arrived?.resume();
      expect((await response).body.toString()).toBe(String(BODY_BYTES));
      expect(hopwise.residentBytes() - before).toBeLessThan(2 * MEMORY_BYTES_MAX);
    });
  });

  it("a body that is stuck does not keep others from passing", async () => {
    handler = (request, response) => {
      if (request.url === "/stuck") response.writeHead(200).write(Buffer.alloc(20_000_000));
      else response.end("quick");
    };
    const stuck = await RawClient.open(hopwise.port);
    stuck.socket.pause();
    stuck.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
    const other = await RawClient.open(hopwise.port);
    for (let i = 0; i < 100; i++) {
      const response = await other.exchange("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(response.body.toString()).toBe("quick");
    }
    other.close();
    stuck.close();
  });
});

function megabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(1)} MB`;
}
