/** A pool that goes on with another list of endpoints: what is named still stays as it is, the rest drains, and nobody who looks for a connection is forgotten. */
import { describe, expect, it } from "vitest";
import { PoolStage } from "../../test/fuzz/kit/pool-stage.ts";
import { plainGroup } from "./group.ts";
import { parseOriginAddress } from "./origin-address.ts";

const groupOf = (...names: readonly string[]) =>
  plainGroup(
    "",
    names.map((name) => parseOriginAddress(`http://${name}.test`)),
  );
const namesOf = (stage: PoolStage) =>
  stage.pool.allEndpoints.map(({ origin }) => origin.authority.replace(".test", ""));
const stageOf = (options: { readonly size?: number; readonly idleLimit_ms?: number }, ...names: readonly string[]) =>
  new PoolStage({ ...options, origins: names.map((name) => `http://${name}.test`), connectTimeout_ms: 6_000 });

describe("an endpoint that is named still", () => {
  it("keeps its idle connections, what was learned of it, and itself, wherever in the list it stands", () => {
    const stage = stageOf({}, "a");
    const connection = stage.exchange();
    const { endpoint } = stage;
    endpoint.lifetime.recordClose(2_000, stage.clock.now());
    stage.pool.update(groupOf("b", "a"));
    expect(stage.pool.endpoints[1]).toBe(endpoint);
    expect([endpoint.lifetime.estimate_ms, endpoint.idleCount, connection.life.state]).toStrictEqual([
      2_000,
      1,
      "idle",
    ]);
  });

  it("has what was decided of it anew", () => {
    const stage = stageOf({}, "a", "b");
    const [, b] = stage.pool.endpoints;
    const { endpoints } = groupOf("a", "b");
    stage.pool.update({ name: "", endpoints: endpoints.map((plan) => ({ ...plan, weight: 7 })) });
    expect([b?.plan.weight, stage.pool.endpoints[1]]).toStrictEqual([7, b]);
  });

  it("is another one where its name stands for other terms of TLS", () => {
    const stage = new PoolStage({ origins: ["https://a.test"] });
    const [before] = stage.pool.endpoints;
    const origin = parseOriginAddress("https://a.test");
    if (origin.address.kind !== "tcp") throw new Error("it has a port");
    const tls = { serverName: "other.test", rejectUnauthorized: true };
    stage.pool.update(plainGroup("", [{ ...origin, address: { ...origin.address, tls } }]));
    expect(stage.pool.endpoints[0]).not.toBe(before);
  });

  it("is not alone any more once there is another, and is again when that has left", () => {
    const stage = stageOf({}, "a");
    const { endpoint } = stage;
    stage.pool.update(groupOf("a", "b"));
    expect(endpoint.isAlone).toBe(false);
    stage.pool.update(groupOf("a"));
    expect(endpoint.isAlone).toBe(true);
  });
});

describe("an endpoint that is not named any more", () => {
  it("closes what idles, with a reason, and is gone", () => {
    const stage = stageOf({}, "a");
    stage.exchange();
    stage.pool.update(groupOf("b"));
    stage.later.settle();
    expect([stage.told.at(-1), namesOf(stage)]).toStrictEqual(["#1 closed: endpoint-left", ["b"]]);
  });

  it("lets exchanges end, can be seen until then, and keeps nothing", () => {
    const stage = stageOf({}, "a");
    const busy = stage.begin();
    stage.pool.update(groupOf("b"));
    expect([namesOf(stage), busy.heard, stage.pool.isInUse]).toStrictEqual([["b", "a"], [], true]);
    stage.finish(busy);
    expect([stage.told.at(-1), namesOf(stage)]).toStrictEqual(["#1 closed: endpoint-left", ["b"]]);
    expect(stage.pool.isInUse).toBe(false);
  });

  it("gets no request any more", () => {
    const stage = stageOf({}, "a", "b");
    stage.pool.update(groupOf("b"));
    for (let i = 0; i < 4; i++) stage.begin();
    expect(new Set(stage.dialer.dialed)).toStrictEqual(new Set(["b.test:80"]));
  });

  it("is taken back as it was, when it is named again before it was empty", () => {
    const stage = stageOf({}, "a");
    const { endpoint } = stage;
    const busy = stage.begin();
    stage.pool.update(groupOf("b"));
    stage.pool.update(groupOf("b", "a"));
    const connection = stage.finish(busy);
    expect([stage.pool.endpoints[1], connection.life.state, endpoint.idleCount]).toStrictEqual([endpoint, "idle", 1]);
  });

  it("is waited for at a drain, too", () => {
    const stage = stageOf({}, "a");
    const busy = stage.begin();
    stage.pool.update(groupOf("b"));
    let isEmpty = false;
    stage.pool.drain(() => {
      isEmpty = true;
    });
    expect(isEmpty).toBe(false);
    stage.finish(busy);
    expect(isEmpty).toBe(true);
  });

  it("leaves what fails there to the others: there are some", () => {
    const stage = stageOf({}, "a");
    const busy = stage.begin();
    expect(stage.connectionOf(busy).noteUnanswered(false)).toBe(false);
    stage.pool.update(groupOf("b"));
    expect(stage.connectionOf(busy).noteUnanswered(false)).toBe(true);
  });
});

