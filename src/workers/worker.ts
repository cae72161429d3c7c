/**
 * The worker's side: one proxy, told by its supervisor what to do.
 *
 * Signals are the supervisor's business: a terminal's Ctrl-C reaches every process of the group, and a service manager's
 * SIGTERM, too: workers act on none. When the supervisor is gone, a worker drains by itself and ends. Deliberately
 * absent: which kind of proxy it is.
 */
import type { DrainReport } from "../gateway/drain-report.ts";
import type { Figures } from "../ledger/figures.ts";
import type { WindowSource } from "../ledger/window.ts";
import { takeOver } from "../net/node/node-listener.ts";
import type { SocketHandle } from "../net/node-handles/accepting.ts";
import type { Listener, ListenOptions } from "../net/ports.ts";
import { listen } from "../net/runtime.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import {
  FIGURES_MS,
  firstId,
  type ListenerPlace,
  type News,
  type Place,
  type PrepareMessage,
  type StartMessage,
  type ToSupervisor,
  type ToWorker,
} from "./protocol.ts";
import { refusalOf, WorkerReloads } from "./worker-reloads.ts";
import { WorkerWindow } from "./worker-window.ts";

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
  /** Has another configuration ready; its options are handed over once: absent. @throws HopwiseError; then nothing has changed */
  prepareReload?(options: object, certificate: Certificate | undefined): Promise<PreparedReload>;
  /** Where the admin server listens. */
  noteAdmin(address: Place): void;
  figures(): Figures | Promise<Figures>;
  onNews(listener: (news: News) => void): void;
  /** Single connections and exchanges. What ends is kept from the first call on. */
  window(): WindowSource;
}

export interface PreparedReload {
  /** Goes on with it. Cannot fail. */
  commit(): void;
  /** Nothing has changed. */
  abandon(): void;
}

/** What a proxy is given beside its options. */
export interface WorkerPorts {
  readonly listen: (options: ListenOptions) => Promise<Listener>;
  readonly firstId: number;
  readonly worker: number;
  readonly ticketSecret: string;
}

/** @param certificate of `tls: self-signed`, which the supervisor has made */
export type MakeProxy = (
  kind: string,
  options: object,
  ports: WorkerPorts,
  certificate: Certificate | undefined,
) => WorkerProxy;

/** Works until it is told to drain, or the supervisor is gone. Returns the exit code. */
export async function work(make: MakeProxy): Promise<number> {
  for (const signal of SIGNALS) process.on(signal, () => {});
  const channel = new Channel();
  const start = await channel.started;
  process.title = `hopwise-worker-${start.number}`;
  let proxy: WorkerProxy;
  let reloads: WorkerReloads;
  try {
    const ports = {
      listen: (options: ListenOptions) => channel.listen(options, start.sharesPort),
      firstId: firstId(start.number),
      worker: start.number,
      ticketSecret: start.ticketSecret,
    };
    proxy = make(start.kind, start.options, ports, start.certificate);
    const admin = channel.admin ?? start.admin;
    if (admin !== undefined) proxy.noteAdmin(admin);
    channel.onAdmin = (address) => proxy.noteAdmin(address);
    const listening = proxy.listen();
    reloads = new WorkerReloads(proxy, channel, listening);
    channel.onPrepare = (message) => reloads.prepare(message);
    channel.onAbandon = (reload) => reloads.abandon(reload);
    await listening;
  } catch (error) {
    await channel.tell({ type: "failed", ...refusalOf(error) });
    return 1;
  }
  proxy.onNews((news) => void channel.tell({ type: "news", news }));
  channel.onReopenLogs = () => proxy.reopenLogs();
  channel.onReread = () => proxy.reread();
  channel.onCommit = (reload) => {
    try {
      reloads.commit(reload);
    } catch (error) {
      // It must not go on with half of it: another one starts, with all of it.
      console.error(error);
      process.exit(1);
    }
  };
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
  let window: WorkerWindow | undefined;
  const windowOf = () => (window ??= new WorkerWindow(proxy.window(), (message) => channel.tell(message)));
  if (start.isAsked) windowOf();
  channel.onAsk = (message) => void windowOf().answer(message);
  channel.onWatch = (isOn) => windowOf().watch(isOn);
  const timer = setInterval(channel.onFigures, FIGURES_MS);
  void channel.tell({ type: "ready" });

  await channel.endOfWork;
  reloads.abandon();
  const { cut } = await proxy.close();
  clearInterval(timer);
  await channel.tell({ type: "drained", cut, figures: await proxy.figures() });
  return cut === 0 ? 0 : 1;
}

