/**
 * Connections that each carry one exchange, 64 at a time, on both hops: what of them outlives a collection of short-lived
 * objects, although they are gone.
 *
 * Run by survivors.test.ts with `--trace-gc`, whose lines say what each collection left.
 */
import { readProxyOptions } from "../../build/config/options.js";
import { Gateway } from "../../build/gateway/gateway.js";
import { EventHub } from "../../build/ledger/events.js";
import { Ledger } from "../../build/ledger/ledger.js";
import { Observers } from "../../build/ledger/observers.js";
import { CountedClock, MemoryDialer, MemorySocket } from "./memory-net.mjs";

const CONNECTIONS = Number(process.argv[2]);
const AT_ONCE = 64;
const STEP_MS = 0.01;
const request = Buffer.from("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
const response = Buffer.from("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");

const clock = new CountedClock();
const ledger = new Ledger(clock);
const dialer = new MemoryDialer();
const gateway = new Gateway(readProxyOptions({ to: "http://127.0.0.1:1", admin: false }).gateway, {
  clock,
  dialer,
  observer: new Observers(ledger, new EventHub(clock)),
});
ledger.watch(gateway);

const open = Array.from({ length: AT_ONCE });
for (let i = 0; i < CONNECTIONS; i++) {
  const slot = i % AT_ONCE;
  // From now on what the gateway itself has is among the long-lived objects, as it is in a process that runs for long.
  if (i === 10 * AT_ONCE) globalThis.gc();
  if (open[slot] !== undefined) finish(open[slot]);
  clock.advance(STEP_MS);
  const client = new MemorySocket(1024 + (i % 60_000));
  gateway.accept(client);
  client.handler.onData(request);
  dialer.connect();
  open[slot] = { client, upstream: dialer.sockets.pop() };
}

function finish({ client, upstream }) {
  upstream.handler.onData(response);
  upstream.handler.onEnd();
  upstream.handler.onClose();
  client.handler.onEnd();
  client.handler.onClose();
}

process.stdout.write(`${JSON.stringify({ exchanges: ledger.exchanges, left: gateway.clients.connections.size })}\n`);
