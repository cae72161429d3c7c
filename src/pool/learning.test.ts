/**
 * What a pool learns of its endpoints, and unlearns once they have changed: each as a rule, and beside it pools that are broken
 * on purpose, which the rule must notice.
 */
import { describe, expect, it } from "vitest";
import { PoolStage, type TestSeeker } from "../../test/fuzz/kit/pool-stage.ts";
import { method } from "../../test/simulation/mutants.ts";
import { AbruptCloses, SETTLED_MS } from "./abrupt-closes.ts";
import { Health } from "./health.ts";
import { Lifetime } from "./lifetime.ts";
import { Manners } from "./manners.ts";
import { PooledConnection } from "./pooled-connection.ts";
import { SpokenVersion } from "./spoken-version.ts";

interface Rule {
  readonly name: string;
  readonly holds: () => void;
  /** Breaks the pool; returns how to mend it. */
  readonly brokenBy: Readonly<Record<string, () => () => void>>;
}

const TWO = { origins: ["http://o1.test", "http://o2.test"], size: 100 };
const notRetriable = { isRetriable: false };

/** A whole exchange, behind which the origin closes without having said so. */
function exchangeAndClose(stage: PoolStage): void {
  const connection = stage.exchange(notRetriable);
  stage.pass(1);
  stage.socketOf(connection).closesItsSide();
  stage.later.settle();
}

/** One of two endpoints refuses a connection; the other takes the request. Returns the name of the first. */
function failOne(stage: PoolStage): string | undefined {
  const failing = stage.dialer.dialed.length;
  const seeker = stage.seek();
  stage.dialer.refuses();
  stage.dialer.connects();
  stage.finish(seeker);
  return stage.dialer.dialed[failing];
}

function crowd(stage: PoolStage, count: number): TestSeeker[] {
  const seekers = Array.from({ length: count }, () => stage.seek());
  while (stage.dialer.pendingCount > 0) stage.dialer.connects();
  return seekers;
}

function countOn(seekers: readonly TestSeeker[], name: string | undefined): number {
  return seekers.filter(({ connection }) => connection?.endpoint.origin.name === `http://${name?.replace(":80", "")}`)
    .length;
}

