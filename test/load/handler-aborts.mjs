/**
 * Many requests through a handler that their clients abort, in each state: while they wait, in the middle of an upload, in the middle
 * of a response, before the handler is called, and as an upgrade. Tells what is left behind, as JSON.
 *
 *   node --expose-gc test/load/handler-aborts.mjs COUNT
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createRawServer } from "node:net";
import { createHandler } from "../../dist/index.js";

const count = Number(process.argv[2]);
const AT_ONCE = 50;
const listening = async (server) => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
};

/** What a client sends, and what must have happened before it aborts. */
const ways = [
  ["GET /waits HTTP/1.1\r\nHost: a\r\n\r\n", "asked"],
  ["POST /waits HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello", "asked"],
  ["POST /waits HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "asked"],
  ["GET /begins HTTP/1.1\r\nHost: a\r\n\r\n", "received"],
  ["GET /late HTTP/1.1\r\nHost: a\r\n\r\n", "late"],
  ["GET /waits HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "asked"],
];

/** Who waits for what, by the number of the request. */
const waiting = new Map();
function happened(what, id) {
  const key = `${what} ${id}`;
  waiting.get(key)?.();
  waiting.delete(key);
}

const origin = createRawServer((socket) => {
  socket.on("error", () => {}).on("end", () => socket.end());
  socket.on("data", (bytes) => {
    const text = bytes.toString("latin1");
    const id = /X-Id: (\d+)/.exec(text)?.[1];
    if (text.startsWith("GET /begins")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
    if (id !== undefined) happened("asked", id);
  });
});
const handler = createHandler({ to: `http://127.0.0.1:${await listening(origin)}`, poolSize: 1_000 });
const server = createServer((request, response) => {
  if (request.url !== "/late") return handler(request, response);
  response.on("close", () => handler(request, response));
  happened("late", request.headers["x-id"]);
});
server.on("upgrade", handler.upgrade);
const port = await listening(server);

let next = 0;
async function abortOne() {
  const id = next++;
  const [text, before] = ways[id % ways.length];
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const isReady =
    before === "received" ? once(socket, "data") : new Promise((resolve) => waiting.set(`${before} ${id}`, resolve));
  socket.write(text.replace("\r\n\r\n", `\r\nX-Id: ${id}\r\n\r\n`));
  await isReady;
  if (id % 2 === 0) socket.destroy();
  else socket.resetAndDestroy();
  if (!socket.closed) await once(socket, "close");
}

async function abort(many) {
  const end = next + many;
  const client = async () => {
    while (next < end) await abortOne();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

async function settledHeap() {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

await abort(Math.max(2_000, count / 5));
const before = await settledHeap();
const warmed = next;
await abort(count);
const bytesEach = Math.round(((await settledHeap()) - before) / (next - warmed));
const { cut } = await handler.close({ graceMs: 5_000 });
const { exchanges, connections } = handler.stats();
const { outcomes, inProgress } = exchanges;
const lates = Math.ceil((next - 4) / ways.length);
console.log(
  JSON.stringify({
    bytesEach,
    cut,
    inProgress,
    isEveryoneCounted: outcomes["client-gone"] === next - lates && exchanges.total === next - lates,
    openDownstream: connections.downstream.open,
    openUpstream: connections.upstream.open,
  }),
);
process.exit(0);
