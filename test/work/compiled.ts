/**
 * The modules of the proxy, compiled, and loaded by the runtime itself. The test runner would make of every imported name a
 * call, which costs more than the work that is measured. vitest.config.ts says that what is compiled is not its business.
 */
const build = new URL("../../build/", import.meta.url);
const load = <Module>(path: string): Promise<Module> => import(new URL(path, build).href) as Promise<Module>;

type Src<Path extends keyof Sources> = Sources[Path];
interface Sources {
  answers: typeof import("../../src/admin/answers.ts");
  logFormat: typeof import("../../src/ledger/log-format.ts");
  basicAuthentication: typeof import("../../src/forward/basic-authentication.ts");
  entryMaker: typeof import("../../src/ledger/entry-maker.ts");
  events: typeof import("../../src/ledger/events.ts");
  gateway: typeof import("../../src/gateway/gateway.ts");
  gatewayConfig: typeof import("../../src/config/gateway-config.ts");
  ledger: typeof import("../../src/ledger/ledger.ts");
  observers: typeof import("../../src/ledger/observers.ts");
  options: typeof import("../../src/config/options.ts");
}

export const { adminAnswer } = await load<Src<"answers">>("admin/answers.js");
export const { lineOf } = await load<Src<"logFormat">>("ledger/log-format.js");
export const { BasicAuthentication } = await load<Src<"basicAuthentication">>("forward/basic-authentication.js");
export const { EntryMaker } = await load<Src<"entryMaker">>("ledger/entry-maker.js");
export const { EventHub } = await load<Src<"events">>("ledger/events.js");
export const { Gateway } = await load<Src<"gateway">>("gateway/gateway.js");
export const { readGatewayConfig } = await load<Src<"gatewayConfig">>("config/gateway-config.js");
export const { Ledger } = await load<Src<"ledger">>("ledger/ledger.js");
export const { Observers, QuietObserver } = await load<Src<"observers">>("ledger/observers.js");
export const { readProxyOptions } = await load<Src<"options">>("config/options.js");
