/** `hopwise proxy`: a reverse proxy until a signal ends it. */
import { SeenFiles } from "../config/files.ts";
import { readProxyOptions } from "../config/options.ts";
import { shareOf } from "../config/shares.ts";
import { HopwiseProxy, type ProxyOptions } from "../index.ts";
import type { ExitCode } from "./exit.ts";
import { optionsFrom } from "./flags.ts";
import { handedOver, type ReadOptions } from "./handed-over.ts";
import { onlySocket, socketsFor, takeInheritedSockets, withoutAddress } from "./inherited.ts";
import { tellNews } from "./news.ts";
import { announce, reopenLog, serve } from "./serving.ts";
import { Signals } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import { type Crew, runWorkers, workersFrom } from "./workers.ts";

const read: ReadOptions<ProxyOptions> = (options, files, certificate) =>
  readProxyOptions(options, undefined, certificate, files);

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runProxy(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const signals = new Signals(terminal);
  const sockets = takeInheritedSockets(terminal);
  // Several sockets are for several listeners, which say how each is spoken on.
  const isOne = sockets.length <= 1;
  const options = isOne ? withoutAddress(optionsFrom(flags), onlySocket(sockets), terminal) : optionsFrom(flags);
  const to = [options.to].flat();
  const certificates = options.tlsCert === undefined ? [] : ["the certificates"];
  const count = workersFrom(flags);
  const files = new SeenFiles();
  const config = read(options, files);
  const fds = socketsFor(config.listeners, sockets);
  if (count > 1) {
    const crew: Crew<ProxyOptions> = {
      ...{ kind: "proxy", count, fds, share: shareOf, rereads: certificates },
      given: handedOver(options, files.seen, read),
      announce: (it) => announce(it, `-> ${to.join(", ")} by ${count} workers`, { to, workers: count }, terminal),
    };
    return await runWorkers(crew, terminal, signals);
  }
  const proxy = new HopwiseProxy(config, {});
  return await serve(proxy, fds, terminal, signals, (listening) => {
    announce(listening, `-> ${to.join(", ")}`, { to }, terminal);
    tellNews(proxy, terminal);
    signals.renews({
      reopenLogs: () => reopenLog(options.accessLog, () => proxy.reopenAccessLog()),
      reread: () => {
        proxy.reloadCertificates();
        return certificates;
      },
    });
  });
}