/** The channel to the supervisor. */
class Channel {
  readonly started: Promise<StartMessage>;
  /** It is told to drain, or the supervisor is gone. */
  readonly endOfWork: Promise<void>;
  onReopenLogs = () => {};
  onReread = () => {};
  onAsk: (message: Extract<ToWorker, { type: "ask" }>) => void = () => {};
  onWatch: (isOn: boolean) => void = () => {};
  onPrepare: (message: PrepareMessage) => void = () => {};
  onCommit: (reload: number) => void = () => {};
  onAbandon: (reload: number) => void = () => {};
  /** Where the admin server listens; not known yet: undefined. */
  admin: Place | undefined;
  onAdmin: (address: Place) => void = (address) => {
    this.admin = address;
  };
  onCut = () => {};
  onFigures: () => void = () => {};
  /** No connection is handed over any more. */
  private isOver = false;
  /** Settled once it is said where to listen. */
  private readonly mayListen: Promise<void>;
  /** Where those listen that are asked for next, in order. */
  private expected: ListenerPlace[] = [];
  private isPrepared = false;
  /** By their numbers. */
  private readonly listeners = new Map<number, ListenOptions>();
  /** What ends with a listener. */
  private readonly over = new Map<number, () => void>();
  /** Listeners of this process's own that are open. */
  private open = 0;

  constructor() {
    let begin: (message: StartMessage) => void = () => {};
    let end: () => void = () => {};
    let listen: () => void = () => {};
    let listenNowhere: (error: Error) => void = () => {};
    this.started = new Promise((resolve) => {
      begin = resolve;
    });
    this.endOfWork = new Promise((resolve) => {
      end = resolve;
    });
    this.mayListen = new Promise((resolve, reject) => {
      listen = resolve;
      listenNowhere = reject;
    });
    this.mayListen.catch(() => {});
    process.on("message", (message: ToWorker, handle: SocketHandle | undefined) => {
      switch (message.type) {
        case "start":
          return begin(message);
        case "listen":
          this.expected = [...message.places];
          return listen();
        case "admin":
          return this.onAdmin(message.address);
        case "connection":
          return this.take(message.listener, handle);
        case "figures":
          return this.onFigures();
        case "reopen-logs":
          return this.onReopenLogs();
        case "reread":
          return this.onReread();
        case "ask":
          return this.onAsk(message);
        case "watch":
          return this.onWatch(message.isOn);
        case "prepare":
          return this.onPrepare(message);
        case "commit":
          return this.onCommit(message.reload);
        case "abandon":
          return this.onAbandon(message.reload);
        case "listener-over":
          return this.over.get(message.listener)?.();
        case "drain":
          return end();
        case "cut":
          return this.onCut();
        case "no-more":
          return this.endHanding();
      }
    });
    process.on("disconnect", () => {
      end();
      listenNowhere(new Error("the supervisor is gone"));
      this.endHanding();
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
   * Listens, or lets connections be handed over, when it is told to: nobody is to wait for those who are not prepared. Each call is
   * another listener, in the order in which the supervisor has told them. Its end is everybody's: a client that one worker tells to close
   * comes back at once, and must not wait in the queue of another that is about to close its listener, too.
   */
  async listen(options: ListenOptions, sharesPort: boolean): Promise<Listener> {
    if (!this.isPrepared) {
      this.isPrepared = true;
      await this.tell({ type: "prepared" });
    }
    await this.mayListen;
    const place = this.expected.shift();
    if (place === undefined) throw new Error("a listener that the supervisor does not know");
    const { listener: number, ...address } = place;
    this.listeners.set(number, options);
    // Not raced against the end of all, which would keep each listener that there ever was.
    const over = this.isOver ? Promise.resolve() : new Promise<void>((resolve) => this.over.set(number, resolve));
    const end = async () => {
      await over;
      this.listeners.delete(number);
      this.over.delete(number);
    };
    if (!sharesPort) return { address, close: end };
    const listener = await listen({ ...options, ...address, sharesPort }).catch((error) => {
      this.listeners.delete(number);
      this.over.delete(number);
      throw error;
    });
    this.open++;
    const close = async () => {
      await listener.close();
      await this.tell({ type: "listener-closed", listener: number });
      if (--this.open === 0) await this.tell({ type: "listens-no-more" });
      await end();
    };
    return { address: listener.address, close };
  }

  /** Those that a configuration that is to come asks for. */
  expect(places: readonly ListenerPlace[]): void {
    this.expected = [...places];
  }

  /** It came to nothing: so do its listeners. */
  forget(places: readonly ListenerPlace[]): void {
    for (const { listener } of places) this.over.get(listener)?.();
  }

  private endHanding(): void {
    this.isOver = true;
    for (const end of [...this.over.values()]) end();
  }

  private take(number: number, handle: SocketHandle | undefined): void {
    const listener = this.listeners.get(number);
    // Without descriptors the system drops what comes along.
    if (handle === undefined) listener?.onFault("EMFILE");
    else if (listener === undefined) handle.close();
    else listener.onSocket(takeOver(handle, listener.tls));
  }
}
