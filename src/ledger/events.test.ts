import { afterEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "../net/ports.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { ProxyEvents } from "./events.ts";
import { EventHub } from "./events.ts";

const clock: Clock = { now: () => 0, date: () => 0, after: () => () => {}, afterArrivals: () => {} };

/** An endpoint that notes whether anybody has looked at it. */
function endpoint(): Endpoint & { readonly looks: number } {
  let looks = 0;
  return {
    avoidUntil_ms: 1_000,
    get origin() {
      looks++;
      return { name: "http://127.0.0.1:3000" };
    },
    get looks() {
      return looks;
    },
  } as unknown as Endpoint & { readonly looks: number };
}

afterEach(() => vi.restoreAllMocks());

describe("events", () => {
  it("are told in order, once the loop's turn is over", async () => {
    const hub = new EventHub(clock);
    const told: unknown[] = [];
    hub.on("endpoint", (event) => told.push([event.state, event.fault]));
    hub.on("drain", (event) => told.push(event.state));
    hub.endpointFailed(endpoint(), "ECONNREFUSED");
    hub.drainBegan();
    hub.endpointRecovered(endpoint());
    expect(told).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([["failed", "ECONNREFUSED"], "began", ["recovered", undefined]]);
  });

  it("are not even built when nobody listens", () => {
    const hub = new EventHub(clock);
    const subject = endpoint();
    const ignore = () => {};
    hub.on("endpoint", ignore);
    hub.off("endpoint", ignore);
    hub.endpointFailed(subject, "ECONNREFUSED");
    hub.flush();
    expect(subject.looks).toBe(0);
  });

  it("are told once to those who want them once", () => {
    const hub = new EventHub(clock);
    const told: ProxyEvents["drain"][] = [];
    hub.on("drain", (event) => told.push(event), true);
    hub.drainBegan();
    hub.drainEnded(2);
    hub.flush();
    expect(told).toMatchObject([{ type: "drain", state: "began" }]);
  });

  it("reach the other listeners when one throws, and the error is not swallowed", () => {
    const hub = new EventHub(clock);
    const thrown: (() => void)[] = [];
    vi.spyOn(process, "nextTick").mockImplementation((callback) => thrown.push(callback as () => void));
    const told: string[] = [];
    hub.on("drain", () => {
      throw new Error("a listener's own fault");
    });
    hub.on("drain", (event) => told.push(event.state));
    hub.drainBegan();
    hub.flush();
    vi.restoreAllMocks();
    expect(told).toEqual(["began"]);
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toThrow("a listener's own fault");
  });
});