const rules: readonly Rule[] = [
  {
    name: "an endpoint that answers in HTTP/1.1 takes chunks, whatever it answered before",
    holds() {
      const { endpoint } = new PoolStage();
      endpoint.noteFinal(0, 200);
      expect(endpoint.speaksHttp10).toBe(true);
      endpoint.noteFinal(1, 200);
      expect(endpoint.speaksHttp10).toBe(false);
    },
    brokenBy: {
      "believes HTTP/1.0 for ever": () =>
        method(SpokenVersion.prototype, "note", (_self, original, values) => values[0] === 0 && original(...values)),
      "never believes it": () => method(SpokenVersion.prototype, "isHttp10", () => false),
    },
  },
  {
    name: "an error in HTTP/1.0, which may be a balancer's, counts for a minute",
    holds() {
      const stage = new PoolStage();
      stage.endpoint.noteFinal(0, 503);
      stage.pass(60_000);
      expect(stage.endpoint.speaksHttp10).toBe(false);
    },
    brokenBy: {
      "takes it for the application's": () =>
        method(SpokenVersion.prototype, "note", (_self, original, [version, , now]) => original(version, 200, now)),
    },
  },
  {
    name: "a lifetime that a neighbour outlives is none",
    holds() {
      const stage = new PoolStage();
      const [, second] = stage.idle(2);
      stage.pass(1_000);
      if (second !== undefined) stage.socketOf(second).closesItsSide();
      stage.later.settle();
      expect(stage.endpoint.lifetime.estimate_ms).toBe(1_000);
      stage.pass(1_500);
      stage.exchange();
      expect(stage.endpoint.lifetime.estimate_ms).toBeUndefined();
    },
    brokenBy: {
      "does not unlearn it": () => method(Lifetime.prototype, "recordSurvival", () => undefined),
      "does not learn it": () => method(Lifetime.prototype, "recordClose", () => false),
    },
  },
  {
    name: "an endpoint that closes right behind its responses gets no request that may not be retried on a connection it has used",
    holds() {
      const stage = new PoolStage();
      for (let i = 0; i < 3; i++) exchangeAndClose(stage);
      stage.exchange(notRetriable);
      expect(stage.exchange(notRetriable).isReused).toBe(false);
    },
    brokenBy: { "does not learn it": () => method(AbruptCloses.prototype, "noteClose", () => undefined) },
  },
  {
    name: "once it has answered on connections that were used again it gets them again",
    holds() {
      const stage = new PoolStage();
      for (let i = 0; i < 100; i++) exchangeAndClose(stage);
      for (let i = 0; i < 33; i++) stage.exchange();
      expect(stage.exchange(notRetriable).isReused).toBe(true);
    },
    brokenBy: { "does not unlearn it": () => method(AbruptCloses.prototype, "noteReuse", () => undefined) },
  },
  {
    name: "an endpoint that said too much is not trusted with a second request for a minute, and no longer",
    holds() {
      const stage = new PoolStage();
      stage.socketOf(stage.exchange()).sends("x");
      stage.later.settle();
      stage.exchange();
      stage.pass(59_000);
      expect(stage.exchange().isReused).toBe(false);
      stage.pass(1_000);
      stage.exchange();
      expect(stage.exchange().isReused).toBe(true);
    },
    brokenBy: {
      "trusts it": () => method(Manners.prototype, "isDistrusted", () => false),
      "never trusts it again": () =>
        method(
          Manners.prototype,
          "isDistrusted",
          (self) => (self.distrustedUntil_ms as number) > Number.NEGATIVE_INFINITY,
        ),
    },
  },
  {
    name: "a connection whose last response may not have been all is lent 50 ms later",
    holds() {
      const stage = new PoolStage();
      const seeker = stage.begin();
      const connection = stage.connectionOf(seeker);
      connection.doubtEnd();
      stage.finish(seeker);
      stage.pass(49);
      const other = stage.begin();
      expect(other.connection).not.toBe(connection);
      stage.pass(1);
      expect(stage.begin().connection).toBe(connection);
    },
    brokenBy: {
      "lends it at once": () => method(PooledConnection.prototype, "doubtEnd", () => undefined),
      "lends it no more": () =>
        method(PooledConnection.prototype, "doubtEnd", (self) => {
          self.reusableFrom_ms = Number.POSITIVE_INFINITY;
        }),
    },
  },
  {
    name: "first responses without a body are watched, until there were sixteen or the endpoint said too much",
    holds() {
      const { endpoint } = new PoolStage();
      const watched = () => Array.from({ length: 20 }, () => endpoint.noteBodiless()).filter((is) => is).length;
      expect(watched()).toBe(16);
      endpoint.onSurplus();
      expect(watched()).toBe(16);
    },
    brokenBy: {
      "watches none": () => method(Manners.prototype, "noteBodiless", () => false),
      "watches all": () => method(Manners.prototype, "noteBodiless", () => true),
    },
  },
  {
    name: "an endpoint that comes back is tried by one request; once that is answered it serves as many as the others",
    holds() {
      const stage = new PoolStage(TWO);
      const failing = failOne(stage);
      stage.pass(999);
      expect(countOn(crowd(stage, 10), failing)).toBe(0);
      stage.pass(1);
      const before = stage.dialer.dialed.length;
      const many = Array.from({ length: 10 }, () => stage.seek());
      expect(stage.dialer.dialed.slice(before).filter((name) => name === failing)).toHaveLength(1);
      while (stage.dialer.pendingCount > 0) stage.dialer.connects();
      const trial = many.filter((seeker) => countOn([seeker], failing) === 1);
      expect(trial).toHaveLength(1);
      expect(countOn(crowd(stage, 10), failing)).toBe(0);
      stage.finish(trial[0] as TestSeeker);
      expect(countOn(crowd(stage, 10), failing)).toBe(10);
    },
    brokenBy: {
      "sends everybody at once": () =>
        method(Health.prototype, "standing", (self, original, [now]) => {
          // biome-ignore lint/complexity/useLiteralKeys: in brackets, what is private has a type, and a renamed field does not compile
          self["trials"] = 0;
          return original(now);
        }),
      "takes a connection that opens for an answer": () =>
        method(Health.prototype, "noteOpened", (_self, original) => original(true)),
      "never tries it again": () =>
        method(Health.prototype, "standing", (_self, original, values) => {
          const standing = original(...values);
          return standing === "on-trial" ? "avoided" : standing;
        }),
      "does not avoid it": () => method(Health.prototype, "standing", () => "well"),
      "does not see that it is back": () => method(Health.prototype, "noteAnswered", () => false),
    },
  },
  {
    name: "failures that happen together count as one",
    holds() {
      const stage = new PoolStage({ ...TWO, origins: TWO.origins.slice(0, 1) });
      for (let i = 0; i < 8; i++) stage.seek();
      for (let i = 0; i < 8; i++) stage.dialer.refuses();
      expect(stage.endpoint.avoidUntil_ms).toBe(1_000);
    },
    brokenBy: {
      "counts each": () =>
        method(Health.prototype, "fail", (self, original, values) => {
          self.avoidUntil_ms = Number.NEGATIVE_INFINITY;
          return original(...values);
        }),
    },
  },
  {
    name: "an endpoint that answers at once that it cannot draws nobody, until one answer shows that it can",
    holds() {
      const stage = new PoolStage(TWO);
      const [first, second] = stage.pool.endpoints;
      for (let i = 0; i < 5; i++) first?.noteFinal(1, 503);
      const seekers = Array.from({ length: 6 }, () => stage.begin());
      expect(seekers.filter(({ connection }) => connection?.endpoint === second)).toHaveLength(6);
      first?.noteFinal(1, 200);
      expect(stage.begin().connection?.endpoint).toBe(first);
    },
    brokenBy: {
      "does not see it": () => method(Health.prototype, "noteStatus", () => undefined),
      "takes each answer for a good one": () =>
        method(Health.prototype, "noteStatus", (_self, original, [, now]) => original(200, now)),
      "does not forgive it": () =>
        method(Health.prototype, "noteStatus", (_self, original, [, now]) => original(503, now)),
    },
  },
  {
    name: "a connection that has grown old is not lent",
    holds() {
      const stage = new PoolStage({ maxAge_ms: 10_000 });
      const connection = stage.exchange();
      stage.pass(8_999);
      expect(stage.exchange()).toBe(connection);
      stage.pass(1_001);
      expect(stage.exchange()).not.toBe(connection);
    },
    brokenBy: {
      "lends it for ever": () => method(PooledConnection.prototype, "isTooOld", () => false),
      "lends none again": () => method(PooledConnection.prototype, "isTooOld", () => true),
    },
  },
];

