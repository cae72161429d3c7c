/**
 * Open-loop load: requests begin when they are due, however slow the answers are, and the time they wait counts (so
 * nothing is coordinated and omitted). Raw sockets, a fixed number of connections, small responses.
 *
 * It never sleeps, since timers come a millisecond late: it asks for the time between events. `node constant-rate.mjs
 * PORT PATH RATE SECONDS CONNECTIONS` writes one line of JSON.
 */
import { once } from "node:events";
import { connect } from "node:net";

const [portText, path, ...numbers] = process.argv.slice(2);
const port = Number(portText);
const [rate, seconds, connectionCount] = numbers.map(Number);
const WARM_UP_SECONDS = 0.5;
const ANSWER_MS_MAX = 5_000;
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);

const total = Math.ceil(rate * (seconds + WARM_UP_SECONDS));
const warmUp = Math.ceil(rate * WARM_UP_SECONDS);
/** By number of request: from when it was due to its answer; how late this program was to notice that it was due. */
const latencies = new Float64Array(total).fill(Number.NaN);
const lateness = new Float64Array(total);
let answered = 0;
let failed = 0;
let next = 0;
/** Requests that are due while all connections are busy. */
const waiting = [];
const free = [];

class Connection {
  constructor(socket) {
    this.socket = socket;
    this.text = "";
    this.number = -1;
    socket.setNoDelay(true);
    socket.on("data", (octets) => this.onData(octets));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.number >= 0 && next < total) failed++;
    });
  }

  send(number) {
    this.number = number;
    this.socket.write(request);
  }

  onData(octets) {
    this.text += octets.latin1Slice();
    const bodyStart = this.text.indexOf("\r\n\r\n") + 4;
    if (bodyStart < 4) return;
    this.bodyBytes ??= Number(/\r\ncontent-length: *(\d+)/i.exec(this.text)?.[1] ?? Number.NaN);
    if (!(this.text.length >= bodyStart + this.bodyBytes)) return;
    if (!this.text.startsWith("HTTP/1.1 200")) failed++;
    this.text = "";
    latencies[this.number] = performance.now() - dueAt(this.number);
    answered++;
    const following = waiting.shift();
    if (following === undefined) free.push(this);
    else this.send(following);
  }
}

for (let i = 0; i < connectionCount; i++) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  free.push(new Connection(socket));
}

const start = performance.now() + 50;
const dueAt = (number) => start + (number / rate) * 1_000;
const end = dueAt(total) + ANSWER_MS_MAX;

function tick() {
  const now = performance.now();
  for (; next < total && dueAt(next) <= now; next++) {
    lateness[next] = now - dueAt(next);
    // The one that was used longest ago, so that all take part.
    const connection = free.shift();
    if (connection === undefined) waiting.push(next);
    else connection.send(next);
  }
  if (answered < total && now < end) setImmediate(tick);
  else report();
}

function report() {
  const counted = latencies.subarray(warmUp);
  // What was never answered has taken at least this long.
  const now = performance.now();
  for (let i = 0; i < counted.length; i++) {
    if (Number.isNaN(counted[i])) counted[i] = now - dueAt(warmUp + i);
  }
  counted.sort();
  const late = lateness.subarray(warmUp).sort();
  const at = (values, share) => values[Math.min(values.length - 1, Math.floor(values.length * share))];
  const result = {
    requests: counted.length,
    failed: failed + total - answered,
    p50_ms: at(counted, 0.5),
    p99_ms: at(counted, 0.99),
    p999_ms: at(counted, 0.999),
    ownLatenessP99_ms: at(late, 0.99),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

tick();
