/**
 * Counts what one exchange costs a gateway with one endpoint, and with a group of three that is looked after.
 *
 * Run by groups.test.ts as exchanges.mjs is; writes one line of JSON. Deliberately absent: what an exchange costs at all, see
 * exchanges.mjs; time, see bench.
 */
import { readGatewayConfig } from "../../build/config/gateway-config.js";
import { Gateway } from "../../build/gateway/gateway.js";
import { EventHub } from "../../build/ledger/events.js";
import { Ledger } from "../../build/ledger/ledger.js";
import { Observers } from "../../build/ledger/observers.js";
import { CountedClock, MemoryDialer, MemorySocket } from "./memory-net.mjs";

/** Until the runtime has compiled all of it. */
const WARM_UP = 30_000;
const COUNTED = 5_000;
const REPEATS = 5;
/** Between the events of an exchange: 50,000 exchanges a second, as a busy proxy has. */
const STEP_MS = 0.01;
const CLIENTS = 64;

const request = Buffer.from("GET /path/x?query=1 HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\n\r\n");
const response = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 64\r\n\r\n${"x".repeat(64)}`,
);

const one = { to: "http://127.0.0.1:1" };
/** Requests come here. */
const asked = { match: { host: "www.example.com", path: "/path/*" }, to: "group" };

const files = {
  "one endpoint": { groups: { group: one }, routes: [asked] },
  "a group of three": {
    groups: {
      group: {
        to: [1, 2, 3].map((port) => ({ url: `http://127.0.0.1:${port}`, weight: port })),
        ...{ health: { path: "/healthz" }, ejection: {}, slowStart: "30s", retryBudget: "20%" },
      },
    },
    routes: [asked],
  },
};

/** A gateway with as many busy clients as the benchmark has, all persistent. */
class Stage {
  clock = new CountedClock();
  dialer = new MemoryDialer();
  clients = Array.from({ length: CLIENTS }, (_, index) => new MemorySocket(index + 1));
  /** The connection to an endpoint that was written to last. */
  upstream = undefined;

  constructor(file) {
    const { clock, dialer } = this;
    const { config, problems } = readGatewayConfig({ ...file, listeners: [{ http: 0 }], admin: false }, ".");
    if (problems !== undefined) throw new Error(JSON.stringify(problems));
    this.ledger = new Ledger(clock);
    const observer = new Observers(this.ledger, new EventHub(clock));
    this.gateway = new Gateway(config.gateway, { clock, dialer, observer });
    this.ledger.watch(this.gateway);
    for (const client of this.clients) this.gateway.accept(client);
    // Each client's first exchange opens a connection, so that there are as many.
    for (const client of this.clients) client.handler.onData(request);
    dialer.connect();
    for (const socket of dialer.sockets) {
      socket.handler.onData(response);
      socket.write = (data) => {
        this.upstream = socket;
        return MemorySocket.prototype.write.call(socket, data);
      };
    }
  }

  /** Exchanges one after the other, by all clients in turn. */
  run(count) {
    const { clock, clients } = this;
    for (let i = 0; i < count; i++) {
      clock.advance(STEP_MS);
      clients[i % CLIENTS].handler.onData(request);
      clock.advance(STEP_MS);
      this.upstream.handler.onData(response);
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

function measure(file) {
  const stage = new Stage(file);
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
    downstreamWrites: per("downstreamWrites"),
    upstreamWrites: per("upstreamWrites"),
    timers: per("timers"),
    opened: after.opened - before.opened,
  };
}

process.stdout.write(
  `${JSON.stringify(Object.fromEntries(Object.entries(files).map(([name, file]) => [name, measure(file)])))}\n`,
);
