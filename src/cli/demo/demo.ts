/** `hopwise demo`: a gateway in front of each of five embedded origins, gentle traffic, and what happens. */
import { AdminServer } from "../../admin/server.ts";
import { type AdminAddress, proxySchema } from "../../config/schema.ts";
import { createProxy, type DrainReport, HopwiseError, type HopwiseProxy, type Listening } from "../../index.ts";
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

  const traffic = new Traffic();
  const screen = new DemoScreen(terminal, pairs, () => statsOf(ledger));
  const cut = () => {
    for (const { proxy } of pairs) proxy.cut();
  };
  const close = async (): Promise<DrainReport> => {
    screen.stop();
    traffic.stop();
    const reports = await Promise.all(pairs.map(({ proxy }) => proxy.close()));
    traffic.close();
    screen.finish();
    admin?.close();
    for (const origin of origins) origin.close();
    return { cut: reports.reduce((cut, report) => cut + report.cut, 0) };
  };
  const stopped = drainOnSignal({ close, cut, stats: () => statsOf(ledger) }, terminal, signals);

  const hasTraffic = flags.traffic !== false;
  screen.introduce(admin, hasTraffic);
  screen.start();
  if (hasTraffic) for (const { origin, url } of pairs) traffic.start(origin.name, url);
  return await stopped;
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
