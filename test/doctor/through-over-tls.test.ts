/**
 * Sick proxies and their healthy twin over TLS on both sides, on real sockets: what the doctor says of them does not depend on what their
 * bytes travel in.
 */
import { afterAll, expect, it } from "vitest";
import { selfSigned } from "../../src/config/self-signed.ts";
import type { Report } from "../../src/doctor/index.ts";
import { examineThrough } from "../../src/doctor/through/examine-through.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import type { Listener, ListenOptions } from "../../src/net/ports.ts";
import { dialer, listen } from "../../src/net/runtime.ts";
import { TicketKeys } from "../../src/net/tls/ticket-keys.ts";
import { TlsServing } from "../../src/net/tls/tls-serving.ts";
import type { Habits } from "./proxy-habits.ts";
import { sicknesses } from "./proxy-sicknesses.ts";
import { RelayingProxy } from "./relaying-proxy.ts";
import { findingOf } from "./virtual-network.ts";

const AT_ONCE = 12;
const LIMIT_MS = 180_000;
/** Shorter than in earnest: most of the sick ones are waited for in vain. */
const pace = { answer_ms: 3_000, settle_ms: 1_500 };
const listeners: Listener[] = [];
afterAll(() => Promise.all(listeners.map((listener) => listener.close())));

const serving = () => new TlsServing([selfSigned(["127.0.0.1"], Date.now())], new TicketKeys());

async function examineOverTls(
  habits: Partial<Habits>,
  only: readonly string[],
  skip: readonly string[] = [],
): Promise<Report> {
  let originPort = 0;
  const tls = { serverName: "127.0.0.1", rejectUnauthorized: false };
  const origin = () => ({ kind: "tcp", host: "127.0.0.1", port: originPort, tls }) as const;
  const proxy = new RelayingProxy(dialer, origin, habits, nodeClock);
  const place = { host: "127.0.0.1", port: 0, tls: serving() };
  const front = await listen({ ...place, onSocket: (socket) => proxy.accept(socket), onFault: () => {} });
  listeners.push(front);
  const ports = {
    dialer,
    clock: nodeClock,
    listen: async (options: ListenOptions) => {
      const listener = await listen(options);
      originPort = listener.address.port;
      return listener;
    },
  };
  const options = { origin: { ...place, tls: serving() }, takesAnyCertificate: true, isIntrusive: true, only, skip };
  return await examineThrough(`https://127.0.0.1:${front.address.port}/`, options, { ports, pace });
}

it(
  "a healthy proxy passes over TLS",
  async () => {
    // Its own URL of the origin is one of http.
    const { findings } = await examineOverTls({}, [], ["HW920", "HW924"]);
    const wrong = findings.filter(({ verdict }) => verdict !== "pass");
    expect(wrong.map(({ id, verdict, measured }) => `${id} ${verdict}: ${measured}`)).toStrictEqual([]);
  },
  LIMIT_MS,
);

it(
  "a sick one is caught over TLS",
  async () => {
    const queue = [...sicknesses];
    const wrong: string[] = [];
    const worker = async () => {
      for (let sick = queue.shift(); sick !== undefined; sick = queue.shift()) {
        const { id, habits, verdict, measured } = sick;
        const found = findingOf(await examineOverTls(habits, [id]), id);
        if (found.verdict !== verdict)
          wrong.push(`${id} ${measured} (${verdict}): ${found.verdict}: ${found.measured}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(wrong).toStrictEqual([]);
  },
  LIMIT_MS,
);
