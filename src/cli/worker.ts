/** The program of a worker process: `workers.ts` starts it, and tells it what to be. */
import { SeenFiles } from "../config/files.ts";
import { readForwardOptions } from "../config/forward-options.ts";
import { readProxyOptions } from "../config/options.ts";
import { type ForwardOptions, HopwiseProxy, type ProxyOptions } from "../index.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import { type WorkerPorts, type WorkerProxy, work } from "../workers/worker.ts";
import { collectAlone, collectWhenQuiet } from "./collector.ts";
import { surviveFaults } from "./faults.ts";
import { type GatewayValue, gatewayConfig } from "./gateway-file.ts";
import type { HandedOver } from "./handed-over.ts";
import { leave } from "./leave.ts";
import { Terminal } from "./terminal.ts";
import { reloadUsers } from "./users.ts";

/** The kinds of proxies that can be shared among workers. */
const kinds = {
  proxy(given: object, ports: WorkerPorts, certificate: Certificate | undefined): WorkerProxy {
    const { options, seen } = given as HandedOver<ProxyOptions>;
    const config = readProxyOptions(options, undefined, certificate, new SeenFiles(seen));
    return reverse(new HopwiseProxy(config, ports));
  },
  gateway(options: object, ports: WorkerPorts, certificate: Certificate | undefined): WorkerProxy {
    const config = gatewayConfig(options as GatewayValue, certificate);
    const proxy = new HopwiseProxy(config, ports);
    return {
      ...reverse(proxy),
      prepareReload: (next, own) => proxy.prepareReload(() => gatewayConfig(next as GatewayValue, own)),
    };
  },
  forward(given: object, ports: WorkerPorts): WorkerProxy {
    const { options, seen } = given as HandedOver<ForwardOptions>;
    const proxy = new HopwiseProxy(readForwardOptions(options, undefined, new SeenFiles(seen)), ports);
    return {
      ...common(proxy),
      reread: () => void reloadUsers(proxy, options.users !== undefined, terminal),
      onNews(listener) {
        proxy.on("accept-failed", listener);
        proxy.on("internal-error", listener);
        proxy.on("access-log", listener);
        proxy.on("trace", listener);
        proxy.on("trace", listener);
      },
    };
  },
} as const;
export type WorkerKind = keyof typeof kinds;

function reverse(proxy: HopwiseProxy): WorkerProxy {
  return {
    ...common(proxy),
    reread() {
      proxy.reloadCertificates();
    },
    onNews(listener) {
      proxy.on("endpoint", listener);
      proxy.on("health", listener);
      proxy.on("lookup", listener);
      proxy.on("accept-failed", listener);
      proxy.on("internal-error", listener);
      proxy.on("access-log", listener);
      proxy.on("trace", listener);
      proxy.on("certificate", listener);
    },
  };
}

function common(proxy: HopwiseProxy): Omit<WorkerProxy, "reread" | "onNews"> {
  return {
    listen: () => proxy.listen(),
    close: () => proxy.close(),
    cut: () => proxy.cut(),
    reopenLogs: () => proxy.reopenAccessLog(),
    noteAdmin: (address) => proxy.noteAdmin(address),
    figures: () => proxy.source.figures(),
    window: () => proxy.window,
  };
}

collectAlone();
const terminal = new Terminal();
surviveFaults(terminal);
collectWhenQuiet();
await leave(await work((kind, ...given) => kinds[kind as WorkerKind](...given)));
