/**
 * `hopwise demo`: the showroom. A gateway in front of each of five embedded origins, gentle traffic, and what happens, beside what happens
 * to the same traffic through a naive proxy; a dashboard to look at, and a page on which things are broken.
 */
import { readDashboard } from "../../admin/dashboard-files.ts";
import { AdminServer } from "../../admin/server.ts";
import { type AdminAddress, proxySchema } from "../../config/schema.ts";
import { type DrainReport, HopwiseError } from "../../index.ts";
import { type RunningProxy, startNaiveProxy } from "../../lab/actors/naive-proxy.ts";
import { EventHub } from "../../ledger/events.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { statsOf } from "../../ledger/stats.ts";
import { windowOf } from "../../ledger/window.ts";
import { nodeClock } from "../../net/node-clock.ts";
import { drainOnSignal } from "../drain.ts";
import type { ExitCode } from "../exit.ts";
import { surviveFaults } from "../faults.ts";
import { optionsFrom } from "../flags.ts";
import { nothingAnew, Signals } from "../signals.ts";
import type { Terminal } from "../terminal.ts";
import { Breaking } from "./breaking.ts";
import { Flood } from "./flood.ts";
import { Gateways } from "./gateways.ts";
import { startOrigins } from "./origins.ts";
import { DemoScreen } from "./screen.ts";
import { Showroom } from "./showroom.ts";
import { Traffic } from "./traffic.ts";
import { withWayBack } from "./way-back.ts";

export async function runDemo(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const adminAddress = readAdmin(flags);
  const signals = new Signals(terminal);
  signals.renews(nothingAnew);
  // Each gateway has its own; these are of all of them, for the admin server and the last line.
  const ledger = new Ledger(nodeClock);
  const events = new EventHub(nodeClock);
  const stats = () => statsOf(ledger);
  const origins = await startOrigins();
  const gateways = new Gateways(origins, ledger, events);
  const operator = { config: () => gateways.config };
  // Each of the two pages leads to the other.
  let tellShowroom = (_url: string) => {};
  const showroomAt = new Promise<string>((resolve) => {
    tellShowroom = resolve;
  });
  const dashboard = Promise.all([readDashboard(), showroomAt]).then(([built, url]) => withWayBack(built, url));
  const window = windowOf(ledger, events);
  const admin =
    adminAddress === undefined
      ? undefined
      : await AdminServer.listen(adminAddress, gateways.source, { window, dashboard, operator });
  await gateways.listen();
  surviveFaults(terminal);

  const hasTraffic = flags.traffic !== false;
  const { pairs } = gateways;
  const screen: DemoScreen = new DemoScreen(terminal, pairs, stats);
  const traffic = new Traffic({ failed: (what, fault) => screen.naiveFailed(what, fault) });
  const naive = hasTraffic ? await Promise.all(origins.map(({ url }) => startNaiveProxy(addressOf(url)))) : [];
  if (hasTraffic) screen.compares(traffic.comparison);

  const flood = new Flood();
  const breaking = new Breaking({
    ...{ origins, gateways, flood, stats },
    comparison: () => (hasTraffic ? traffic.comparison : undefined),
    dashboard: admin?.url,
    onServing: (isServing) => {
      traffic.isPaused = !isServing;
    },
    startAgain: () => gateways.startAgain(({ proxy }) => screen.follow(proxy)),
  });
  const showroom = await Showroom.open(breaking);
  tellShowroom(showroom.url);

  const close = async (): Promise<DrainReport> => {
    screen.stop();
    traffic.stop();
    flood.end();
    showroom.close();
    const report = await gateways.drain();
    screen.finish();
    admin?.close();
    for (const it of [...naive, ...origins]) it.close();
    return report;
  };
  const stopped = drainOnSignal({ close, cut: () => gateways.cut(), stats }, terminal, signals);

  screen.introduce(admin, hasTraffic, showroom.url);
  screen.start();
  for (const [index, { origin, url }] of pairs.entries()) {
    const beside = naive[index];
    if (beside === undefined) continue;
    traffic.start(origin.name, { hopwise: url, naive: urlOf(beside) }, () => origin.idle_ms ?? 0);
  }
  return await stopped;
}

function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

function urlOf({ host, port }: RunningProxy): string {
  return `http://${host}:${port}`;
}

function readAdmin(flags: Readonly<Record<string, unknown>>): AdminAddress | undefined {
  const { admin } = optionsFrom(flags);
  const result = proxySchema.shape.admin.safeParse(admin);
  if (result.success) return result.data;
  throw new HopwiseError("option-invalid", result.error.issues[0]?.message ?? "it is wrong", "admin");
}
