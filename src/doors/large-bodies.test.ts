/**
 * Large responses through the handler: written from the memory that they were read into, which is nobody's else until Node has sent
 * it, and everybody's again afterwards, however the exchange ended.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { until } from "../../test/interop/support/waiting.ts";
import { DoorStage, type OriginActs } from "../../test/kit/door-stage.ts";
import { type Piece, slabsBeyondFirst, sweep, takePiece } from "../net/slabs.ts";

const BODY_BYTES = 2 * 1024 * 1024;
/** More than the system holds for somebody who does not read. */
const LONG_BODY_BYTES = 8 * BODY_BYTES;
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_LONG = "GET /long HTTP/1.1\r\nHost: a\r\n\r\n";

/** Bytes in which each place is different from what another response has there. */
function bodyOf(seed: number, bytes: number): string {
  const body = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4) body.writeUInt32LE((at * 2_654_435_761 + seed * 97) >>> 0, at);
  return body.toString("latin1");
}
const hashOf = (text: string) => createHash("sha256").update(text, "latin1").digest("hex");

let stage: DoorStage;
afterEach(() => stage.close());

/** Answers requests in their order, each with a body of its own. */
function answering(): { readonly acts: OriginActs; readonly bodies: string[] } {
  const bodies: string[] = [];
  const acts: OriginActs = (socket: Socket, asked: string) => {
    if (!asked.endsWith("\r\n\r\n")) return;
    const body = bodyOf(bodies.length, asked.startsWith("GET /long") ? LONG_BODY_BYTES : BODY_BYTES);
    bodies.push(body);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, "latin1");
  };
  return { acts, bodies };
}

/** Pieces that can be had without another slab: all that nobody holds of those there are. */
function freePieces(): number {
  sweep();
  const slabs = slabsBeyondFirst();
  const taken: Piece[] = [];
  while (slabsBeyondFirst() === slabs) taken.push(takePiece());
  for (const piece of taken) piece.letGo();
  for (let round = 0; round < 10; round++) sweep();
  return taken.length - 1;
}

const bodyIn = (received: string) => received.slice(received.indexOf("\r\n\r\n") + 4);

it("arrive as they were sent, to many at once, to one who reads late, too", async () => {
  const { acts, bodies } = answering();
  stage = await DoorStage.open(acts);
  const before = freePieces();
  const late = stage.client(GET_LONG);
  late.socket.pause();
  const others = Array.from({ length: 7 }, () => stage.client(GET));
  await until("the others have all of it", () =>
    others.every(({ received }) => bodyIn(received).length === BODY_BYTES),
  );
  late.socket.resume();
  await until("the last has, too", () => bodyIn(late.received).length === LONG_BODY_BYTES);
  const received = [late, ...others].map((client) => hashOf(bodyIn(client.received)));
  expect(received.toSorted()).toStrictEqual(bodies.map(hashOf).toSorted());
  await stage.ended(8);
  for (const { socket } of stage.origins) socket.destroy();
  await until("all memory is free again", () => freePieces() >= before);
});

it("leave nothing behind when their clients go in the middle of them", async () => {
  stage = await DoorStage.open(answering().acts);
  const before = freePieces();
  const clients = Array.from({ length: 8 }, () => stage.client(GET));
  for (const client of clients) {
    await client.until("\r\n\r\n");
    client.socket.pause();
    client.socket.resetAndDestroy();
  }
  await stage.ended(8);
  await until("all memory is free again", () => freePieces() >= before);
});

it("are copied where middleware keeps what it is given", async () => {
  const { acts, bodies } = answering();
  const kept: Uint8Array[] = [];
  stage = await DoorStage.open(acts, {}, (handler) =>
    createServer((request, response) => {
      const { write, end } = response;
      const keep = (piece: Uint8Array | string | undefined) => {
        if (typeof piece === "string") kept.push(Buffer.from(piece, "latin1"));
        else if (piece !== undefined) kept.push(piece);
      };
      Object.assign(response, {
        write: (...said: [piece: Uint8Array | string]) => {
          keep(said[0]);
          return Reflect.apply(write, response, said);
        },
        end: (...said: [piece?: Uint8Array | string]) => {
          keep(said[0]);
          return Reflect.apply(end, response, said);
        },
      });
      handler(request, response);
    }),
  );
  const client = stage.client(GET);
  await until("all of it has come", () => bodyIn(client.received).length === BODY_BYTES);
  // Another goes through the same memory.
  await stage.client(GET).until(/\r\n\r\n[\s\S]{2000000}/);
  const first = Buffer.concat(kept).subarray(0, BODY_BYTES).toString("latin1");
  expect(hashOf(first)).toBe(hashOf(bodies[0] ?? ""));
});
