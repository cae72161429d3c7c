/** The program of a worker process: `workers.ts` starts it, and tells it what to be. */
import { readProxyOptions } from "../config/options.ts";
import { createForwardProxy, HopwiseProxy, type ProxyOptions } from "../index.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import { type WorkerPorts, type WorkerProxy, work } from "../workers/worker.ts";
import { collectAlone, collectWhenQuiet } from "./collector.ts";
import { surviveFaults } from "./faults.ts";
import { type GatewayValue, gatewayConfig } from "./gateway-file.ts";
import { leave } from "./leave.ts";
import { Terminal } from "./terminal.ts";
import { reloadUsers } from "./users.ts";

/** The kinds of proxies that can be shared among workers. */
const kinds = {
  proxy(options: object, ports: WorkerPorts, certificate: Certificate | undefined): WorkerProxy {
    return reverse(new HopwiseProxy(readProxyOptions(options as ProxyOptions, undefined, certificate), ports));
  },
  gateway(options: object, ports: WorkerPorts, certificate: Certificate | undefined): WorkerProxy {
    const config = gatewayConfig(options as GatewayValue, certificate);
    const proxy = new HopwiseProxy(config, ports);
    return {
      ...reverse(proxy),
      prepareReload: (next, own) => proxy.prepareReload(() => gatewayConfig(next as GatewayValue, own)),
    };
  },
  forward(options: object, ports: WorkerPorts): WorkerProxy {
    const proxy = createForwardProxy(options, ports);
    return {
      ...common(proxy),
      reread: () => void reloadUsers(proxy, "users" in options, terminal),
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
