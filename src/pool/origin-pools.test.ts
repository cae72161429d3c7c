/** The pools of a gateway's groups: kept by name, drained when they are not named any more, and seen until they are empty. */
import { expect, it } from "vitest";
import { PoolStage } from "../../test/fuzz/kit/pool-stage.ts";
import { plainGroup } from "./group.ts";
import { parseOriginAddress } from "./origin-address.ts";
import { OriginPools } from "./origin-pools.ts";

const groupOf = (name: string) => plainGroup(name, [parseOriginAddress(`http://${name}.test`)]);

/** With the stage's own pool left alone. */
function staged() {
  const stage = new PoolStage();
  const pools = new OriginPools(stage.pool.options);
  const seek = (name: string, pool = pools.update([groupOf("a"), groupOf("b")]).get(name)) => {
    const seeker = stage.prepare({});
    pool?.acquire(seeker);
    stage.dialer.connects();
    return seeker;
  };
  return { stage, pools, seek, names: () => pools.endpoints.map(({ origin }) => origin.authority) };
}

it("a group that is named still keeps its pool", () => {
  const { pools } = staged();
  const before = pools.update([groupOf("a"), groupOf("b")]);
  const after = pools.update([groupOf("b"), groupOf("c")]);
  expect([after.get("b"), [...after.keys()]]).toStrictEqual([before.get("b"), ["b", "c"]]);
});

it("one that is not drains, and can be seen until it is empty", () => {
  const { stage, pools, seek, names } = staged();
  const busy = seek("a");
  pools.update([groupOf("b")]);
  expect(names()).toStrictEqual(["b.test", "a.test"]);
  stage.finish(busy);
  expect([names(), stage.told.at(-1)]).toStrictEqual([["b.test"], "#1 closed: endpoint-left"]);
});

it("a request that began before still gets there, and what it opens can be seen, and is closed behind it", () => {
  const { stage, pools, seek, names } = staged();
  const left = pools.update([groupOf("a"), groupOf("b")]).get("a");
  pools.update([groupOf("b")]);
  expect(names()).toStrictEqual(["b.test"]);
  const late = seek("a", left);
  expect(names()).toStrictEqual(["b.test", "a.test"]);
  stage.finish(late);
  expect([names(), stage.told.at(-1)]).toStrictEqual([["b.test"], "#1 closed: endpoint-left"]);
});

it("one that is named again before it was empty goes on as it was", () => {
  const { stage, pools, seek } = staged();
  const busy = seek("a");
  const before = pools.update([groupOf("a")]).get("a");
  pools.update([groupOf("b")]);
  const after = pools.update([groupOf("a")]).get("a");
  const connection = stage.finish(busy);
  expect([after, connection.life.state]).toStrictEqual([before, "idle"]);
});
