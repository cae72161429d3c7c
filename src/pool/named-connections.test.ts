/** Connections that begin by naming a client (PROXY protocol): that client's from the first byte on, and nobody else's. */
import { expect, it } from "vitest";
import { PoolStage, type PoolStageOptions, type TestSeeker } from "../../test/fuzz/kit/pool-stage.ts";
import { Bindings } from "./bindings.ts";
import { plainGroup } from "./group.ts";
import { parseOriginAddress, withProxyHeader } from "./origin-address.ts";
import type { PooledConnection } from "./pooled-connection.ts";

class NamingStage extends PoolStage {
  constructor(options: PoolStageOptions = {}) {
    super(options);
    const origins = (options.origins ?? ["http://o1.test"]).map(parseOriginAddress);
    this.pool.update(
      plainGroup(
        "",
        origins.map((origin) => withProxyHeader(origin, "v1")),
      ),
    );
  }

  /** A request of the client whose connection has this. */
  of(bindings: Bindings, isRetriable = true): TestSeeker {
    const seeker = this.prepare({ isRetriable });
    const source = { address: `192.0.2.${bindings.clientId}`, port: 4444 };
    Object.assign(seeker, { naming: { bindings, source, destination: { address: "198.51.100.1", port: 80 } } });
    seeker.search = this.pool.acquire(seeker, bindings);
    this.later.settle();
    return seeker;
  }

  /** The same with a connection, dialed if need be. */
  served(bindings: Bindings): [TestSeeker, PooledConnection] {
    const seeker = this.of(bindings);
    if (seeker.connection === undefined) this.dialer.connects();
    return [seeker, this.connectionOf(seeker)];
  }
}

it("one client's connection is used on for it, and never for another", () => {
  const stage = new NamingStage();
  const [one, other] = [new Bindings(1), new Bindings(2)];
  const [first, connection] = stage.served(one);
  expect(connection.record.boundTo).toBe(1);
  stage.finish(first);
  const [stranger, its] = stage.served(other);
  expect(its).not.toBe(connection);
  const [again, same] = stage.served(one);
  expect(same).toBe(connection);
  stage.expectNothingLeft([again, stranger]);
});

it("requests at once have one each, which are used on, and close with the client", () => {
  const stage = new NamingStage();
  const client = new Bindings(1);
  const seekers = [stage.served(client), stage.served(client), stage.served(client)];
  expect(new Set(seekers.map(([, connection]) => connection)).size).toBe(3);
  for (const [seeker] of seekers.slice(0, 2)) stage.finish(seeker);
  expect(seekers.slice(0, 2).map(([, connection]) => connection)).toContain(stage.served(client)[1]);
  stage.news();
  client.end();
  stage.later.settle();
  expect(stage.news()).toStrictEqual([expect.stringMatching(/^#[12] closed: binding-ended$/)]);
  for (const [seeker] of seekers.slice(2)) stage.finish(seeker);
  expect(stage.news()).toContain("#3 closed: binding-ended");
});

it("what idles for others gives room to who waits for it", () => {
  const stage = new NamingStage({ size: 1 });
  stage.finish(stage.served(new Bindings(1))[0]);
  const seeker = stage.of(new Bindings(2));
  expect(stage.news()).toContain("#1 closed: pool-surplus");
  stage.dialer.connects();
  expect(stage.connectionOf(seeker).record.boundTo).toBe(2);
  stage.expectNothingLeft([seeker]);
});

it("the endpoint is chosen as ever: what the client has to another one does not decide", () => {
  const stage = new NamingStage({ origins: ["http://o1.test", "http://o2.test"] });
  const client = new Bindings(1);
  const names = Array.from({ length: 4 }, () => {
    const [seeker, connection] = stage.served(client);
    stage.finish(seeker);
    return connection.record.endpoint?.name;
  });
  expect(new Set(names)).toStrictEqual(new Set(["http://o1.test", "http://o2.test"]));
  expect(stage.dialer.dialed).toHaveLength(2);
});

it("one that idled for too long is not used on, and goes", () => {
  const stage = new NamingStage({ idleLimit_ms: 10_000 });
  const client = new Bindings(1);
  const [seeker, connection] = stage.served(client);
  stage.finish(seeker);
  stage.pass(10_100);
  expect(stage.news()).toContain("#1 closed: idle-timeout");
  const [again, another] = stage.served(client);
  expect(another).not.toBe(connection);
  stage.expectNothingLeft([again]);
});

it("authentication binds one of them more closely: the client goes on with that one", () => {
  const stage = new NamingStage();
  const client = new Bindings(1);
  const [first, connection] = stage.served(client);
  const [second] = stage.served(client);
  client.bind(connection);
  stage.finish(first);
  stage.finish(second);
  const [again, its] = stage.served(client);
  expect(its).toBe(connection);
  stage.expectNothingLeft([again]);
});
