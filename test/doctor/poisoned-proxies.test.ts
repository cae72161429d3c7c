/**
 * Proxies that let messages of several clients run into each other, each in its own way: the doctor names it. Healthy ones pass, also one
 * that thinks in bytes but keeps each client to itself, and hopwise.
 */
import { describe, expect, it } from "vitest";
import { readProxyOptions } from "../../src/config/options.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { Bell } from "../kit/bell.ts";
import { RecordingObserver } from "../kit/recording-observer.ts";
import { type NaiveFault, NaiveProxy } from "./naive-proxy.ts";
import { examineHabits, examineThroughVirtually } from "./through-world.ts";
import { findingOf } from "./virtual-network.ts";

const checks = ["HW913", "HW914", "HW927", "HW928", "HW929", "HW931"];

const examineNaive = (fault?: NaiveFault) =>
  examineThroughVirtually(
    ({ dialer }, origin) => {
      const proxy = new NaiveProxy(dialer, origin, fault);
      return (client) => proxy.accept(client);
    },
    { only: checks },
  );

describe("named", () => {
  it.each<[NaiveFault | "none", string, string]>([
    ["none", "HW913", "the same client got it behind its response, unasked"],
    ["none", "HW914", "the same client got it behind its response, unasked"],
    ["mixes up", "HW927", "4 of 4 clients got the response to another's request"],
    ["lends what is left", "HW928", "another client's request was answered with it"],
    ["lends in an upload", "HW929", "another client's request arrived inside the upload"],
    ["answers twice", "HW931", "in an earlier check a client got more than it asked for: another response (504)"],
    ["says a body to HEAD", "HW931", "request 2, HEAD, which the origin answers 200: bytes that are not a response"],
  ])("%s: %s", async (fault, id, measured) => {
    const report = await examineNaive(fault === "none" ? undefined : fault);
    expect(findingOf(report, id)).toMatchObject({ verdict: "fail", measured });
    expect(report.grade).toBe("F");
  });
});

const verdicts = ({ findings }: Awaited<ReturnType<typeof examineNaive>>) =>
  findings.map(({ id, verdict, measured }) => (verdict === "pass" ? id : `${id} ${verdict}: ${measured}`));

describe("passed", () => {
  it("a proxy that keeps each client to itself, but for what an origin says unasked", async () => {
    const { findings } = await examineNaive();
    const wrong = findings.filter(({ verdict }) => verdict !== "pass").map(({ id }) => id);
    expect(wrong).toStrictEqual(["HW913", "HW914"]);
  });

  it("a healthy proxy", async () => {
    expect(verdicts(await examineHabits({}, { only: checks }))).toStrictEqual(checks);
  });

  it("one that finishes with a response whose client has gone, and goes on with the connection", async () => {
    expect(verdicts(await examineHabits({ clientReset: "goes on" }, { only: checks }))).toStrictEqual(checks);
  });

  it("one that takes an upload whole before it asks", async () => {
    expect(verdicts(await examineHabits({ requests: "held back" }, { only: checks }))).toStrictEqual(checks);
  });

  it("hopwise", async () => {
    const report = await examineThroughVirtually(
      ({ dialer, clock }, origin) => {
        let proxy: Gateway | undefined;
        return (client) => {
          const { host, port } = origin();
          const { gateway } = readProxyOptions({ to: `http://${host}:${port}` });
          proxy ??= new Gateway(gateway, { clock, dialer, observer: new RecordingObserver(new Bell()) });
          proxy.accept(client);
        };
      },
      { only: checks },
    );
    expect(verdicts(report)).toStrictEqual(checks);
  });
});
