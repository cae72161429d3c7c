/** The program of a worker process: `workers.ts` starts it, and tells it what to be. */
import { createForwardProxy, createProxy, type HopwiseProxy, type ProxyOptions } from "../index.ts";
import { type WorkerPorts, type WorkerProxy, work } from "../workers/worker.ts";
import { collectAlone, collectWhenQuiet } from "./collector.ts";
import { surviveFaults } from "./faults.ts";
import { leave } from "./leave.ts";
import { Terminal } from "./terminal.ts";
import { reloadUsers } from "./users.ts";

/** The kinds of proxies that can be shared among workers. */
const kinds = {
  proxy(options: object, ports: WorkerPorts): WorkerProxy {
    const proxy = createProxy(options as ProxyOptions, ports);
    return {
      ...common(proxy),
      reread: () => {},
      onNews(listener) {
        proxy.on("endpoint", listener);
        proxy.on("accept-failed", listener);
        proxy.on("internal-error", listener);
        proxy.on("access-log", listener);
      },
    };
  },
  forward(options: object, ports: WorkerPorts): WorkerProxy {
    const proxy = createForwardProxy(options, ports);
    return {
      ...common(proxy),
      reread: () => void reloadUsers(proxy, options, terminal),
      onNews(listener) {
        proxy.on("accept-failed", listener);
        proxy.on("internal-error", listener);
        proxy.on("access-log", listener);
      },
    };
  },
} as const;
export type WorkerKind = keyof typeof kinds;

function common(proxy: HopwiseProxy): Omit<WorkerProxy, "reread" | "onNews"> {
  return {
    listen: () => proxy.listen(),
    close: () => proxy.close(),
    cut: () => proxy.cut(),
    reopenLogs: () => proxy.reopenAccessLog(),
    noteAdmin: (address) => proxy.noteAdmin(address),
    figures: () => proxy.source.figures(),
  };
}

collectAlone();
const terminal = new Terminal();
surviveFaults(terminal);
collectWhenQuiet();
await leave(await work((kind, options, ports) => kinds[kind as WorkerKind](options, ports)));
