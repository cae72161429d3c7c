/**
 * A slow-header flood, in a thread of its own: `count` connections that each send a request's head octet by octet and never
 * finish it. Who is cut off comes again, a bounded number of times.
 */
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

/** @type {{ port: number, count: number, attemptsMax: number }} */
const { port, count, attemptsMax } = workerData;
/** Connections that are being opened at once: fewer than the system lets wait. */
const OPENING_MAX = 64;
const ROUND_MS = 200;

const open = new Set();
let opening = 0;
let attempts = 0;
let connected = 0;
let isTold = false;

function fill() {
  while (opening < OPENING_MAX && open.size + opening < count && attempts < attemptsMax) begin();
  if (isTold || (connected < count && attempts < attemptsMax)) return;
  isTold = true;
  parentPort?.postMessage("full");
}

function begin() {
  attempts++;
  opening++;
  let isOpen = false;
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.once("connect", () => {
    isOpen = true;
    opening--;
    connected++;
    open.add(socket);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    fill();
  });
  socket.on("error", () => {});
  socket.on("data", () => {});
  socket.once("close", () => {
    if (!isOpen) opening--;
    open.delete(socket);
    fill();
  });
}

setInterval(() => {
  for (const socket of open) socket.write("x");
}, ROUND_MS);
fill();
