/** What befalls a connection of a simulated world. */
import { expect, it } from "vitest";
import { Random } from "../../src/net/simulated/random.ts";
import { Schedule } from "../../src/net/simulated/schedule.ts";
import { calmTraits, Network } from "./network.ts";
import { Timeline } from "./timeline.ts";

it("a cut tells both ends of a reset", () => {
  const schedule = new Schedule();
  const random = new Random(1);
  const network = new Network(schedule, random, new Timeline(schedule, false));
  const link = network.connect("link", calmTraits(random, 1));
  const told: string[] = [];
  for (const end of [link.proxyEnd, link.peerEnd]) {
    end.handler = { onData() {}, onEnd() {}, onDrain() {}, onClose: (fault) => void told.push(`${end.side} ${fault}`) };
  }
  link.cut();
  while (schedule.step(1_000));
  expect(told.sort()).toStrictEqual(["far ECONNRESET", "near ECONNRESET"]);
  expect(network.healthy()).toStrictEqual([]);
});
