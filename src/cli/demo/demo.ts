/**
 * `hopwise demo`: a gateway in front of each of five embedded origins, gentle traffic, and what happens, beside what happens
 * to the same traffic through a naive proxy.
 */
import { AdminServer } from "../../admin/server.ts";
import { type AdminAddress, proxySchema } from "../../config/schema.ts";
import { createProxy, type DrainReport, HopwiseError, type HopwiseProxy, type Listening } from "../../index.ts";
import { type RunningProxy, startNaiveProxy } from "../../lab/actors/naive-proxy.ts";
import { sourceOf } from "../../ledger/figures.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { statsOf } from "../../ledger/stats.ts";
import { nodeClock } from "../../net/node-clock.ts";
import { drainOnSignal } from "../drain.ts";
import type { ExitCode } from "../exit.ts";
import { surviveFaults } from "../faults.ts";
import { optionsFrom } from "../flags.ts";
import { Signals } from "../signals.ts";
import type { Terminal } from "../terminal.ts";
import { type DemoOrigin, startOrigins } from "./origins.ts";
import { type DemoPair, DemoScreen } from "./screen.ts";
import { Traffic } from "./traffic.ts";

/** The first gateway's port, where it is free; the others follow. */
const FIRST_PORT = 8080;

export async function runDemo(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const adminAddress = readAdmin(flags);
  const signals = new Signals(terminal);
  // Each gateway has its own; this one counts all of them, for the admin server and the last line.
  const ledger = new Ledger(nodeClock);
  const admin = adminAddress === undefined ? undefined : await AdminServer.listen(adminAddress, sourceOf(ledger));
  const origins = await startOrigins();
  const pairs: DemoPair[] = [];
  for (const [index, origin] of origins.entries()) pairs.push(await startPair(origin, FIRST_PORT + index, ledger));
  surviveFaults(terminal);

  const hasTraffic = flags.traffic !== false;
  const screen: DemoScreen = new DemoScreen(terminal, pairs, () => statsOf(ledger));
  const traffic = new Traffic({ failed: (what, fault) => screen.naiveFailed(what, fault) });
  const naive = hasTraffic ? await Promise.all(origins.map(({ url }) => startNaiveProxy(addressOf(url)))) : [];
  if (hasTraffic) screen.compares(traffic.comparison);
  const cut = () => {
    for (const { proxy } of pairs) proxy.cut();
  };
  const close = async (): Promise<DrainReport> => {
    screen.stop();
    traffic.stop();
    const reports = await Promise.all(pairs.map(({ proxy }) => proxy.close()));
    screen.finish();
    admin?.close();
    for (const it of [...naive, ...origins]) it.close();
    return { cut: reports.reduce((cut, report) => cut + report.cut, 0) };
  };
  const stopped = drainOnSignal({ close, cut, stats: () => statsOf(ledger) }, terminal, signals);

  screen.introduce(admin, hasTraffic);
  screen.start();
  for (const [index, { origin, url }] of pairs.entries()) {
    const beside = naive[index];
    if (beside !== undefined) traffic.start(origin.name, { hopwise: url, naive: urlOf(beside) });
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

/** A gateway on the usual port, or on any free one where that is taken. */
async function startPair(origin: DemoOrigin, port: number, ledger: Ledger): Promise<DemoPair> {
  const make = (port: number): HopwiseProxy => createProxy({ to: origin.url, port }, { observer: ledger });
  let proxy = make(port);
  let listening: Listening;
  try {
    listening = await proxy.listen();
  } catch (error) {
    if (!(error instanceof HopwiseError) || error.code !== "address-in-use") throw error;
    proxy = make(0);
    listening = await proxy.listen();
  }
  ledger.watch(proxy.gateway);
  return { origin, proxy, url: listening.url };
}
