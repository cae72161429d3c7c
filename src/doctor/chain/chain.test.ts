/** Chains on paper: which neighbours lose requests, by how much, to whom, and what ends it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { HopwiseError } from "../../config/error.ts";
import { gradingOf } from "../grade.ts";
import { type ChainSource, readChainData } from "./chain-file.ts";
import { asciiPen, boxPen, drawChain } from "./diagram.ts";
import { chainReport, findingOf } from "./findings.ts";
import { pairsOf } from "./pairs.ts";
import { readChainText } from "./read-chain.ts";

const judged = (text: string) => pairsOf(readChainText(text)).map(({ judgement }) => judgement);
const findings = (text: string) => pairsOf(readChainText(text)).map(findingOf);

describe("pairs that lose by default", () => {
  it.each([
    ["alb,node@20", 60_000, 6_000],
    ["alb,gunicorn", 60_000, 2_000],
    ["alb,uvicorn", 60_000, 5_000],
    ["alb,apache", 60_000, 5_000],
    ["alb,jetty", 60_000, 30_000],
    ["alb,puma@6", 60_000, 20_000],
    ["google,nginx", 600_000, 75_000],
    ["cloudflare,nginx", 900_000, 75_000],
    ["go-client,nginx", 90_000, 75_000],
    ["traefik,nginx", 90_000, 75_000],
    ["nginx@1.29.7,node@20", 60_000, 6_000],
    ["envoy,node@27", 3_600_000, 65_000],
    ["envoy,nginx", 3_600_000, 75_000],
    ["envoy,kestrel", 3_600_000, 130_000],
    ["envoy,varnish", 3_600_000, 5_000],
  ])("%s: the client leaves after %i ms, the server after %i ms", (chain, client_ms, server_ms) => {
    expect(judged(chain)).toEqual([{ verdict: "inverted", why: "server-leaves-first", client_ms, server_ms }]);
    expect(findings(chain).map(({ id, verdict }) => [id, verdict])).toEqual([["HW801", "fail"]]);
  });

  it("Tomcat's 60 s under an ALB's 60 s are a tie, which is a race", () => {
    expect(judged("alb,tomcat-embedded").map(({ verdict }) => verdict)).toEqual(["too-close"]);
    expect(judged("alb,tomcat").map(({ verdict }) => verdict)).toEqual(["inverted"]);
  });

  it("a client without a timer loses to every server that has one", () => {
    expect(judged("urllib3,nginx")).toMatchObject([{ verdict: "inverted", client_ms: undefined, server_ms: 75_000 }]);
  });
});

describe("healthy chains", () => {
  it.each([
    ["alb,nginx", "client-leaves-first"],
    ["alb,node@27", "client-leaves-first"],
    ["alb,puma@7", "client-leaves-first"],
    ["alb,node@20:keepAliveTimeout=65000", "client-leaves-first"],
    ["alb,fastify", "client-leaves-first"],
    ["alb,kestrel", "client-leaves-first"],
    ["google,hyper", "server-never-closes"],
    ["envoy,go", "server-never-closes"],
    ["envoy,aiohttp@3.11", "client-leaves-first"],
    ["cloudfront,node@20", "client-leaves-first"],
    ["undici,node@20", "client-heeds-hint"],
    ["undici,node@27", "client-heeds-hint"],
    ["undici,nginx", "client-leaves-first"],
    ["node@20,node@20", "client-heeds-hint"],
    ["node@20,apache", "client-heeds-hint"],
    ["hopwise,node@20", "client-learns"],
    ["hopwise,gunicorn", "client-learns"],
    ["alb,hopwise", "client-leaves-first"],
    ["nginx@1.22,node@20", "client-reuses-nothing"],
    ["alb,php", "server-closes-each"],
    ["alb,gunicorn:worker_class=sync", "server-closes-each"],
    ["google,nginx:keepalive_timeout=620s", "client-leaves-first"],
    ["nginx@1.29.7:upstream.keepalive_timeout=4,node@20", "client-leaves-first"],
    ["other:pool=10s,other:idle=20s", "client-leaves-first"],
  ])("%s: %s", (chain, why) => {
    expect(judged(chain)).toMatchObject([{ verdict: "healthy", why }]);
    expect(findings(chain).filter(({ verdict }) => verdict === "fail" || verdict === "advice")).toEqual([]);
  });
});

describe("what is written counts more than the product's default", () => {
  it("in the setting's own unit, or with another", () => {
    const idle = (text: string) => judged(`alb,${text}`).map(({ server_ms }) => server_ms);
    expect(idle("nginx:keepalive_timeout=90")).toEqual([90_000]);
    expect(idle("nginx:keepalive_timeout=2m")).toEqual([120_000]);
    expect(idle("haproxy:timeout http-keep-alive=15000")).toEqual([15_000]);
    expect(idle("apache:KeepAliveTimeout=15")).toEqual([15_000]);
    expect(idle("squid:client_idle_pconn_timeout=2 minutes")).toEqual([120_000]);
    expect(idle("azure-lb:idleTimeoutInMinutes=10")).toEqual([600_000]);
    expect(idle("other:idle=500ms")).toEqual([500]);
  });

  it("Node closes a second behind what is set, too", () => {
    expect(judged("alb,node@20:keepAliveTimeout=65_000")).toMatchObject([{ server_ms: 66_000 }]);
  });

  it("the first of a product's settings that is set, in its order", () => {
    const keepAlive = "alb,haproxy:timeout http-request=3s,timeout http-keep-alive=70s,timeout client=90s";
    expect(judged(keepAlive)).toMatchObject([{ server_ms: 70_000 }]);
    expect(judged("alb,haproxy:timeout http-request=70s,timeout client=90s")).toMatchObject([{ server_ms: 70_000 }]);
    expect(judged("alb,haproxy:timeout client=30s")).toMatchObject([{ server_ms: 30_000 }]);
  });

  it("a shorter time that counts beside it, which is then the one to change", () => {
    const chain = "alb,haproxy:timeout client=30s,timeout http-keep-alive=70s";
    expect(judged(chain)).toMatchObject([{ server_ms: 30_000 }]);
    expect(findings(chain)[0]?.fixes[0]?.setting).toBe("timeout client 65s");
  });

  it("reuse that is turned on in an older nginx", () => {
    expect(judged("nginx@1.22:upstream.keepalive=32,node@20")).toMatchObject([
      { verdict: "inverted", client_ms: 60_000 },
    ]);
  });

  it("reuse that is turned off", () => {
    expect(judged("nginx@1.29.7:upstream.keepalive=0,node@20")).toMatchObject([{ why: "client-reuses-nothing" }]);
    expect(judged("alb,apache:KeepAlive=Off")).toMatchObject([{ why: "server-closes-each" }]);
    expect(judged("alb,nginx:keepalive_timeout=0")).toMatchObject([{ why: "server-closes-each" }]);
  });

  it("no limit", () => {
    expect(judged("alb,node@20:keepAliveTimeout=0")).toMatchObject([{ why: "server-never-closes" }]);
    expect(judged("other:pool=never,nginx")).toMatchObject([{ verdict: "inverted", client_ms: undefined }]);
  });
});

describe("margins", () => {
  const verdict = (pool: string, idle: string, rtt_ms = 1) =>
    pairsOf(readChainText(`other:pool=${pool},other:idle=${idle}`), { rtt_ms })[0]?.judgement.verdict;

  it("timers are late, so a server needs more than the client's time", () => {
    expect(verdict("60s", "60s")).toBe("too-close");
    expect(verdict("60s", "60100ms")).toBe("too-close");
    expect(verdict("60s", "60502ms")).toBe("healthy");
    expect(verdict("60s", "59900ms")).toBe("too-close");
    expect(verdict("60s", "59s")).toBe("inverted");
  });

  it("a longer way needs a longer margin", () => {
    expect(verdict("60s", "61s", 1)).toBe("healthy");
    expect(verdict("60s", "61s", 600)).toBe("too-close");
  });

  it("the race is a round trip wide, around the server's close", () => {
    const [finding] = pairsOf(readChainText("alb,apache"), { rtt_ms: 20 }).map(findingOf);
    expect(finding?.values).toMatchObject({ race_from_ms: 4_990, race_to_ms: 5_010, race_window_ms: 20 });
    expect(finding?.consequence).toContain("4.99 to 5.01 s");
  });
});

describe("who loses, and what ends it", () => {
  it("an ALB answers 502, Node's setting is in milliseconds, and either side can be changed", () => {
    const [finding] = findings("alb,node@20");
    expect(finding?.consequence).toContain("502 Bad Gateway");
    expect(finding?.fixes).toEqual([
      {
        product: "node",
        text: "Let Node.js 20 keep idle connections for 65 s, in the program, before server.listen",
        setting: "server.keepAliveTimeout = 65000;",
      },
      {
        product: "alb",
        text: "Let AWS ALB give idle connections up after 4 s, in the load balancer's attributes",
        setting: "idle_timeout.timeout_seconds=4",
      },
    ]);
  });

  it("what cannot be changed says so", () => {
    const [finding] = findings("google,nginx");
    expect(finding?.fixes.map(({ setting, text }) => setting ?? text)).toEqual([
      "keepalive_timeout 605s;",
      "Google keeps idle connections for 600 s, and that cannot be changed",
    ]);
  });

  it("each remedy that has a setting makes its pair healthy", () => {
    for (const [chain, cured] of [
      ["alb,gunicorn", "alb,gunicorn:keepalive=65"],
      ["alb,gunicorn", "alb:idle_timeout=1,gunicorn"],
      ["envoy,varnish", "envoy:cluster.idle_timeout=3,varnish"],
      ["traefik,nginx", "traefik,nginx:keepalive_timeout=95"],
    ] as const) {
      const settings = findings(chain).flatMap(({ fixes }) => fixes.map(({ setting }) => setting));
      const amount = /=(\d+)/.exec(cured)?.[1];
      expect(
        settings.some((setting) => setting?.includes(`${amount}`)),
        `${chain}: ${settings}`,
      ).toBe(true);
      expect(judged(cured)).toMatchObject([{ verdict: "healthy" }]);
    }
  });

  it("the setting that is written is the one to change", () => {
    const [finding] = findings("alb,haproxy:timeout client=30s");
    expect(finding?.fixes[0]?.setting).toBe("timeout client 65s");
  });

  it("a browser asks again where that is safe: advice", () => {
    expect(findings("chrome,nginx").map(({ verdict }) => verdict)).toEqual(["advice"]);
  });

  it("a program fails with a reset, a proxy answers 502", () => {
    expect(findings("go-client,nginx")[0]?.consequence).toContain("in the program");
    expect(findings("traefik,nginx")[0]?.consequence).toContain("becomes a 502");
  });

  it("a losing pair caps the grade at D, and a healthy chain has A", () => {
    expect(gradingOf(findings("alb,node@20")).grade).toBe("D");
    expect(gradingOf(findings("alb,nginx")).grade).toBe("A");
  });
});

describe("what is not known", () => {
  it("is asked for, not guessed", () => {
    expect(findings("apache,node@20")).toMatchObject([{ verdict: "not-measurable" }]);
    expect(findings("apache,node@20")[0]?.consequence).toContain("apache:pool=60s");
    expect(findings("alb,haproxy")[0]?.consequence).toContain("haproxy:idle=75s");
  });

  it("a version that is not named may be the worst of them, and that is said", () => {
    const [unnamed] = findings("alb,puma");
    expect([unnamed?.verdict, unnamed?.measured]).toEqual([
      "fail",
      expect.stringContaining("puma before 7.0: name the version"),
    ]);
    expect(findings("alb,puma@7")[0]?.measured).not.toContain("name the version");
    // It loses either way.
    expect(findings("alb,gunicorn")[0]?.measured).not.toContain("name the version");
  });

  it("HAProxy gives no single connection a limit: advice", () => {
    expect(findings("haproxy:idle=75s,node@20")).toMatchObject([{ verdict: "advice" }]);
  });
});

it("a connection that a network passes on is judged from end to end", () => {
  const [toAzure, toNode] = pairsOf(readChainText("nginx@1.30,azure-lb,node@20"));
  expect([toAzure?.judgement.verdict, toNode?.judgement.verdict]).toEqual(["healthy", "inverted"]);
  expect([toNode?.client.product.name, toNode?.clientAt, toNode?.serverAt]).toEqual(["nginx", 0, 2]);
});

describe("mistakes are told with what to write", () => {
  it.each([
    ["nginx", "two hops at least"],
    ["", "two hops at least"],
    ["nginx,nod", 'no product "nod" is known (did you mean node?)'],
    ["nginx,qqqqqq", "or one of nginx, apache"],
    [
      "nginx:keepalive_timout=3,node",
      'no setting "keepalive_timout" that matters here (did you mean keepalive_timeout?)',
    ],
    ["nginx:keepalive_timeout=3x,node", '"x" is not a unit of time'],
    ["nginx:keepalive_timeout=soon,node", '"soon" is not an amount'],
    ["nginx:keepalive_requests=1.5,node", "is not a count"],
    ["nginx:keepalive_timeout,node", "is not a setting: write NAME=VALUE"],
    ["apache:KeepAlive=maybe,node", "is not one of off, on"],
    ["keepalive_timeout=3,node", "there is no product before it"],
    ["nginx@new,node", '"new" is not a version of nginx'],
    ["nginx:idle=9999999h,node", "longer than a hundred years"],
    [Array.from({ length: 33 }, () => "nginx").join(","), "32 hops at most"],
  ])("%s", (chain, message) => {
    expect(() => readChainText(chain)).toThrow(HopwiseError);
    expect(() => readChainText(chain)).toThrow(message);
  });
});

describe("files", () => {
  const source = (value: unknown, reports: Record<string, unknown> = {}): ChainSource => ({
    value,
    placeOf: (path) => `chain.yaml at ${path.join(".")}`,
    readReport: (name) => reports[name],
  });
  const hopsOf = (value: unknown, reports?: Record<string, unknown>) => readChainData(source(value, reports)).hops;

  it("are a list of hops, short or in full", () => {
    const hops = hopsOf({
      rtt: "2ms",
      hops: [
        "alb",
        {
          product: "nginx",
          version: "1.29.7",
          settings: { keepalive_timeout: "75s", "upstream.keepalive_timeout": 4 },
        },
        "node@20",
      ],
    });
    expect(pairsOf(hops).map(({ judgement }) => judgement.verdict)).toEqual(["healthy", "healthy"]);
    expect(hopsOf(["alb", "node@20:keepAliveTimeout=65000"])).toHaveLength(2);
    expect(readChainData(source({ rtt: "2ms", hops: ["alb", "node"] })).rtt_ms).toBe(2);
  });

  it("the one that docs/chain.md shows can be read", () => {
    const page = readFileSync(new URL("../../../docs/chain.md", import.meta.url), "utf8");
    const [, block = ""] = /^```yaml\n([\s\S]*?)^```/m.exec(page) ?? [];
    const report = { schema: "hopwise-doctor/1", findings: [{ values: { idle_timeout_ms: 6_012 } }] };
    const { hops, rtt_ms } = readChainData(source(parse(block), { "node.json": report }));
    expect([hops.map(({ product }) => product.name), rtt_ms]).toEqual([["alb", "nginx", "other"], 2]);
  });

  it("a hop has a round trip of its own", () => {
    const [pair] = pairsOf(hopsOf(["other:pool=60s", { product: "other", settings: { idle: "61s" }, rtt: "800ms" }]));
    expect(pair?.judgement.verdict).toBe("too-close");
  });

  it("a hop that the doctor has measured closes when it was seen to", () => {
    const report = {
      schema: "hopwise-doctor/1",
      product: { name: "node", version: "20.20.2", from: "told" },
      findings: [{ values: {} }, { values: { idle_timeout_ms: 6_012 } }],
    };
    const [pair] = pairsOf(hopsOf(["alb", { report: "node.json" }], { "node.json": report }));
    expect(pair?.judgement).toMatchObject({ verdict: "inverted", server_ms: 6_012 });
    expect(pair && findingOf(pair).measured).toContain("measured, node.json");
  });

  it.each([
    [3, "a chain is a list of hops"],
    [{ hops: ["alb", "node"], speed: 1 }, '"speed" is not known here'],
    [["alb", { version: 3 }], "chain.yaml at 1: a hop needs product"],
    [["alb", { product: "node", sets: {} }], 'chain.yaml at 1.sets: "sets" is not known here'],
    [["alb", { product: "node", settings: [1] }], "settings are written as NAME: VALUE"],
    [["alb", { product: "node", rtt: "fast" }], "chain.yaml at 1.rtt"],
    [["alb", { report: "none.json" }], "none.json is not a report of the doctor"],
  ])("%j", (value, message) => {
    expect(() => hopsOf(value)).toThrow(message);
  });
});

describe("the drawing", () => {
  const drawn = (text: string, pen = boxPen) => {
    const hops = readChainText(text);
    return drawChain(hops, pairsOf(hops), pen);
  };

  it("shows each hop, and both times of each pair to the same scale", () => {
    expect(drawn("alb,nginx@1.30:keepalive_timeout=75,node@20").join("\n")).toBe(`\
┌──────────────────────────────────────────────────────────────────┐
│ AWS ALB                                                          │
└──┬───────────────────────────────────────────────────────────────┘
   │  keeps idle   ██████████████████████████ 60 s
   ✓  closes idle  ████████████████████████████████ 75 s
   │  healthy: the client leaves first
┌──┴───────────────────────────────────────────────────────────────┐
│ nginx 1.30                                                       │
│   keepalive_timeout 75 s                                         │
└──┬───────────────────────────────────────────────────────────────┘
   │  keeps idle   ████████████████████████████████ 60 s
   ✗  closes idle  ███ 6 s (says 5 s)
   │  inverted by 54 s: the server closes first
┌──┴───────────────────────────────────────────────────────────────┐
│ Node.js 20                                                       │
└──────────────────────────────────────────────────────────────────┘`);
  });

  it("has a form in ASCII, and fits 80 columns whatever the chain", () => {
    for (const chain of ["alb,haproxy,urllib3,php,undici,node,azure-lb,node@27,hyper", "other:pool=876000h,node"]) {
      const ascii = drawn(chain, asciiPen);
      expect(ascii.join("")).toMatch(/^[\x20-\x7e]*$/);
      for (const line of [...ascii, ...drawn(chain)]) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
});

it("a report is the doctor's, of the mode chain", () => {
  const hops = readChainText("alb,nginx,node@20");
  const report = chainReport(hops, pairsOf(hops), new Date(0));
  expect(report).toMatchObject({
    schema: "hopwise-doctor/1",
    mode: "chain",
    target: "AWS ALB > nginx > Node.js 20",
    grade: "D",
    startedAt: "1970-01-01T00:00:00.000Z",
  });
  expect(report.findings.map(({ verdict }) => verdict)).toEqual(["pass", "fail"]);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});
