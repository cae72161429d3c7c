/**
 * Counts what one exchange costs a gateway with one route, and with a thousand: bytes allocated, and calls of its functions.
 *
 * Run by routes.test.ts in a process of its own, as exchanges.mjs is. Writes one line of JSON. Calls are counted by the runtime itself
 * (precise coverage), so that a look at each route would show, even one that allocates nothing.
 */
import { Session } from "node:inspector/promises";
import { readGatewayConfig } from "../../build/config/gateway-config.js";
import { Gateway } from "../../build/gateway/gateway.js";
import { EventHub } from "../../build/ledger/events.js";
import { Ledger } from "../../build/ledger/ledger.js";
import { Observers } from "../../build/ledger/observers.js";
import { CountedClock, MemoryDialer, MemorySocket } from "./memory-net.mjs";

const WARM_UP = 20_000;
const COUNTED = 5_000;
const CALLS_COUNTED = 1_000;
const REPEATS = 3;
const STEP_MS = 0.01;

const request = Buffer.from("GET /path/x?query=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: guard/1.0\r\n\r\n");
const response = Buffer.from("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nok");

const asked = { match: { host: "www.example.com", path: "/path/*" }, to: "app" };
const policy = {
  ...{ allow: "127.0.0.0/8", rateLimit: { requests: 1_000_000, per: "1ms" }, maxBody: "1m" },
  ...{ concurrency: { max: 1_000 }, responseTimeout: "5s" },
};

/** Routes around the one that is asked: other hosts, the same host with other paths, wildcards, methods and fields. */
function others(count, more = {}) {
  const kinds = [
    (index) => ({ match: { host: `host-${index}.example.com` } }),
    (index) => ({ match: { host: "www.example.com", path: `/path-${index}/*` } }),
    (index) => ({ match: { host: "www.example.com", path: `/other/${index}` } }),
    (index) => ({ match: { host: `*.zone-${index}.example.com`, path: "/path/*" } }),
    (index) => ({ match: { path: `/path/${index}/:id`, method: "POST" } }),
    (index) => ({ match: { host: "www.example.com", path: `/deep/:a/${index}`, fields: { "X-Kind": `${index}` } } }),
  ];
  return Array.from({ length: count }, (_, index) => ({ ...kinds[index % kinds.length](index), to: "app", ...more }));
}

class Stage {
  clock = new CountedClock();
  dialer = new MemoryDialer();
  client = new MemorySocket(1);

  constructor(routes) {
    const groups = { app: { to: "http://127.0.0.1:1" } };
    const { config, problems } = readGatewayConfig({ groups, routes, admin: false }, "/");
    if (config === undefined) throw new Error(JSON.stringify(problems));
    const { clock, dialer } = this;
    const ledger = new Ledger(clock);
    this.gateway = new Gateway(config.gateway, { clock, dialer, observer: new Observers(ledger, new EventHub(clock)) });
    ledger.watch(this.gateway);
    this.gateway.accept(this.client);
    this.client.handler.onData(request);
    dialer.connect();
    dialer.sockets[0].handler.onData(response);
  }

  run(count) {
    const [upstream] = this.dialer.sockets;
    for (let i = 0; i < count; i++) {
      this.clock.advance(STEP_MS);
      this.client.handler.onData(request);
      this.clock.advance(STEP_MS);
      upstream.handler.onData(response);
    }
  }
}

function bytesOf(stage) {
  stage.run(WARM_UP);
  const bytes = Array.from({ length: REPEATS }, () => {
    globalThis.gc();
    const used = process.memoryUsage().heapUsed;
    stage.run(COUNTED);
    return (process.memoryUsage().heapUsed - used) / COUNTED;
  });
  return bytes.sort((a, b) => a - b)[REPEATS >> 1];
}

async function callsOf(stage) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await session.post("Profiler.takePreciseCoverage");
  stage.run(CALLS_COUNTED);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  session.disconnect();
  const counts = result
    .filter(({ url }) => url.includes("/build/"))
    .flatMap(({ functions }) => functions.map(({ ranges }) => ranges[0].count));
  return counts.reduce((sum, count) => sum + count, 0) / CALLS_COUNTED;
}

const kinds = {
  one: [asked],
  hundred: [asked, ...others(99)],
  // What the others ask is nothing to this one.
  thousand: [asked, ...others(999, policy)],
  "one that asks": [{ ...asked, ...policy }],
  "thousand that ask": [{ ...asked, ...policy }, ...others(999, policy)],
};
const counted = {};
for (const [name, routes] of Object.entries(kinds)) counted[name] = { bytes: bytesOf(new Stage(routes)) };
for (const [name, routes] of Object.entries(kinds)) counted[name].calls = await callsOf(new Stage(routes));
process.stdout.write(`${JSON.stringify(counted)}\n`);
