/** The program of a worker process: `workers.ts` starts it, and tells it what to be. */
import { createProxy, type HopwiseProxy, type ProxyOptions } from "../index.ts";
import { type WorkerPorts, type WorkerProxy, work } from "../workers/worker.ts";
import { surviveFaults } from "./faults.ts";
import { Terminal } from "./terminal.ts";

/** The kinds of proxies that can be shared among workers. */
const kinds = {
  proxy: (options: object, ports: WorkerPorts): HopwiseProxy => createProxy(options as ProxyOptions, ports),
} as const;
export type WorkerKind = keyof typeof kinds;

surviveFaults(new Terminal());
process.exit(await work((kind, options, ports) => asWorker(kinds[kind as WorkerKind](options, ports))));

function asWorker(proxy: HopwiseProxy): WorkerProxy {
  return {
    listen: () => proxy.listen(),
    close: () => proxy.close(),
    reopenLogs: () => proxy.reopenAccessLog(),
    figures: () => proxy.source.figures(),
    onNews(listener) {
      proxy.on("endpoint", listener);
      proxy.on("accept-failed", listener);
    },
  };
}