describe("a request that looks for a connection meanwhile", () => {
  it("is dialed for on one that is named, and takes what opens first, even where it began", () => {
    const stage = stageOf({}, "a");
    const seeker = stage.seek();
    stage.pool.update(groupOf("b"));
    expect(stage.dialer.dialed).toStrictEqual(["a.test:80", "b.test:80"]);
    stage.dialer.connects();
    expect(seeker.connection?.endpoint.origin.name).toBe("http://a.test");
    expect(stage.dialer.pendingCount).toBe(0);
    stage.finish(seeker);
    expect(stage.told.at(-1)).toBe("#1 closed: endpoint-left");
    stage.expectNothingLeft();
  });

  it("is dialed for once on each, whatever becomes of the first", () => {
    const stage = stageOf({}, "a");
    const seeker = stage.seek();
    stage.pool.update(groupOf("b"));
    stage.dialer.refuses();
    expect(stage.dialer.dialed).toStrictEqual(["a.test:80", "b.test:80"]);
    stage.expectNothingLeft([seeker]);
  });

  it("leaves the dial alone where its endpoint stays, and tries the new one when that is late", () => {
    const stage = stageOf({}, "a");
    const seeker = stage.seek();
    stage.pool.update(groupOf("a", "b"));
    expect(stage.dialer.dialed).toStrictEqual(["a.test:80"]);
    stage.pass(3_100);
    expect(stage.dialer.dialed).toStrictEqual(["a.test:80", "b.test:80"]);
    stage.expectNothingLeft([seeker]);
  });

  it("goes to the new one when its only endpoint refuses", () => {
    const stage = stageOf({}, "a");
    const seeker = stage.seek();
    stage.pool.update(groupOf("a", "b"));
    stage.dialer.refuses();
    expect([seeker.failure, stage.dialer.dialed.at(-1)]).toStrictEqual([undefined, "b.test:80"]);
    stage.expectNothingLeft([seeker]);
  });

  it("gets the room that a new endpoint brings, in its turn", () => {
    const stage = stageOf({ size: 1 }, "a");
    const busy = stage.begin();
    const [second, third] = [stage.seek(), stage.seek()];
    expect(stage.pool.waiting).toBe(2);
    stage.pool.update(groupOf("a", "b"));
    expect([stage.pool.waiting, stage.dialer.dialed.at(-1)]).toStrictEqual([1, "b.test:80"]);
    stage.expectNothingLeft([busy, second, third]);
  });

  it("gets room when more connections are allowed", () => {
    const stage = stageOf({ size: 1 }, "a");
    const seekers = [stage.begin(), stage.seek()];
    stage.pool.update(groupOf("a"), { size: 2 });
    expect([stage.pool.waiting, stage.dialer.pendingCount]).toStrictEqual([0, 1]);
    stage.expectNothingLeft(seekers);
  });

  it("waits no more for one that has left: what it was told of the others is its answer", () => {
    const stage = stageOf({ size: 1 }, "a", "b");
    const busy = stage.begin();
    const full = stage.connectionOf(busy).endpoint.origin.authority;
    const other = full === "a.test" ? "b" : "a";
    const seeker = stage.seek();
    stage.dialer.refuses();
    expect(stage.pool.waiting).toBe(1);
    stage.pool.update(groupOf(other));
    expect([seeker.failure, stage.pool.waiting]).toStrictEqual([["connect-failed", "ECONNREFUSED"], 0]);
    stage.expectNothingLeft([busy]);
  });
});

it("a shorter limit for idle connections holds for those that idle already", () => {
  const stage = stageOf({ idleLimit_ms: 60_000 }, "a");
  stage.exchange();
  stage.pass(1_000);
  stage.pool.update(groupOf("a"), { idleLimit_ms: 2_000 });
  stage.pass(1_100);
  expect(stage.told.at(-1)).toBe("#1 closed: idle-timeout");
});

describe("an endpoint that comes to a group with slow start", () => {
  const slow = (...names: readonly string[]) => ({ ...groupOf(...names), slowStart_ms: 10_000 });
  const weights = (stage: PoolStage) => stage.pool.endpoints.map(({ weight }) => Number(weight.toFixed(2)));

  it("gets a part that grows, and the others all of theirs", () => {
    const stage = stageOf({}, "a");
    stage.pool.update(slow("a", "b"));
    expect(weights(stage)).toStrictEqual([1, 0.1]);
    stage.pass(5_000);
    expect(weights(stage)).toStrictEqual([1, 0.5]);
    stage.pass(5_000);
    expect(weights(stage)).toStrictEqual([1, 1]);
  });

  it("gets all at once where the group does not say so, and where all have come", () => {
    const stage = stageOf({}, "a");
    stage.pool.update(groupOf("a", "b"));
    expect(weights(stage)).toStrictEqual([1, 1]);
    stage.pool.update(slow("c", "d"));
    expect(weights(stage)).toStrictEqual([1, 1]);
  });

  it("starts slowly each time that it comes, though it is known, and not again with a reload that changes nothing", () => {
    const stage = stageOf({}, "a", "b");
    stage.pool.update(slow("a"));
    stage.pool.update(slow("a", "b"));
    stage.pass(4_000);
    stage.pool.update(slow("a", "b"));
    expect(weights(stage)).toStrictEqual([1, 0.4]);
  });

  it("does not where addresses take the place of their name, but does where another is found later", () => {
    const { endpoints } = groupOf("name", "beside");
    const [name, beside] = endpoints as [(typeof endpoints)[0], (typeof endpoints)[0]];
    const at = (host: string) => ({
      ...name,
      origin: { ...name.origin, name: `http://${host}`, address: { kind: "tcp", host, port: 80 } as const },
    });
    const stage = stageOf({}, "name", "beside");
    const group = { name: "", slowStart_ms: 10_000 };
    stage.pool.update({ ...group, endpoints: [beside, at("10.0.0.1")] });
    expect(weights(stage)).toStrictEqual([1, 1]);
    stage.pool.update({ ...group, endpoints: [beside, at("10.0.0.1"), at("10.0.0.2")] });
    expect(weights(stage)).toStrictEqual([1, 1, 0.1]);
  });
});
