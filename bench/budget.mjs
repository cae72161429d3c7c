/**
 * Where an exchange's time goes: `node bench/budget.mjs [--quick] [REVISION]`; without one, in the working tree.
 *
 * Each step of a small exchange is run by itself, thousands of times in a batch; the figure is the fastest batch, which
 * other work on the machine disturbs least. Steps marked with a socket include the system call over the loopback
 * interface, whose receiving half the system also does within the call. Deliberately absent: load; see run.mjs.
 */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { MemoryDialer, MemorySocket } from "../test/guard/memory-net.mjs";
import { build, WORKING_TREE } from "./builds.mjs";

const directory = mkdtempSync(join(tmpdir(), "hopwise-budget-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
const [revision = WORKING_TREE] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const { label } = build(revision, directory);
console.log(
  `${label}, ${process.versions.bun === undefined ? "Node" : "Bun"} ${process.versions.bun ?? process.versions.node}\n`,
);
/** Older revisions have their modules in `dist`. */
const modules = existsSync(join(directory, "build")) ? "build" : "dist";
const load = (path) => import(new URL(`${modules}/${path}`, pathToFileURL(`${directory}/`)));
const { readProxyOptions } = await load("config/options.js");
const { EventHub } = await load("ledger/events.js");
const { Ledger } = await load("ledger/ledger.js");
const { Observers } = await load("ledger/observers.js");
const { beginTurn, endTurn, nodeClock } = await load("net/node-clock.js");
const { Gateway } = await load("gateway/gateway.js");
const { admit: admission } = await load("exchange/admission.js");
const { RequestHead } = await load("wire/request-head.js");
const { ResponseHead } = await load("wire/response-head.js");
const { responseFraming } = await load("wire/framing.js");
const { connectionOptionsOf } = await load("wire/fields.js");
const { requestHeadText, sentFraming } = await load("http1/request-writing.js");
const { responseHeadText } = await load("http1/response-writing.js");
/** Where revisions have what writes to a handle, and what it is called. */
const direct = await load("net/node-handles/handle-writing.js").catch(() =>
  load("net/direct-writing.js").catch(() => ({})),
);
const writeToHandle = direct.writeTo ?? direct.writeDirectly;

const BATCH = 2_000;
/** `--quick`: to see that it runs; no figures to go by. */
const isQuick = process.argv.includes("--quick");
const BATCHES = isQuick ? 1 : 120;
const ROUNDS = isQuick ? 1 : 6;
const CLIENTS = 64;

const body = "x".repeat(64);
const requestOctets = Buffer.from("GET /small HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
const responseOctets = Buffer.from(
  "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" +
    `Content-Type: text/plain\r\nContent-Length: 64\r\nConnection: keep-alive\r\n\r\n${body}`,
);

/** Microseconds of one `step`, in the fastest batch. */
function timed(step) {
  let least = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < BATCHES; batch++) {
    const from = process.hrtime.bigint();
    for (let i = 0; i < BATCH; i++) step(i);
    least = Math.min(least, Number(process.hrtime.bigint() - from) / 1e3 / BATCH);
  }
  return least;
}

const dialer = new MemoryDialer();
const ledger = new Ledger(nodeClock);
const gateway = new Gateway(readProxyOptions({ to: "http://127.0.0.1:1", admin: false }).gateway, {
  clock: nodeClock,
  dialer,
  observer: new Observers(ledger, new EventHub(nodeClock)),
});
const clients = Array.from({ length: CLIENTS }, (_, index) => new MemorySocket(index + 1));
for (const client of clients) gateway.accept(client);
for (const client of clients) client.handler.onData(requestOctets);
dialer.connect();
for (const { handler } of dialer.sockets) handler.onData(responseOctets);
const upstream = dialer.sockets.at(-1);
const { context } = gateway;
const limits = context.settings.headLimits;
const downstream = clients[0].handler;

/** As sockets do: all of one event happens at the same time. */
function inTurn(handler, octets) {
  beginTurn();
  handler.onData(octets);
  endTurn();
}

function requestHead() {
  const head = new RequestHead(limits);
  head.read(requestOctets, 0);
  return head;
}
function responseHead() {
  const head = new ResponseHead(limits);
  head.read(responseOctets, 0);
  return head;
}
const theRequest = requestHead();
const theResponse = responseHead();
// Revisions before TLS for clients took a boolean, which tells apart nothing that this request has.
const stranger = { isTrusted: false, socket: {} };
const admit = () => admission(theRequest, context.settings.viaName, context.isGateway, stranger);
const admitted = admit();
const sent = sentFraming(admitted.framing, undefined);
const framing = responseFraming(theResponse, "GET");
const options = connectionOptionsOf(theResponse.fields);
let sink = 0;

const steps = [
  ["read a request's head", () => (sink += requestHead().fields.count)],
  ["admit it", () => (sink += admit().framing.length)],
  ["write it anew", () => (sink += requestHeadText(context, downstream, theRequest, admitted, sent, "o").length)],
  ["read a response's head", () => (sink += responseHead().fields.count)],
  [
    "decide its framing and options",
    () =>
      (sink += responseFraming(theResponse, "GET").length + connectionOptionsOf(theResponse.fields).nominated.length),
  ],
  [
    "write it anew",
    () => {
      sink += responseHeadText({
        head: theResponse,
        options,
        framing,
        clientFraming: "length",
        requestMethod: "GET",
        connectionLines: "",
        context,
      }).length;
    },
  ],
  [
    "a whole exchange, all of this and the rest, no sockets",
    (i) => {
      inTurn(clients[i % CLIENTS].handler, requestOctets);
      inTurn(upstream.handler, responseOctets);
    },
  ],
];
for (const [name, step] of steps) console.log(`${timed(step).toFixed(2).padStart(8)} µs  ${name}`);

// Somebody who takes all that is written, in a thread of its own.
const reader = new Worker(
  `const { createServer } = require("node:net"); const { parentPort } = require("node:worker_threads");
   createServer((socket) => socket.resume()).listen(0, "127.0.0.1", function () { parentPort.postMessage(this.address().port); });`,
  { eval: true },
);
const [port] = await once(reader, "message");
const socket = connect({ port, host: "127.0.0.1", noDelay: true });
await once(socket, "connect");
const text = requestOctets.latin1Slice() + "x".repeat(100);

/** Writes that the system has not taken at once. */
let unfinished = 0;

/** Batches with a turn of the event loop after each write, as in a proxy, or more until all is written. */
async function timedInTurns(step) {
  let least = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < Math.ceil(BATCHES / 12); batch++) {
    const from = process.hrtime.bigint();
    for (let i = 0; i < BATCH / 4; i++) {
      step();
      do await new Promise(setImmediate);
      while (unfinished > 0);
    }
    least = Math.min(least, (Number(process.hrtime.bigint() - from) / 1e3 / BATCH) * 4);
  }
  return least;
}
const handle = socket._handle;
const writes = [
  ["a turn of the event loop", () => {}],
  ["write through a stream, with its system call (socket)", () => socket.write(text, "latin1")],
];
if (writeToHandle !== undefined && handle?.writeBuffer !== undefined) {
  const writer = { onWritten: () => unfinished-- };
  const write = (data, length) => {
    if (writeToHandle(handle, writer, data, length) === direct.UNFINISHED) unfinished++;
  };
  writes.push(["write past the stream, with its system call (socket)", () => write(text, text.length)]);
  // A head, and a body in the buffer of the read, which must be copied before it is written.
  const read = Buffer.allocUnsafeSlow(64 * 1024).fill("x");
  const memory = Buffer.allocUnsafeSlow(80 * 1024);
  for (const length of [512, 1024, 4 * 1024, 16 * 1024, 63 * 1024]) {
    const body = read.subarray(0, length);
    const all = text.length + length;
    writes.push(
      [`write a head and ${length} octets, joined as text (socket)`, () => write(text + body.latin1Slice(), all)],
      [
        `write a head and ${length} octets, joined in memory (socket)`,
        () => {
          memory.write(text, 0, "latin1");
          memory.set(body, text.length);
          write(memory.subarray(0, all), all);
        },
      ],
      [`write a head and ${length} octets, copied and gathered (socket)`, () => write([text, Buffer.from(body)], all)],
    );
  }
}
const least = writes.map(() => Number.POSITIVE_INFINITY);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, [, step]] of writes.entries()) least[index] = Math.min(least[index], await timedInTurns(step));
}
const [turn] = least;
for (const [index, [name]] of writes.entries()) {
  if (index > 0) console.log(`${(least[index] - turn).toFixed(2).padStart(8)} µs  ${name}`);
}
socket.destroy();
await reader.terminate();
if (sink === 0) throw new Error("nothing was done");