describe.each(rules)("$name", ({ holds, brokenBy }) => {
  it("holds", holds);

  it.each(Object.entries(brokenBy))("is broken by a pool that %s", (_name, breakPool) => {
    const mend = breakPool();
    try {
      expect(holds).toThrow("expected ");
    } finally {
      mend();
    }
  });
});

describe("behind a pause in which the process got no time, of an endpoint that closes right behind its responses", () => {
  function paused() {
    const stage = new PoolStage();
    for (let i = 0; i < 3; i++) exchangeAndClose(stage);
    const connections = stage.idle(2);
    stage.clock.advance(SETTLED_MS + 1);
    return { stage, connections };
  }

  it("closes that have arrived are read before a request is sent that may not be retried", async () => {
    const { stage, connections } = paused();
    const seeker = stage.seek(notRetriable);
    expect(seeker.connection).toBeUndefined();
    for (const connection of connections) stage.socketOf(connection).closesItsSide();
    stage.later.settle();
    await stage.arrivals();
    stage.dialer.connects();
    expect(connections).not.toContain(stage.connectionOf(seeker));
  });

  it("where none has, it is sent as soon as that is known", async () => {
    const { stage, connections } = paused();
    const seeker = stage.seek(notRetriable);
    await stage.arrivals();
    expect(connections).toContain(stage.connectionOf(seeker));
  });
});
