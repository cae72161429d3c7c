/** A gateway that is given another plan: what has begun keeps the one that it began with, on a connection that goes on. */
import { expect, it } from "vitest";
import { SmallWorld } from "../../test/kit/small-world.ts";
import type { HookSettings } from "../exchange/hooks.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** Says in each response which plan it is. */
const naming = (plan: string): HookSettings => ({
  timeout_ms: 1_000,
  onResponse: ({ fields }) => fields.set("X-Plan", plan),
});

/** In the order in which they were sent. */
const plansIn = (text: string) => [...text.matchAll(/^(?:Via: 1\.1|X-Plan:) (\S+)\r$/gm)].map(([, name]) => name);

it("an exchange keeps its plan to its end", () => {
  const world = new SmallWorld({ viaName: "old" }, undefined, naming("old"));
  const client = world.connect();
  client.socket.write(GET);
  world.pass(10);
  world.gateway.reload({ ...world.gateway.context.settings, viaName: "new" }, naming("new"));
  world.origins[0]?.write(OK);
  world.pass(10);
  client.socket.write(GET);
  world.pass(10);
  world.origins[0]?.write(OK);
  world.pass(10);
  expect([plansIn(world.asked), plansIn(client.received)]).toStrictEqual([
    ["old", "new"],
    ["old", "new"],
  ]);
  expect([world.observer.downstream.length, world.observer.upstream.length]).toStrictEqual([1, 1]);
});

it("a plan never changes", () => {
  const { context } = new SmallWorld({}, OK).gateway;
  expect(() => Object.assign(context, { settings: {} })).toThrow(TypeError);
});
