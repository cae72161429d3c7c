/**
 * The worker's side: one proxy, told by its supervisor what to do.
 *
 * Signals are the supervisor's business: a terminal's Ctrl-C reaches every process of the group, and a service manager's
 * SIGTERM, too: workers act on none. When the supervisor is gone, a worker drains by itself and ends. Deliberately
 * absent: which kind of proxy it is.
 */
import { HopwiseError } from "../config/error.ts";
import type { DrainReport } from "../gateway/drain-report.ts";
import type { Figures } from "../ledger/figures.ts";
import { takeOver } from "../net/node/node-listener.ts";
import type { SocketHandle } from "../net/node-handles/accepting.ts";
import type { Listener, ListenOptions } from "../net/ports.ts";
import { listen } from "../net/runtime.ts";
import {
  FIGURES_MS,
  firstConnectionId,
  type News,
  type Place,
  type StartMessage,
  type ToSupervisor,
  type ToWorker,
} from "./protocol.ts";

/** Whatever a terminal, a service manager, or a person sends to a whole group of processes. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** What a worker needs of its proxy. */
export interface WorkerProxy {
  listen(): Promise<unknown>;
  close(): Promise<DrainReport>;
  /** Cuts every client's connection before it returns. */
  cut(): void;
  reopenLogs(): void;
  /** Reads again what may be read again. */
  reread(): void;
  /** Where the admin server listens. */
  noteAdmin(address: Place): void;
  figures(): Figures | Promise<Figures>;
  onNews(listener: (news: News) => void): void;
}

/** What a proxy is given beside its options. */
export interface WorkerPorts {
  readonly listen: (options: ListenOptions) => Promise<Listener>;
  readonly firstConnectionId: number;
}

export type MakeProxy = (kind: string, options: object, ports: WorkerPorts) => WorkerProxy;

/** Works until it is told to drain, or the supervisor is gone. Returns the exit code. */
export async function work(make: MakeProxy): Promise<number> {
  for (const signal of SIGNALS) process.on(signal, () => {});
  const channel = new Channel();
  const start = await channel.started;
  process.title = `hopwise-worker-${start.number}`;
  let proxy: WorkerProxy;
  try {
    proxy = make(start.kind, start.options, {
      listen: (options) => channel.listen(options, start.sharesPort),
      firstConnectionId: firstConnectionId(start.number),
    });
    const admin = channel.admin ?? start.admin;
    if (admin !== undefined) proxy.noteAdmin(admin);
    channel.onAdmin = (address) => proxy.noteAdmin(address);
    await proxy.listen();
  } catch (error) {
    await channel.tell(failure(error));
    return 1;
  }
  proxy.onNews((news) => void channel.tell({ type: "news", news }));
  channel.onReopenLogs = () => proxy.reopenLogs();
  channel.onReread = () => proxy.reread();
  channel.onCut = () => {
    proxy.cut();
    process.exit(1);
  };
  let isTelling = false;
  channel.onFigures = async () => {
    // A supervisor that hangs hears nothing; what it was not told waits here, and would grow.
    if (isTelling) return;
    isTelling = true;
    await channel.tell({ type: "figures", figures: await proxy.figures() });
    isTelling = false;
  };
  const timer = setInterval(channel.onFigures, FIGURES_MS);
  void channel.tell({ type: "ready" });

  await channel.endOfWork;
  const { cut } = await proxy.close();
  clearInterval(timer);
  await channel.tell({ type: "drained", cut, figures: await proxy.figures() });
  return cut === 0 ? 0 : 1;
}

function failure(error: unknown): ToSupervisor {
  if (error instanceof HopwiseError) {
    const { code, problem, option } = error;
    return { type: "failed", code, problem, option };
  }
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { type: "failed", code: "listen-failed", problem, option: undefined };
}

/** The channel to the supervisor. */
class Channel {
  readonly started: Promise<StartMessage>;
  /** It is told to drain, or the supervisor is gone. */
  readonly endOfWork: Promise<void>;
  onReopenLogs = () => {};
  onReread = () => {};
  /** Where the admin server listens; not known yet: undefined. */
  admin: Place | undefined;
  onAdmin: (address: Place) => void = (address) => {
    this.admin = address;
  };
  onCut = () => {};
  onFigures: () => void = () => {};
  /** Settled once no connection is handed over any more. */
  private readonly noMore: Promise<void>;
  /** Where to listen, once that is said. */
  private readonly address: Promise<{ readonly host: string; readonly port: number }>;
  private onSocket: ListenOptions["onSocket"] | undefined;
  private onFault: ListenOptions["onFault"] | undefined;

  constructor() {
    let begin: (message: StartMessage) => void = () => {};
    let end: () => void = () => {};
    let endHanding: () => void = () => {};
    let listenAt: (address: { host: string; port: number }) => void = () => {};
    let listenNowhere: (error: Error) => void = () => {};
    this.started = new Promise((resolve) => {
      begin = resolve;
    });
    this.endOfWork = new Promise((resolve) => {
      end = resolve;
    });
    this.noMore = new Promise((resolve) => {
      endHanding = resolve;
    });
    this.address = new Promise((resolve, reject) => {
      listenAt = resolve;
      listenNowhere = reject;
    });
    this.address.catch(() => {});
    process.on("message", (message: ToWorker, handle: SocketHandle | undefined) => {
      switch (message.type) {
        case "start":
          return begin(message);
        case "listen":
          return listenAt(message.address);
        case "admin":
          return this.onAdmin(message.address);
        case "connection":
          return this.take(handle);
        case "figures":
          return this.onFigures();
        case "reopen-logs":
          return this.onReopenLogs();
        case "reread":
          return this.onReread();
        case "drain":
          return end();
        case "cut":
          return this.onCut();
        case "no-more":
          return endHanding();
      }
    });
    process.on("disconnect", () => {
      end();
      listenNowhere(new Error("the supervisor is gone"));
      endHanding();
    });
  }

  /** Settled once it was sent, or nobody is there who would hear it. */
  tell(message: ToSupervisor): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) return resolve();
      process.send(message, undefined, {}, () => resolve());
    });
  }

  /**
   * Listens, or lets connections be handed over, when it is told to: nobody is to wait for those who are not prepared. Its end is everybody's: a client that one worker tells to close comes
   * back at once, and must not wait in the queue of another that is about to close its listener, too.
   */
  async listen(options: ListenOptions, sharesPort: boolean): Promise<Listener> {
    const { onSocket, onFault } = options;
    if (!sharesPort) {
      this.onSocket = onSocket;
      this.onFault = onFault;
    }
    await this.tell({ type: "prepared" });
    const address = await this.address;
    if (!sharesPort) return { address, close: () => this.noMore };
    const listener = await listen({ ...options, ...address, sharesPort });
    const close = async () => {
      await listener.close();
      await this.tell({ type: "listens-no-more" });
      await this.noMore;
    };
    return { address: listener.address, close };
  }

  private take(handle: SocketHandle | undefined): void {
    // Without descriptors the system drops what comes along.
    if (handle === undefined) this.onFault?.("EMFILE");
    else if (this.onSocket === undefined) handle.close();
    else this.onSocket(takeOver(handle));
  }
}
