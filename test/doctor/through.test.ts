/**
 * Proxies seen from both sides: each check catches the proxy that is sick in just its way, and lets its healthy twin pass. The doctor,
 * the proxy and the origin's place are in one simulated network, so nothing is waited for.
 */
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../../src/config/error.ts";
import { readProxyOptions } from "../../src/config/options.ts";
import type { Grade } from "../../src/doctor/finding.ts";
import { throughChecks } from "../../src/doctor/through/all.ts";
import { drainLosesNothing } from "../../src/doctor/through/checks/drain.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { Socket } from "../../src/net/ports.ts";
import { Bell } from "../kit/bell.ts";
import { RecordingObserver } from "../kit/recording-observer.ts";
import type { Habits } from "./proxy-habits.ts";
import { sicknesses } from "./proxy-sicknesses.ts";
import { RelayingProxy } from "./relaying-proxy.ts";
import { examineHabits, examineThroughVirtually, type Middle } from "./through-world.ts";
import { findingOf } from "./virtual-network.ts";

describe("a sick proxy is caught", () => {
  it.each(sicknesses)("$id $habits: $verdict", async ({ id, habits, verdict, measured, grade }) => {
    const report = await examineHabits(habits, { only: [id], isIntrusive: true });
    const finding = findingOf(report, id);
    expect({ verdict: finding.verdict, measured: finding.measured, grade: report.grade }).toEqual({
      verdict,
      measured,
      grade,
    });
    const isWrong = verdict === "fail" || verdict === "advice";
    expect(finding.consequence === "").toBe(!isWrong);
    expect(finding.fixes.length > 0).toBe(isWrong);
  });

  it("a redirect that leaves the proxy", async () => {
    const report = await examineHabits({ location: "passed on" }, { only: ["HW924"] });
    const finding = findingOf(report, "HW924");
    expect([finding.verdict, finding.measured]).toEqual([
      "advice",
      expect.stringMatching(/^Location: http:\S+\/elsewhere went on to the client$/),
    ]);
  });

  it("each check has one", () => {
    const judged = new Set(
      sicknesses.filter(({ verdict }) => verdict !== "pass" && verdict !== "info").map(({ id }) => id),
    );
    // Messages that run into each other: poisoned-proxies.test.ts.
    const elsewhere = ["HW927", "HW928", "HW929", "HW931"];
    expect(throughChecks.map(({ id }) => id).filter((id) => !judged.has(id))).toEqual(["HW924", ...elsewhere]);
  });
});

it("the healthy one passes every check, but for the choice between clients that are gone and clients that closed one side", async () => {
  const report = await examineHabits({}, { isIntrusive: true });
  expect(report.findings.map(({ id }) => id)).toEqual(throughChecks.map(({ id }) => id).toSorted());
  expect(report.findings.filter(({ verdict }) => verdict !== "pass").map(({ id, verdict }) => [id, verdict])).toEqual([
    ["HW920", "advice"],
  ]);
});

const hopwiseOn = (...[{ dialer, clock }, origin]: Parameters<Middle>) => {
  let made: Gateway | undefined;
  const gateway = () => {
    const { host, port } = origin();
    const { gateway: config } = readProxyOptions({ to: `http://${host}:${port}`, via: "hopwise" });
    made ??= new Gateway(config, { clock, dialer, observer: new RecordingObserver(new Bell()) });
    return made;
  };
  return { gateway, accept: (client: Socket) => gateway().accept(client) };
};
const hopwise: Middle = (...given) => hopwiseOn(...given).accept;

it("hopwise passes every check", async () => {
  const report = await examineThroughVirtually(hopwise, { isIntrusive: true });
  expect(
    report.findings.filter(({ verdict }) => verdict !== "pass").map(({ id, measured }) => `${id} ${measured}`),
  ).toEqual([]);
  expect(report).toMatchObject({ mode: "through", grade: "A", isComplete: true, product: { name: "hopwise" } });
});

