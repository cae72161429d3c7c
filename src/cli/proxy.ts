/** `hopwise proxy`: a reverse proxy until a signal ends it. */
import { readProxyOptions } from "../config/options.ts";
import { createProxy, type ProxyOptions } from "../index.ts";
import type { ExitCode } from "./exit.ts";
import { optionsFrom } from "./flags.ts";
import { takeInheritedSocket, withoutAddress } from "./inherited.ts";
import { News } from "./news.ts";
import { announce, reopenLog, serve } from "./serving.ts";
import { Signals } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import { type Crew, runWorkers, workersFrom } from "./workers.ts";

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runProxy(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const signals = new Signals(terminal);
  const fd = takeInheritedSocket(terminal);
  const options = withoutAddress(optionsFrom(flags), fd, terminal);
  const to = [options.to].flat();
  const count = workersFrom(flags);
  if (count > 1) {
    const crew: Crew<ProxyOptions> = {
      ...{ kind: "proxy", count, options, fd, read: readProxyOptions, rereads: [] },
      announce: (it) => announce(it, `-> ${to.join(", ")} by ${count} workers`, { to, workers: count }, terminal),
    };
    return await runWorkers(crew, terminal, signals);
  }
  const proxy = createProxy(options);
  return await serve(proxy, fd, terminal, signals, (listening) => {
    announce(listening, `-> ${to.join(", ")}`, { to }, terminal);
    const news = new News(terminal);
    proxy.on("endpoint", (event) => news.tell(event));
    proxy.on("accept-failed", (event) => news.tell(event));
    proxy.on("internal-error", (event) => news.tell(event));
    proxy.on("access-log", (event) => news.tell(event));
    signals.renews({
      reopenLogs: () => reopenLog(options.accessLog, () => proxy.reopenAccessLog()),
      reread: () => [],
    });
  });
}
