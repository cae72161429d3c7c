/**
 * A pool whose endpoints change in the middle of everything: whatever comes in which order, every request that looks for a
 * connection is answered, what is named still loses nothing, and what has left takes no request and is gone when it is empty.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Bindings } from "../../src/pool/bindings.ts";
import type { Endpoint } from "../../src/pool/endpoint.ts";
import { parseOriginAddress } from "../../src/pool/origin-address.ts";
import { PoolStage, type TestSeeker } from "./kit/pool-stage.ts";
import { runs, seed } from "./kit/settings.ts";

const NAMES = ["a", "b", "c", "d", "e"];
const CONNECT_TIMEOUT_MS = 4_000;
const given = { seed, numRuns: runs };

const names = fc
  .subarray(NAMES, { minLength: 1 })
  .chain((some) => fc.shuffledSubarray(some, { minLength: some.length }));
const which = fc.nat({ max: 30 });
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("seek" as const), isRetry: fc.boolean(), client: fc.nat({ max: 2 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("connects" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("refuses" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("finish" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("break" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("bind" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("update" as const), names, size: fc.integer({ min: 1, max: 3 }) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

class Play {
  readonly stage: PoolStage;
  private readonly seekers: TestSeeker[] = [];
  private readonly cancelled = new Set<TestSeeker>();
  private readonly clients = [new Bindings(1), new Bindings(2), new Bindings(3)];
  private dialed = 0;
  private named: ReadonlySet<string>;

  constructor(first: readonly string[]) {
    this.stage = new PoolStage({ origins: first.map(urlOf), size: 2, connectTimeout_ms: CONNECT_TIMEOUT_MS });
    this.named = new Set(first);
  }

  run(act: Act): void {
    const { stage } = this;
    switch (act.kind) {
      case "seek":
        this.seekers.push(
          stage.seek({ isRetry: act.isRetry, bindings: this.clientOf(act.client) }, `client-${act.client}`),
        );
        break;
      case "connects":
        if (stage.dialer.pendingCount > 0) stage.dialer.connects();
        break;
      case "refuses":
        if (stage.dialer.pendingCount > 0) stage.dialer.refuses();
        break;
      case "finish":
        this.connected(act.which)?.connection?.release();
        break;
      case "break": {
        const connection = this.connected(act.which)?.connection;
        if (connection !== undefined) stage.socketOf(connection).fails();
        break;
      }
      case "bind": {
        const seeker = this.connected(act.which);
        const client = this.clientOf(Number(seeker?.place.client.at(-1)));
        const owner = seeker?.connection?.binding?.owner;
        if (seeker?.connection !== undefined && (owner === undefined || owner === client))
          client.bind(seeker.connection);
        break;
      }
      case "cancel": {
        const seeker = this.waiting()[act.which % Math.max(1, this.waiting().length)];
        if (seeker === undefined) break;
        seeker.search?.cancel();
        this.cancelled.add(seeker);
        break;
      }
      case "pass":
        stage.pass(act.ms);
        break;
      case "update":
        return this.update(act.names, act.size);
    }
    this.settle();
  }

  private update(next: readonly string[], size: number): void {
    const { pool } = this.stage;
    const held = new Map(pool.endpoints.map((endpoint) => [endpoint, [...endpoint.connections]]));
    this.named = new Set(next);
    pool.update(
      { name: "", endpoints: next.map((name) => ({ origin: parseOriginAddress(urlOf(name)), weight: 1 })) },
      { size },
    );
    for (const [endpoint, connections] of held) {
      const isNamed = this.named.has(nameOf(endpoint));
      expect(pool.endpoints.includes(endpoint)).toBe(isNamed);
      if (isNamed) for (const { record } of connections) expect(record.closeReason).not.toBe("endpoint-left");
    }
    this.settle();
  }

  private settle(): void {
    const { stage } = this;
    stage.later.settle();
    for (const place of stage.dialer.dialed.slice(this.dialed)) expect([...this.named]).toContain(place.split(".")[0]);
    this.dialed = stage.dialer.dialed.length;
    const { pool } = stage;
    expect(pool.endpoints.map(nameOf).toSorted()).toStrictEqual([...this.named].toSorted());
    for (const endpoint of pool.allEndpoints) {
      expect([endpoint.inUse, endpoint.dialing, endpoint.closing].every((count) => count >= 0)).toBe(true);
      expect(endpoint.isAlone).toBe(this.named.size === 1 && pool.endpoints.includes(endpoint));
      if (pool.endpoints.includes(endpoint)) continue;
      expect([endpoint.size > 0, endpoint.idleCount + endpoint.idleBoundCount]).toStrictEqual([true, 0]);
    }
    const open = stage.dialer.sockets.filter(({ isClosed }) => !isClosed).length;
    expect(pool.allEndpoints.reduce((sum, { connections }) => sum + connections.size, 0)).toBe(open);
    for (const seeker of this.waiting()) expect(seeker.search).toBeDefined();
  }

  /** All faults are over: every request has its connection or its answer within the time for it. */
  end(): void {
    const { stage } = this;
    while (stage.dialer.pendingCount > 0) stage.dialer.connects();
    stage.pass(CONNECT_TIMEOUT_MS + 100);
    expect(this.waiting()).toStrictEqual([]);
    stage.expectNothingLeft(this.seekers);
    expect([stage.pool.searches.size, stage.pool.allEndpoints.filter(({ size }) => size > 0)]).toStrictEqual([0, []]);
  }

  private waiting(): TestSeeker[] {
    const isWaiting = (it: TestSeeker) => it.connection === undefined && it.failure === undefined;
    return this.seekers.filter((seeker) => isWaiting(seeker) && !this.cancelled.has(seeker));
  }

  /** One of those whose exchange is in progress. */
  private connected(which: number): TestSeeker | undefined {
    const all = this.seekers.filter((seeker) => seeker.connection?.user === seeker);
    return all[which % Math.max(1, all.length)];
  }

  private clientOf(number: number): Bindings {
    return this.clients[number] as Bindings;
  }
}

const urlOf = (name: string) => `http://${name}.test`;
const nameOf = ({ origin }: Endpoint) => origin.authority.replace(".test", "");

it("endpoints come and go in the middle of everything", () => {
  fc.assert(
    fc.property(names, fc.array(act, { minLength: 5, maxLength: 60, size: "max" }), (first, acts) => {
      const play = new Play(first);
      for (const one of acts) play.run(one);
      play.end();
    }),
    given,
  );
});
