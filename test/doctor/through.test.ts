/**
 * Proxies seen from both sides: each check catches the proxy that is sick in just its way, and lets its healthy twin pass. The doctor,
 * the proxy and the origin's place are in one simulated network, so nothing is waited for.
 */
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../../src/config/error.ts";
import { readProxyOptions } from "../../src/config/options.ts";
import type { Grade, Verdict } from "../../src/doctor/finding.ts";
import { throughChecks } from "../../src/doctor/through/all.ts";
import { drainLosesNothing } from "../../src/doctor/through/checks/drain.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { Socket } from "../../src/net/ports.ts";
import { Bell } from "../kit/bell.ts";
import { RecordingObserver } from "../kit/recording-observer.ts";
import type { Habits } from "./proxy-habits.ts";
import { RelayingProxy } from "./relaying-proxy.ts";
import { examineHabits, examineThroughVirtually, type Middle } from "./through-world.ts";
import { findingOf } from "./virtual-network.ts";

interface Sickness {
  readonly id: string;
  readonly habits: Partial<Habits>;
  readonly verdict: Verdict;
  readonly measured: string;
  /** What it leaves of the grade: A, B or C are for what passes, advice and failures. */
  readonly grade: Grade;
}

const sicknesses: readonly Sickness[] = [
  {
    id: "HW901",
    habits: { copies: ["requests"] },
    verdict: "fail",
    measured: "the request went on with x-hopwise-this-hop (named in Connection), keep-alive, proxy-connection",
    grade: "C",
  },
  {
    id: "HW901",
    habits: { upgrade: "without its option" },
    verdict: "advice",
    measured: "the request went on with upgrade",
    grade: "B",
  },
  {
    id: "HW902",
    habits: { copies: ["responses"] },
    verdict: "fail",
    measured:
      "the response went on with x-hopwise-this-hop (named in Connection), proxy-connection, keep-alive, upgrade",
    grade: "C",
  },
  {
    id: "HW903",
    habits: { copies: ["interims"] },
    verdict: "fail",
    measured: "103 Early Hints went on with x-hopwise-this-hop (named in Connection)",
    grade: "C",
  },
  {
    id: "HW903",
    habits: { interims: "dropped" },
    verdict: "info",
    measured: "103 Early Hints is not passed on",
    grade: "A",
  },
  {
    id: "HW903",
    habits: { interims: "taken for the response" },
    verdict: "fail",
    measured: "an interim response costs the final one: no response came",
    grade: "C",
  },
  {
    id: "HW904",
    habits: { copies: ["trailers"] },
    verdict: "fail",
    measured: "the trailer section went on with x-hopwise-this-hop (named in Connection), keep-alive, content-length",
    grade: "C",
  },
  {
    id: "HW905",
    habits: { http10: "stays open" },
    verdict: "fail",
    measured: "the response came, and the connection stayed open for 3000 ms",
    grade: "F",
  },
  {
    id: "HW906",
    habits: { keepAlive: "relays" },
    verdict: "fail",
    measured: "keep-alive was agreed to, and the second request on the connection was ignored",
    grade: "F",
  },
  {
    id: "HW906",
    habits: { keepAlive: "refuses and stays open" },
    verdict: "fail",
    measured: "keep-alive was not agreed to, and the connection stayed open for 3000 ms",
    grade: "F",
  },
  {
    id: "HW906",
    habits: { keepAlive: "refused" },
    verdict: "pass",
    measured: "keep-alive was not agreed to, and the connection closed",
    grade: "A",
  },
  {
    id: "HW907",
    habits: { proxyConnection: "relays" },
    verdict: "fail",
    measured: "keep-alive was agreed to, and the second request on the connection was ignored",
    grade: "F",
  },
  {
    id: "HW908",
    habits: { onClientsClose: "stays open" },
    verdict: "fail",
    measured: "the connection stayed open for 3000 ms",
    grade: "F",
  },
  {
    id: "HW908",
    habits: { onClientsClose: "closes" },
    verdict: "advice",
    measured: "closed, and the response did not say close",
    grade: "B",
  },
  {
    id: "HW908",
    habits: { onClientsClose: "tells the origin" },
    verdict: "advice",
    measured: "closed and said so; the origin was told close, too",
    grade: "B",
  },
  {
    id: "HW909",
    habits: { originsClose: "closes the client" },
    verdict: "advice",
    measured: "the client's connection was closed with it",
    grade: "B",
  },
  {
    id: "HW909",
    habits: { originsClose: "loses the next request" },
    verdict: "fail",
    measured: "the client's connection stayed open, and its next request was lost",
    grade: "D",
  },
  {
    id: "HW910",
    habits: { reuses: false },
    verdict: "advice",
    measured: "12 requests of 4 clients took 12 connections to the origin; each client kept its connection",
    grade: "B",
  },
  {
    id: "HW911",
    habits: { retries: "nothing" },
    verdict: "advice",
    measured: "sent once; the client got 502",
    grade: "B",
  },
  {
    id: "HW911",
    habits: { reuses: false },
    verdict: "info",
    measured: "the proxy used a fresh connection, so there was no race; the client got 502",
    grade: "A",
  },
  {
    id: "HW912",
    habits: { retries: "everything" },
    verdict: "fail",
    measured: "the same POST reached the origin 2 times",
    grade: "F",
  },
  {
    id: "HW912",
    habits: { reuses: false },
    verdict: "pass",
    measured: "sent once, on a fresh connection; the client got 502",
    grade: "A",
  },
  {
    id: "HW913",
    habits: { surplus: "is the next response" },
    verdict: "fail",
    measured: "the same client's next request was answered with it",
    grade: "F",
  },
  {
    id: "HW914",
    habits: { unsolicited: "is the next response" },
    verdict: "fail",
    measured: "the same client's next request was answered with it",
    grade: "F",
  },
  {
    id: "HW914",
    habits: { unsolicited: "is seen late" },
    verdict: "pass",
    measured: "the proxy gave the connection up",
    grade: "A",
  },
  {
    id: "HW915",
    habits: { truncation: "completed" },
    verdict: "fail",
    measured: "in chunks: the client got 10 bytes as a whole response",
    grade: "D",
  },
  {
    id: "HW915",
    habits: { truncation: "waits" },
    verdict: "fail",
    measured: "with Content-Length: the client waits for the rest",
    grade: "F",
  },
  {
    id: "HW916",
    habits: { responses: "held back" },
    verdict: "advice",
    measured: "the first event was held back with the head for 3000 ms, until the response was over",
    grade: "B",
  },
  {
    id: "HW917",
    habits: { requests: "held back" },
    verdict: "advice",
    measured: "the upload was held back for 3000 ms, until it was whole",
    grade: "B",
  },
  {
    id: "HW918",
    habits: { clientReset: "goes on" },
    verdict: "advice",
    measured: "the origin was still waited for 5 s behind the client's RST",
    grade: "B",
  },
  {
    id: "HW919",
    habits: { chunksToOld: true },
    verdict: "fail",
    measured: "Transfer-Encoding went on to an HTTP/1.0 client",
    grade: "C",
  },
  {
    id: "HW920",
    habits: { clientFin: "goes on" },
    verdict: "advice",
    measured: "the origin was still waited for 5 s behind the client's FIN",
    grade: "B",
  },
  {
    id: "HW920",
    habits: { clientFin: "cancels" },
    verdict: "pass",
    measured: "the origin's connection ended 2 ms behind the client's",
    grade: "A",
  },
  {
    id: "HW921",
    habits: { clientFin: "cancels" },
    verdict: "advice",
    measured: "the proxy closed without a response",
    grade: "B",
  },
  {
    id: "HW922",
    habits: { earlyAnswer: "passed on, then reset" },
    verdict: "advice",
    measured: "413 came, and RST right behind it",
    grade: "B",
  },
  { id: "HW922", habits: { earlyAnswer: "lost" }, verdict: "fail", measured: "413 did not come", grade: "D" },
  {
    id: "HW922",
    habits: { requests: "held back" },
    verdict: "info",
    measured: "the proxy waits for the whole upload before it asks the origin",
    grade: "A",
  },
  {
    id: "HW923",
    habits: { forwardingFields: "passed on" },
    verdict: "advice",
    measured:
      "x-forwarded-for, forwarded, x-real-ip, x-client-ip, true-client-ip, x-forwarded-host, x-forwarded-proto went on as the client wrote them",
    grade: "B",
  },
  {
    id: "HW923",
    habits: { forwardingFields: "appended" },
    verdict: "info",
    measured: "x-forwarded-for: the proxy adds its own entry behind the client's; applications must count from the end",
    grade: "A",
  },
  {
    id: "HW925",
    habits: { upgrade: "ignored" },
    verdict: "info",
    measured: "the upgrade is not passed on; the request was",
    grade: "A",
  },
  {
    id: "HW925",
    habits: { upgrade: "waits" },
    verdict: "fail",
    measured: "the origin switched protocols, and the client did not hear of it",
    grade: "C",
  },
  {
    id: "HW925",
    habits: { upgrade: "deaf tunnel" },
    verdict: "fail",
    measured: "101 came, and the client's bytes did not pass",
    grade: "C",
  },
  {
    id: "HW926",
    habits: { lendsAuthenticated: true },
    verdict: "fail",
    measured: "another client's request came on the connection that was logged in",
    grade: "F",
  },
  {
    id: "HW930",
    habits: { ambiguous: "passed on" },
    verdict: "fail",
    measured: "Content-Length and Transfer-Encoding: it went on as it was (length-and-chunked)",
    grade: "F",
  },
];

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
