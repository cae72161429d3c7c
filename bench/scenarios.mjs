/**
 * What is measured: each scenario is one question, answered for one proxy by one measurement.
 *
 * A measurement returns figures by name; `cpu` is always the proxy's processor time in microseconds per unit of work.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuBesideOf, cpuOf, familyOf, memoryOf, sumOf } from "./cpu.mjs";
import { openDashboard } from "./dashboard.mjs";
import { startIdleClients } from "./idling.mjs";
import { runLoad } from "./load/load.mjs";
import { MIB } from "./origin.mjs";
import {
  oneEndpoint,
  oneRoute,
  overHttp2,
  overTls,
  thousandRoutes,
  WINDOW_LOG,
  weightedGroup,
  wholeWindow,
} from "./setups.mjs";

const ACTIVE = 64;
export const IDLE = 5_000;
/** Idle connections that are there before memory is compared: what a proxy allocates once is no price of one more. */
export const IDLE_BEFORE = 1_000;
export const SETTLE_MS = 1_500;
const SMALL = { path: "/small", connections: ACTIVE };
const WARM_UP_REQUESTS = 40_000;
/** Less than this share of a second's work is done beside the thread that serves: the runtime compiles no more. */
const BESIDE_SHARE_MAX = 0.03;
const WARM_UP_SECONDS_MAX = 12;

/** As much load as the proxy takes. */
const saturated = (name, title, load, unit = { name: "request", perRequest: 1 }) => ({
  name,
  title,
  unit: unit.name,
  warmUp: (context) => warmUp(context, { connections: ACTIVE, ...load }),
  measure: (context) => measureLoad(context, { connections: ACTIVE, ...load }, unit.perRequest),
});

/** Runtimes compile what has run often: figures are taken when that is done, or after a while in any case. */
async function warmUp({ running }, load) {
  const family = familyOf(running.child.pid);
  const time = () => ({ all: sumOf(cpuOf(family)), beside: cpuBesideOf(family) });
  let requests = 0;
  for (let second = 0; second < WARM_UP_SECONDS_MAX; second++) {
    const before = time();
    requests += (await runLoad({ ...load, port: running.port, seconds: 1 })).requests;
    const after = time();
    const isCompiling = after.beside - before.beside > BESIDE_SHARE_MAX * (after.all - before.all);
    if (requests >= WARM_UP_REQUESTS && !isCompiling) return;
  }
}

async function measureLoad({ running, origin, seconds }, load, unitsPerRequest = 1) {
  const family = familyOf(running.child.pid);
  const before = cpuOf(family);
  const [result, reuse] = await Promise.all([
    runLoad({ ...load, port: running.port, seconds }),
    countReuse(origin, seconds),
  ]);
  const after = cpuOf(family);
  const units = result.requests * unitsPerRequest;
  return {
    cpu: (sumOf(after) - sumOf(before)) / units,
    userCpu: (after.user_us - before.user_us) / units,
    rate: result.rate,
    p50_ms: result.p50_ms,
    p90_ms: result.p90_ms,
    p99_ms: result.p99_ms,
    p999_ms: result.p999_ms,
    reuse,
    failed: result.failed,
  };
}

/** The share of requests for which no connection was opened, in the middle of a load: how it begins is no question. */
async function countReuse(origin, seconds) {
  await sleep(seconds * 300);
  const before = await origin.counts();
  await sleep(seconds * 500);
  const after = await origin.counts();
  // The question was itself a connection and a request.
  const opened = after.connections - before.connections - 1;
  const carried = after.requests - before.requests - 1;
  return carried > 0 ? 1 - opened / carried : undefined;
}

/**
 * A rate that every proxy can take, or at least the fast ones. What the load, the origin and the machine contribute to the
 * latency is told, too: the same load without a proxy, right behind.
 */
const atRate = (rate) => ({
  name: `rate-${rate / 1_000}k`,
  title: `latency at about ${rate.toLocaleString("en")} requests/s`,
  unit: "request",
  warmUp: (context) => warmUp(context, SMALL),
  async measure(context) {
    const load = { ...SMALL, rate };
    const figures = await measureLoad(context, load);
    const direct = await runLoad({ ...load, port: context.origin.port, seconds: 1 });
    return { ...figures, directP99_ms: direct.p99_ms };
  },
});

