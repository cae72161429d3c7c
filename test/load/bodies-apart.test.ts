/**
 * Large bodies of many connections at once, to and from slow readers: each octet arrives where it belongs.
 *
 * The memory that a body was read into serves another connection once its writes have finished; a mistake there would hand one
 * client's octets to another. So each octet of these bodies tells whose it is and where it stands.
 */
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { isLong } from "../interop/support/long.ts";
import { randomFrom, seed } from "../interop/support/random.ts";
import { pause } from "../interop/support/waiting.ts";

const CLIENTS = isLong ? 300 : 30;
/** More than the system holds for a client that does not read: the rest waits in unfinished writes. */
const BODY_BYTES = 10_000_000;
const PERIOD = 65_521;

/** Owner and position decide every octet: a prime period, so that no size of buffer hides a shift. */
const tables = new Map<number, Buffer>();
function bodyOf(owner: number): Buffer {
  const known = tables.get(owner % 251);
  if (known !== undefined) return known;
  const table = Buffer.alloc(PERIOD + 1_000_000);
  for (let i = 0; i < table.length; i++)
    table[i] = ((i % PERIOD) * 31 + (owner % 251) * 97 + ((i % PERIOD) >> 8)) & 255;
  tables.set(owner % 251, table);
  return table;
}

/** Whether `octets` are what `owner`'s body has at `position`. */
function belongs(octets: Buffer, owner: number, position: number): boolean {
  const from = position % PERIOD;
  return octets.equals(bodyOf(owner).subarray(from, from + octets.length));
}

let origin: Server;
let hopwise: Hopwise;
let misplaced = 0;

beforeAll(async () => {
  origin = createServer((request, response) => {
    const owner = Number(request.url?.slice(1));
    let received = 0;
    request.on("data", (octets: Buffer) => {
      if (!belongs(octets, owner, received)) misplaced++;
      received += octets.length;
      if (owner % 2 !== 0) return;
      request.pause();
      setTimeout(() => request.resume(), 5);
    });
    request.on("end", () => {
      if (request.method === "POST") {
        response.end(String(received));
        return;
      }
      response.writeHead(200, owner % 2 === 0 ? { "Content-Length": BODY_BYTES } : {});
      let sent = 0;
      const more = () => {
        while (sent < BODY_BYTES && !response.writableEnded) {
          const length = Math.min(100_000, BODY_BYTES - sent);
          const from = sent % PERIOD;
          sent += length;
          if (!response.write(bodyOf(owner).subarray(from, from + length))) return;
        }
        response.end();
      };
      response.on("drain", more);
      more();
    });
  });
  hopwise = await startHopwise(["--to", await listening(origin), "--pool-size", "1000"]);
});

afterAll(async () => {
  expect((await hopwise.stop()).code).toBe(0);
  origin.closeAllConnections();
  origin.close();
});

/** Asks for its own body, and reads it with pauses. Returns how much of it came. */
async function download(owner: number): Promise<number> {
  const random = randomFrom(seed + owner);
  const socket = connect(hopwise.port, "127.0.0.1").on("error", () => undefined);
  // HTTP/1.0: what comes behind the head is the body.
  socket.write(`GET /${owner} HTTP/1.0\r\nHost: a\r\n\r\n`);
  let position = -1;
  await pause(random.between(100, 400));
  for await (const octets of socket as AsyncIterable<Buffer>) {
    let body = octets;
    if (position < 0) {
      position = 0;
      body = octets.subarray(octets.indexOf("\r\n\r\n") + 4);
    }
    if (!belongs(body, owner, position)) misplaced++;
    position += body.length;
    if (random.next() < 0.3) await pause(random.between(0, 5));
  }
  return position;
}

async function upload(owner: number): Promise<string> {
  const response = await fetch(`${hopwise.url}/${owner}`, { method: "POST", body: repeated(owner) });
  return response.text();
}

function repeated(owner: number): Buffer {
  const body = Buffer.alloc(BODY_BYTES);
  for (let at = 0; at < BODY_BYTES; at += PERIOD) bodyOf(owner).copy(body, at, 0, PERIOD);
  return body;
}

it(`${CLIENTS} downloads and ${CLIENTS / 3} uploads of 10 MB`, { timeout: 240_000 }, async () => {
  const owners = Array.from({ length: CLIENTS }, (_, owner) => owner);
  const uploaders = owners.filter((owner) => owner % 3 === 0);
  const [down, up] = await Promise.all([Promise.all(owners.map(download)), Promise.all(uploaders.map(upload))]);
  expect(misplaced).toBe(0);
  expect(down).toEqual(owners.map(() => BODY_BYTES));
  expect(up).toEqual(uploaders.map(() => String(BODY_BYTES)));
});
