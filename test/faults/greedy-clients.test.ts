/**
 * One client that wants all look-ups or all origins of a forward proxy costs the others nothing: on real sockets, beside a name
 * server that is dead for one zone. Attackers and newcomers have addresses of their own.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AnswerReason, createForwardProxy, type HopwiseProxy } from "../../src/index.ts";
import { ChosenNames, LOOKUPS_MAX } from "../../src/net/names/chosen-names.ts";
import { parseResolverConfig } from "../../src/net/names/resolver-config.ts";
import { isLong } from "../interop/support/long.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { until } from "../interop/support/waiting.ts";
import { NameServer } from "../kit/name-server.ts";

const ATTACKER = "127.0.0.2";
const NEWCOMER = "127.0.0.3";
/** Requests for dead names. */
const COUNT = isLong ? 1_000 : 100;
/** Tunnels to as many origins: as many as there may be. */
const TUNNELS = isLong ? 1_100 : 500;
const NEWCOMERS = isLong ? 200 : 20;
/** At once, so that nobody waits in the system's line for the listener. */
const BATCH = 100;
/** Half of those that there may be. */
const LOOKUPS_PER_CLIENT = LOOKUPS_MAX / 2;
/** A look-up of a dead name goes on for 10 s; nobody else may notice. */
const UNNOTICED_MS_MAX = 2_000;

let origin: Server;
let server: NameServer;
let names: ChosenNames;
let proxy: HopwiseProxy;
let port: number;
const attackers: Socket[] = [];

beforeEach(async () => {
  origin = createServer((_request, response) => response.end("hello")).listen(0, "127.0.0.1");
  server = await NameServer.start((name) => (name.endsWith(".dead.example") ? undefined : "127.0.0.1"));
  names = namesFrom([server]);
  await start();
});

afterEach(async () => {
  for (const socket of attackers.splice(0)) socket.destroy();
  await proxy.close({ graceMs: 0 });
  expect(names.size).toBe(0);
  server.close();
  origin.closeAllConnections();
  origin.close();
});

async function start(): Promise<void> {
  proxy = createForwardProxy({ listen: 0, allowPrivate: true, connectPorts: "1-65535" }, { names });
  ({ port } = await proxy.listen());
}

function namesFrom(servers: readonly NameServer[], timeout_s = 1): ChosenNames {
  const config = { ...parseResolverConfig(`options timeout:${timeout_s}`), servers: servers.map(({ place }) => place) };
  return new ChosenNames({ config: () => config, hosts: () => new Map() });
}

function requestFor(name: string): string {
  const host = `${name}:${(origin.address() as AddressInfo).port}`;
  return `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}

/** Asks for names that nobody answers for, and waits. */
async function attack(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: "127.0.0.1", localAddress: ATTACKER }).on("error", () => {});
    attackers.push(socket);
    socket.write(requestFor(`n${i}.dead.example`));
    if (i % BATCH === BATCH - 1) await until("they are looked up, or answered", () => heard() === i + 1);
  }
}

/** Requests that are looked up, or answered, but none that is about to be refused. */
function heard(): number {
  const { inProgress, answers } = proxy.stats().exchanges;
  const answered = Object.values(answers).reduce((sum, times) => sum + times, 0);
  return inProgress <= LOOKUPS_PER_CLIENT ? inProgress + answered : 0;
}

const refused = (reason: AnswerReason) => proxy.stats().exchanges.answers[reason] ?? 0;

const tunnels = () => proxy.stats().connections.upstream.states.tunnel;

/** How newcomers fare, each with a name of its own: how many were served, and how long the slowest took. */
async function newcomers(): Promise<{ served: number; slowest_ms: number }> {
  let served = 0;
  let slowest_ms = 0;
  for (let i = 0; i < NEWCOMERS; i++) {
    const began = performance.now();
    const socket = connect({ port, host: "127.0.0.1", localAddress: NEWCOMER });
    await once(socket, "connect");
    const client = new RawClient(socket);
    const { status } = await client.exchange(requestFor(`n${i}.alive.example`));
    client.close();
    if (status === 200) served++;
    slowest_ms = Math.max(slowest_ms, performance.now() - began);
  }
  return { served, slowest_ms };
}

async function expectUnnoticed(what: string): Promise<void> {
  const { served, slowest_ms } = await newcomers();
  expect([served, slowest_ms < UNNOTICED_MS_MAX]).toEqual([NEWCOMERS, true]);
  if (isLong)
    console.log(`${what}: ${served} of ${NEWCOMERS} newcomers served, the slowest in ${slowest_ms.toFixed(0)} ms`);
}

describe(`${NEWCOMERS} of ${NEWCOMERS} newcomers are served at once`, () => {
  it(`beside ${COUNT} requests for dead names whose client has left`, async () => {
    await attack(COUNT);
    for (const socket of attackers) socket.resetAndDestroy();
    await until("the proxy has noticed", () => proxy.stats().exchanges.inProgress === 0);
    expect(names.size).toBeGreaterThan(0);
    await expectUnnoticed("abandoned");
  });

  it(`beside ${COUNT * 3} that wait: one client has half of the look-ups, and what is beyond is refused`, async () => {
    // None of them may have given up before the last has come, on a busy machine either.
    await proxy.close();
    names = namesFrom([server], 30);
    await start();
    await attack(COUNT * 3);
    expect(names.size).toBeLessThanOrEqual(LOOKUPS_PER_CLIENT);
    expect(refused("too-many-lookups")).toBeGreaterThan(COUNT);
    await expectUnnoticed("waiting");
  });

  it("though the first of two name servers is dead: it is asked first once, and then the other", async () => {
    await proxy.close();
    const dead = await NameServer.start(() => undefined);
    names = namesFrom([dead, server]);
    await start();
    await expectUnnoticed("first name server dead");
    expect(dead.asked).toEqual(["n0.alive.example", "n0.alive.example"]);
    dead.close();
  });

  it(`beside ${TUNNELS} tunnels of one client that carry nothing: 392 of them are made`, async () => {
    for (let i = 0; i < TUNNELS; i++) {
      const socket = connect({ port, host: "127.0.0.1", localAddress: ATTACKER }).on("error", () => {});
      attackers.push(socket);
      const host = `idle${i}.alive.example:${(origin.address() as AddressInfo).port}`;
      socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      if (i % BATCH === BATCH - 1)
        await until("they are answered", () => tunnels() + refused("too-many-origins") === i + 1);
    }
    expect([tunnels(), refused("too-many-origins")]).toEqual([392, TUNNELS - 392]);
    await expectUnnoticed("idle tunnels");
  });
});
