/**
 * Counts what one exchange costs the gateway, apart from sockets: bytes allocated, writes on each hop, timers; and what an idle
 * connection does.
 *
 * Run by exchanges.test.ts and update.mjs in a process of its own, with room for all that is allocated, so that nothing is
 * collected in between: `node --expose-gc --single-threaded --min-semi-space-size=256 --max-semi-space-size=256`. Writes
 * one line of JSON. It runs the compiled files, as users do.
 */
import { readProxyOptions } from "../../build/config/options.js";
import { Gateway } from "../../build/gateway/gateway.js";
import { EventHub } from "../../build/ledger/events.js";
import { Ledger } from "../../build/ledger/ledger.js";
import { Observers } from "../../build/ledger/observers.js";
import { CountedClock, MemoryDialer, MemorySocket } from "./memory-net.mjs";

/** Until the runtime has compiled all of it. */
const WARM_UP = 60_000;
const COUNTED = 10_000;
const REPEATS = 5;
/** Between the events of an exchange: 50,000 exchanges a second, as a busy proxy has. */
const STEP_MS = 0.01;
const CLIENTS = 64;
/** So many that what the runtime frees meanwhile of its own hardly counts. */
const IDLE = 9_000;

const FIELDS = "Host: example.com\r\nUser-Agent: guard/1.0\r\nAccept: */*\r\n";
const ANSWER =
  "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n";
const body = "x".repeat(64);

const kinds = {
  "GET, 64 octets back": {
    request: `GET /path?query=1 HTTP/1.1\r\n${FIELDS}\r\n`,
    response: `${ANSWER}Content-Length: 64\r\n\r\n${body}`,
  },
  "POST of 64 octets, 64 back": {
    request: `POST /path HTTP/1.1\r\n${FIELDS}Content-Type: text/plain\r\nContent-Length: 64\r\n\r\n${body}`,
    response: `${ANSWER}Content-Length: 64\r\n\r\n${body}`,
  },
  "GET, 64 octets back in a chunk": {
    request: `GET /path?query=1 HTTP/1.1\r\n${FIELDS}\r\n`,
    response: `${ANSWER}Transfer-Encoding: chunked\r\n\r\n40\r\n${body}\r\n0\r\n\r\n`,
  },
};

/** A gateway with as many busy clients as the benchmark has, all persistent. */
class Stage {
  clock = new CountedClock();
  dialer = new MemoryDialer();
  clients = Array.from({ length: CLIENTS }, (_, index) => new MemorySocket(index + 1));

  constructor(request, response) {
    this.request = Buffer.from(request);
    this.response = Buffer.from(response);
    const { clock, dialer } = this;
    const ledger = new Ledger(clock);
    const observer = new Observers(ledger, new EventHub(clock));
    this.ledger = ledger;
    this.gateway = new Gateway(
      readProxyOptions({ to: "http://127.0.0.1:1", admin: false, maxConnections: 2 * IDLE }).gateway,
      {
        clock,
        dialer,
        observer,
      },
    );
    ledger.watch(this.gateway);
    for (const client of this.clients) this.gateway.accept(client);
    // Each client's first exchange opens a connection to the origin, so that there are as many.
    for (const client of this.clients) client.handler.onData(this.request);
    dialer.connect();
    for (const { handler } of dialer.sockets) handler.onData(this.response);
  }

  /** Exchanges one after the other, by all clients in turn. The origin connection used last is used next. */
  run(count) {
    const { clock, clients, request, response } = this;
    const upstream = this.dialer.sockets.at(-1);
    for (let i = 0; i < count; i++) {
      clock.advance(STEP_MS);
      clients[i % CLIENTS].handler.onData(request);
      clock.advance(STEP_MS);
      upstream.handler.onData(response);
    }
  }

  counts() {
    const sum = (sockets) => sockets.reduce((total, { writes }) => total + writes, 0);
    return {
      downstreamWrites: sum(this.clients),
      upstreamWrites: sum(this.dialer.sockets),
      timers: this.clock.timers,
      opened: this.dialer.sockets.length,
      exchanges: this.ledger.exchanges,
    };
  }
}

function measure({ request, response }) {
  const stage = new Stage(request, response);
  stage.run(WARM_UP);
  const before = stage.counts();
  const bytes = Array.from({ length: REPEATS }, () => {
    globalThis.gc();
    const used = process.memoryUsage().heapUsed;
    stage.run(COUNTED);
    return (process.memoryUsage().heapUsed - used) / COUNTED;
  });
  const after = stage.counts();
  const exchanges = after.exchanges - before.exchanges;
  const per = (name) => (after[name] - before[name]) / exchanges;
  return {
    exchanges,
    bytes: bytes.sort((a, b) => a - b)[REPEATS >> 1],
    leastBytes: bytes[0],
    mostBytes: bytes[REPEATS - 1],
    downstreamWrites: per("downstreamWrites"),
    upstreamWrites: per("upstreamWrites"),
    timers: per("timers"),
    opened: after.opened - before.opened,
  };
}

/** What hopwise keeps for a client that has sent one request and idles, its socket apart. */
function measureIdle({ request, response }) {
  const stage = new Stage(request, response);
  stage.run(WARM_UP);
  const upstream = stage.dialer.sockets.at(-1);
  const sockets = Array.from({ length: IDLE }, (_, index) => new MemorySocket(10_000 + index));
  const usedWith = (count) => {
    for (const socket of sockets.splice(0, count)) {
      stage.gateway.accept(socket);
      socket.handler.onData(stage.request);
      upstream.handler.onData(stage.response);
      stage.clock.advance(STEP_MS);
    }
    // What the first collection has freed of the runtime's own objects, the second finds.
    for (let i = 0; i < 2; i++) globalThis.gc();
    return process.memoryUsage().heapUsed;
  };
  const before = usedWith(IDLE / 3);
  return (usedWith(IDLE) - before) / (IDLE - IDLE / 3);
}

const exchanges = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, measure(kind)]));
const idleBytes = measureIdle(Object.values(kinds)[0]);
process.stdout.write(`${JSON.stringify({ exchanges, idleBytes })}\n`);