/** Memory of one more idle connection, and what idle ones cost those that are active. Needs a proxy just started. */
const idle = {
  name: "idle",
  title: `${IDLE.toLocaleString("en")} idle connections beside ${ACTIVE} active`,
  besideTitle: "without idle ones",
  unit: "request",
  roundsMax: 2,
  needsFresh: true,
  async measure(context) {
    const { running } = context;
    const load = SMALL;
    await warmUp(context, load);
    const alone = await measureLoad(context, load);
    const clients = await startIdleClients(running.port, "/small", IDLE_BEFORE);
    try {
      await runLoad({ ...load, port: running.port, seconds: 1 });
      await sleep(SETTLE_MS);
      const family = familyOf(running.child.pid);
      const memoryBefore = memoryOf(family);
      await clients.add(IDLE - IDLE_BEFORE);
      const beside = await measureLoad(context, load);
      await sleep(SETTLE_MS);
      const memory = memoryOf(family) - memoryBefore;
      const closed = await clients.end();
      return {
        ...beside,
        besideCpu: alone.cpu,
        besideRatio: beside.cpu / alone.cpu,
        idle_bytes: memory / (IDLE - IDLE_BEFORE),
        failed: alone.failed + beside.failed + closed,
      };
    } finally {
      await clients.stop();
    }
  },
};

/** As much load as the proxy takes over TLS. */
const overTlsSaturated = (name, title, load, unit) => ({
  ...saturated(name, title, { isTls: true, ...load }, unit),
  setup: overTls,
});

/**
 * What something costs that a file can say: the same load on the same proxy, with it and without, right behind each other.
 *
 * @param load where something costs much, at a rate that both take: the dearer one is the later to be busy, and handles fewer events at a
 *   time; and it leaves the core of the load and the origin idle, which makes each write to them dearer. Both would be counted as its own.
 */
const besideItself = (name, title, setup, beside, besideTitle, load = SMALL) => {
  return {
    ...{ name, title, unit: "request", setup, beside, besideTitle },
    async warmUp(context) {
      await warmUp(context, SMALL);
      await warmUp({ ...context, running: context.running.beside }, SMALL);
    },
    async measure(context) {
      const { running } = context;
      const measureWithout = () => measureLoad({ ...context, running: running.beside }, load);
      // Neither is always the first.
      running.isOtherFirst = !running.isOtherFirst;
      const first = running.isOtherFirst ? await measureWithout() : undefined;
      const figures = await measureLoad(context, load);
      const other = first ?? (await measureWithout());
      return {
        ...figures,
        besideCpu: other.cpu,
        besideRatio: figures.cpu / other.cpu,
        failed: figures.failed + other.failed,
      };
    },
  };
};

/** With all that shows what goes on, and a page that looks at it. */
const watched = (scenario) => ({
  ...scenario,
  async measure(context) {
    const page = await openDashboard(context.running.adminPort);
    try {
      const figures = await scenario.measure(context);
      if ((await page.close()) === 0) throw new Error("the dashboard has heard of nothing");
      if (statSync(join(context.directory, WINDOW_LOG)).size === 0) throw new Error("the access log is empty");
      return figures;
    } finally {
      await page.stop();
    }
  },
});

const mib = (bytes) => ({ name: "MiB", perRequest: bytes / MIB });

export const scenarios = [
  saturated("small", "small responses (64 bytes), keep-alive", { path: "/small" }),
  saturated("connectionless", "a connection per request (Connection: close)", { path: "/small", closes: true }),
  saturated("16k", "16 KiB responses", { path: "/16k" }, mib(16 * 1024)),
  saturated("1m", "1 MiB responses", { path: "/1m", connections: 16 }, mib(MIB)),
  saturated("upload", "1 MiB uploads", { path: "/upload", connections: 16, bodyBytes: MIB }, mib(MIB)),
  saturated("chunked", "16 KiB responses in chunks of 4 KiB", { path: "/chunked" }),
  idle,
  atRate(4_000),
  atRate(12_000),
  overTlsSaturated("tls-small", "small responses over TLS, keep-alive", { path: "/small" }),
  overTlsSaturated("tls-handshakes", "a TLS connection with a whole handshake per request", {
    ...{ path: "/small", connections: 16, shakesHands: true },
  }),
  overTlsSaturated("tls-1m", "1 MiB responses over TLS", { path: "/1m", connections: 16 }, mib(MIB)),
  {
    ...saturated("http2", "small responses over HTTP/2 and TLS, 100 at once on a connection", {
      ...{ path: "/small", connections: 1, streams: 100 },
    }),
    setup: overHttp2,
  },
  besideItself("routes-1000", "small responses, 1,000 routes", thousandRoutes, oneRoute, "with one route"),
  besideItself(
    "group",
    "small responses, a group of three weighted endpoints",
    weightedGroup,
    oneEndpoint,
    "with one endpoint",
  ),
  watched(
    besideItself(
      "window",
      "small responses, with admin server, open dashboard and access log",
      wholeWindow,
      oneEndpoint,
      "with none of that",
    ),
  ),
  watched(
    besideItself(
      "window-8k",
      "small responses at about 8,000 requests/s, with admin server, open dashboard and access log",
      wholeWindow,
      oneEndpoint,
      "with none of that",
      { ...SMALL, rate: 8_000 },
    ),
  ),
];