describe("a drain", () => {
  const drained = async (drain: Habits["drain"]) => {
    let begin = () => {};
    const report = await examineThroughVirtually(
      ({ dialer, stopListening }, origin) => {
        const proxy = new RelayingProxy(dialer, origin, { drain });
        begin = () => {
          if (drain !== "serves on") stopListening();
          proxy.end();
        };
        return (client) => proxy.accept(client);
      },
      { only: ["HW940"], last: drainLosesNothing(() => begin()) },
    );
    const { verdict, measured } = findingOf(report, "HW940");
    return [verdict, measured, report.grade];
  };

  it.each<[Habits["drain"], string, string, Grade]>([
    ["graceful", "pass", "nothing was lost; 3 more requests were served, 3 of them with close; over after 0.62 s", "A"],
    ["silent", "advice", "2 responses during the drain did not say close", "B"],
    ["cuts", "fail", "the response that was waited for and the response that had begun did not come whole", "D"],
    ["cuts idle clients' requests", "fail", "3 requests on kept connections got no response", "D"],
    ["serves on", "not-measurable", "no drain showed within 10 s: the proxy served on as before", "A"],
  ])("%s: %s", async (drain, verdict, measured, grade) => {
    expect(await drained(drain)).toEqual([verdict, measured, grade]);
  });

  it("of hopwise loses nothing", async () => {
    let begin = () => {};
    const report = await examineThroughVirtually(
      (ports, origin) => {
        const { accept, gateway } = hopwiseOn(ports, origin);
        begin = () => {
          ports.stopListening();
          gateway().beginDrain();
          void gateway().drain(30_000);
        };
        return accept;
      },
      { only: ["HW940"], last: drainLosesNothing(() => begin()) },
    );
    expect(findingOf(report, "HW940")).toMatchObject({
      verdict: "pass",
      values: { lost_on_kept: 0, lost_newcomers: 0 },
    });
  });
});

describe("what the evidence shows", () => {
  it("both sides of the proxy, with what was sent and what came", async () => {
    const report = await examineHabits({ retries: "everything" }, { only: ["HW912"] });
    const { evidence } = findingOf(report, "HW912");
    expect(evidence.map(({ hop }) => hop)).toEqual(["client", "origin", "origin"]);
    const received = evidence
      .slice(1)
      .map(
        ({ lines }) =>
          lines.filter(({ direction, text }) => direction === "received" && text.startsWith("POST ")).length,
      );
    expect(received).toEqual([1, 1]);
  });

  it("no credentials", async () => {
    const report = await examineHabits({ lendsAuthenticated: true }, { only: ["HW926"] });
    expect(JSON.stringify(report)).not.toContain("TlRMTVNTUA");
  });
});

it("a proxy that ends in the middle is caught, and no further check is counted", async () => {
  const report = await examineThroughVirtually(({ dialer, stopListening }, origin) => {
    const proxy = new RelayingProxy(dialer, origin);
    let clients = 0;
    return (client) => {
      // The third check opens its one connection, after the first one, three for the first check and two for the second.
      if (++clients === 7) stopListening();
      proxy.accept(client);
    };
  });
  const gone = report.findings.filter(({ measured }) => measured.includes("gone"));
  expect(gone.map(({ id, verdict }) => [id, verdict])).toEqual([["HW903", "fail"]]);
  expect([report.grade, report.isComplete, report.findings.length]).toEqual(["F", false, 3]);
  expect(report.skipped.filter(({ because }) => because === "the proxy was gone")).toHaveLength(
    throughChecks.length - 4,
  );
});

describe("what cannot be examined is said", () => {
  it("a proxy that sends elsewhere", async () => {
    const elsewhere: Middle = () => (client) => {
      client.handler = {
        onData: () => void client.write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        onEnd() {},
        onDrain() {},
        onClose() {},
      };
    };
    const failed = examineThroughVirtually(elsewhere);
    await expect(failed).rejects.toThrow(HopwiseError);
    await expect(failed).rejects.toThrow(/the proxy answered 502 by itself; is \S+ where it sends to\?$/);
  });

  it("a proxy that says nothing", async () => {
    const silent: Middle = () => (client) => {
      client.handler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
    };
    await expect(examineThroughVirtually(silent)).rejects.toThrow(
      /the request did not reach the origin; is \S+ where it sends to\?$/,
    );
  });

  it("checks that need leave are named", async () => {
    const report = await examineHabits({}, { only: ["HW901", "HW930"] });
    expect(report.findings.map(({ id }) => id)).toEqual(["HW901"]);
    expect(report.skipped).toMatchObject([{ id: "HW930", because: "needs --intrusive" }]);
  });

  it("an examination that is stopped tells what is known", async () => {
    const stopper = new AbortController();
    const report = await examineHabits(
      {},
      {
        signal: stopper.signal,
        onProgress: ({ done }) => {
          if (done === 3) stopper.abort();
        },
      },
    );
    expect(report.isComplete).toBe(false);
    expect(report.findings.filter(({ verdict }) => verdict === "pass")).toHaveLength(3);
  });
});
