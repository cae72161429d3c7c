/**
 * Several processes, one proxy: starts the workers, replaces those that are lost or hang, drains them, and adds up what they
 * did.
 *
 * Where the runtime can, workers listen at one port and the system divides the connections; where it cannot, this process
 * accepts and hands over (handing.ts). It touches no octet of the traffic. Deliberately absent: anything of HTTP.
 */
import { lookup } from "node:dns/promises";
import { connect, createServer, isIP } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { ListenAddress } from "../config/values.ts";
import type { DrainReport } from "../gateway/drain-report.ts";
import { departed, type FigureSource, type Figures, figuresOf, type RunningWorker, sumOf } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import { type ProxyStats, statsFrom } from "../ledger/stats.ts";
import { BACKLOG } from "../net/node/node-listener.ts";
import { nodeClock } from "../net/node-clock.ts";
import { canSharePort } from "../net/runtime.ts";
import { Dispatcher } from "./handing.ts";
import type { News, Place, ToWorker } from "./protocol.ts";
import { Watch } from "./watch.ts";
import { type WorkerEnd, WorkerProcess } from "./worker-process.ts";

/** A worker that lived this long was no false start: its successor starts at once. */
const STEADY_MS = 10_000;
/** After a second false start in a row this long, then twice as long, and so on. */
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 10_000;
/** For a connection within this machine. */
const PROBE_MS_MAX = 1_000;
/** Beyond that, for a worker to say that it has closed its own. */
const LISTEN_SLACK_MS = 1_000;
/** A worker that cuts its clients is gone after this; one that hangs is killed, and the system closes for it. */
const CUT_MS_MAX = 500;
/** Beyond the time a drain may take, for what comes before and after it: last lines of logs, for instance. */
const DRAIN_SLACK_MS = 6_000;

export interface SupervisorOptions {
  readonly count: number;
  readonly program: string;
  readonly kind: string;
  /** Each worker's. */
  readonly options: object;
  readonly listen: { readonly host: string; readonly port: number };
  /** The socket to listen on, where this process was given one. */
  readonly fd?: number | undefined;
  /** Other programs may listen there, too. */
  readonly reusesPort?: boolean;
  /** How long the listener stays open once draining began; workers wait as long, see the library's `close()`. */
  readonly drainDelay_ms: number;
  readonly drainTimeout_ms: number;
  readonly readOutput?: ((output: Readable) => void) | undefined;
}

export interface Loss {
  readonly worker: number;
  readonly pid: number | undefined;
  /** `SIGKILL`, `exit code 1`, `hung`. */
  readonly how: string;
  /** Exchanges and tunnels that it had in progress when it told its figures last. */
  readonly inProgress: number;
  /** When its successor starts; none will: undefined. */
  readonly restart_ms: number | undefined;
}

export interface SupervisorEvents {
  onNews(worker: number, news: News): void;
  onLost(loss: Loss): void;
  /** A worker has said nothing for some time; it is replaced if that goes on. */
  onSilent(worker: number, pid: number | undefined): void;
  /** One that was silent works on. */
  onHeard(worker: number, pid: number | undefined): void;
  /** A successor takes connections. */
  onRestarted(worker: number, lost: number): void;
  /** A connection could not be accepted, or handed over. */
  onAcceptFault(code: string): void;
}

/** A place that is filled again when its worker is lost. */
interface Slot {
  worker: WorkerProcess;
  /** Workers in a row that did not live long. */
  falseStarts: number;
}

export class Supervisor implements FigureSource {
  isDraining = false;
  private readonly options: SupervisorOptions;
  private readonly events: SupervisorEvents;
  private readonly slots: Slot[] = [];
  /** Of this process: when it began, what it could not accept, and what was cut by losing workers. */
  private readonly ledger = new Ledger(nodeClock);
  private readonly lost: Record<string, number> = {};
  private restarted = 0;
  private nextNumber = 1;
  /** What workers that are gone have done. */
  private gone: Figures | undefined;
  private dispatcher: Dispatcher | undefined;
  private address: { host: string; port: number };
  private admin: Place | undefined;
  private readonly restarts = new Set<NodeJS.Timeout>();
  private closing: Promise<DrainReport> | undefined;
  private readonly watch = new Watch<WorkerProcess>(
    () => this.slots.flatMap(({ worker }) => (worker.isRunning ? [worker] : [])),
    {
      onSilent: (worker) => {
        this.dispatcher?.suspend(worker);
        this.events.onSilent(worker.number, worker.pid);
      },
      onHeard: (worker) => {
        this.dispatcher?.resume(worker);
        this.events.onHeard(worker.number, worker.pid);
      },
      onHung: (worker) => worker.kill("hung"),
    },
  );

  constructor(options: SupervisorOptions, events: SupervisorEvents) {
    this.options = options;
    this.events = events;
    this.address = options.listen;
  }

  /**
   * Starts the workers, and listens when all of them are prepared: nobody can connect before somebody serves.
   *
   * @returns once all of them take connections
   * @throws the system's error when it cannot listen; HopwiseError when a worker cannot start, and none is left then
   */
  async listen(): Promise<{ host: string; port: number }> {
    for (let i = 0; i < this.options.count; i++) this.slots.push({ worker: this.start(), falseStarts: 0 });
    try {
      await Promise.all(this.slots.map(({ worker }) => firstOf(worker.prepared, worker.ended)));
      await this.openPort();
      this.tellAll({ type: "listen", address: this.address });
      await Promise.all(this.slots.map(({ worker }) => firstOf(worker.ready, worker.ended)));
    } catch (error) {
      this.dispatcher?.close();
      this.kill();
      await Promise.all(this.slots.map(({ worker }) => worker.ended));
      throw error;
    }
    for (const slot of this.slots) this.employ(slot);
    this.watch.start();
    return this.address;
  }

  /** @throws the system's error when it cannot listen */
  private async openPort(): Promise<void> {
    const { listen, fd, reusesPort } = this.options;
    if (this.sharesPort) {
      this.address = await sharedAddress(listen, reusesPort === true);
      return;
    }
    this.dispatcher = await Dispatcher.listen(fd === undefined ? listen : { fd }, (code) => {
      this.ledger.acceptFailed(code);
      this.events.onAcceptFault(code);
    });
    this.address = this.dispatcher.address;
  }

  /** An inherited socket is one, and shared by handing over. */
  private get sharesPort(): boolean {
    return canSharePort && this.options.fd === undefined;
  }

  /** Drains all workers. Calling it again gives the same promise. */
  close(): Promise<DrainReport> {
    this.closing ??= this.drain();
    return this.closing;
  }

  /** Has all workers cut their clients, and ends those that do not do so soon. */
  async cut(): Promise<void> {
    this.tellAll({ type: "cut" });
    const giveUp = setTimeout(() => this.kill(), CUT_MS_MAX);
    await Promise.all(this.slots.map(({ worker }) => worker.ended));
    clearTimeout(giveUp);
  }

  /** Ends all workers at once. */
  private kill(): void {
    for (const { worker } of this.slots) worker.kill();
  }

  /** Lines of all workers' access log were lost in this process. */
  logDropped(lines: number): void {
    this.ledger.accessLogDropped += lines;
  }

  /** All workers open their logs anew, after they were rotated away. */
  reopenLogs(): void {
    this.tellAll({ type: "reopen-logs" });
  }

  /** Where the admin server listens: no worker leads its clients there. */
  noteAdmin(address: Place): void {
    this.admin = address;
    this.tellAll({ type: "admin", address });
  }

  /** All workers read again what may be read again. */
  reread(): void {
    this.tellAll({ type: "reread" });
  }

  /** All workers' figures as of now. */
  async figures(): Promise<Figures> {
    await Promise.all(this.slots.map(({ worker }) => worker.ask()));
    return this.sum();
  }

  /** As the workers told them last; they are asked to tell them anew. */
  stats(): ProxyStats {
    this.tellAll({ type: "figures" });
    return statsFrom(this.sum());
  }

  private start(): WorkerProcess {
    const { program, kind, options, readOutput } = this.options;
    const number = this.nextNumber++;
    return new WorkerProcess({
      program,
      start: { type: "start", number, kind, options, sharesPort: this.sharesPort, admin: this.admin },
      readOutput,
      onNews: (news) => this.events.onNews(number, news),
    });
  }

  /** Gives a worker that is ready its share of connections, until it ends. */
  private employ(slot: Slot): void {
    const { worker } = slot;
    this.dispatcher?.add(worker);
    void worker.ended.then((end) => {
      this.dispatcher?.remove(worker);
      this.onEnded(slot, worker, end);
    });
  }

  private onEnded(slot: Slot, worker: WorkerProcess, { how, cut }: WorkerEnd): void {
    if (this.isDraining && cut !== undefined) return;
    this.lost[how] = (this.lost[how] ?? 0) + 1;
    const inProgress = worker.figures === undefined ? 0 : statsFrom(worker.figures).exchanges.inProgress;
    if (this.isDraining) {
      // Nobody knows what it still had to do: something, since it had not finished.
      this.ledger.drainEnded(Math.max(1, inProgress));
    } else if (worker.figures !== undefined) {
      this.gone = this.gone === undefined ? departed(worker.figures) : sumOf([this.gone, departed(worker.figures)]);
      worker.figures = undefined;
    }
    slot.falseStarts = performance.now() - worker.startedAt_ms >= STEADY_MS ? 0 : slot.falseStarts + 1;
    const restart_ms = this.isDraining ? undefined : restartDelay_ms(slot.falseStarts);
    this.events.onLost({ worker: worker.number, pid: worker.pid, how, inProgress, restart_ms });
    if (restart_ms !== undefined) this.restartAfter(restart_ms, slot);
  }

  private restartAfter(delay_ms: number, slot: Slot): void {
    const timer = setTimeout(async () => {
      this.restarts.delete(timer);
      const lost = slot.worker.number;
      const worker = this.start();
      slot.worker = worker;
      try {
        await firstOf(worker.prepared, worker.ended);
        worker.tell({ type: "listen", address: this.address });
        await firstOf(worker.ready, worker.ended);
      } catch {
        // It said why, or ended: either is a loss.
        worker.kill();
        return this.onEnded(slot, worker, await worker.ended);
      }
      this.restarted++;
      this.employ(slot);
      // One that became ready only now has been told to drain already.
      if (!this.isDraining) this.events.onRestarted(worker.number, lost);
    }, delay_ms);
    this.restarts.add(timer);
  }

  private async drain(): Promise<DrainReport> {
    this.isDraining = true;
    for (const timer of this.restarts) clearTimeout(timer);
    const { drainDelay_ms, drainTimeout_ms } = this.options;
    this.tellAll({ type: "drain" });
    await this.stopListening(drainDelay_ms);
    this.tellAll({ type: "no-more" });
    const giveUp = setTimeout(() => this.kill(), drainTimeout_ms + DRAIN_SLACK_MS);
    const ends = await Promise.all(this.slots.map(({ worker }) => worker.ended));
    clearTimeout(giveUp);
    this.watch.stop();
    const cut = ends.reduce((sum, end) => sum + (end.cut ?? 0), 0);
    // The end of a worker is heard of by others, too.
    await new Promise((resolve) => setImmediate(resolve));
    return { cut: cut + this.ledger.cut };
  }

  private async stopListening(grace_ms: number): Promise<void> {
    if (this.dispatcher === undefined) {
      // Each does so when the same time is over; one that hangs must not hold up the others.
      const stopped = Promise.all(this.slots.map(({ worker }) => worker.listensNoMore));
      return void (await Promise.race([stopped, pause(grace_ms + LISTEN_SLACK_MS)]));
    }
    await pause(grace_ms);
    // Right after the runtime has accepted whoever was waiting: the system resets who is still in line.
    await new Promise((resolve) => setImmediate(resolve));
    this.dispatcher.close();
  }

  private tellAll(message: ToWorker): void {
    for (const { worker } of this.slots) worker.tell(message);
  }

  private sum(): Figures {
    const running = this.slots.flatMap(({ worker }) => (worker.isReady ? [described(worker)] : []));
    const told = this.slots.flatMap(({ worker }) => (worker.figures === undefined ? [] : [worker.figures]));
    const own = figuresOf(this.ledger);
    const all = sumOf([own, ...(this.gone === undefined ? [] : [this.gone]), ...told]);
    return {
      ...all,
      uptime_ms: own.uptime_ms,
      startedAt_ms: own.startedAt_ms,
      isDraining: this.isDraining || all.isDraining,
      workers: { running, lost: { ...this.lost }, restarted: this.restarted },
    };
  }
}

function described({ number, pid = 0, figures }: WorkerProcess): RunningWorker {
  const connections = figures === undefined ? 0 : statsFrom(figures).connections.downstream.open;
  return { worker: number, pid, connections, exchanges: figures?.exchanges ?? 0 };
}

/**
 * Where workers are to listen together. A port of the system's choice is found by taking it. One that was named is not taken:
 * a client that connects in that moment would be reset. A program that does not share it is found when workers listen; one
 * that does, by connecting.
 */
async function sharedAddress({ host: name, port }: ListenAddress, reusesPort: boolean): Promise<ListenAddress> {
  const host = isIP(name) === 0 ? (await lookup(name)).address : name;
  if (port === 0) return await freeAddress(host);
  if (!reusesPort && (await isServed(host, port))) throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
  return { host, port };
}

function freeAddress(host: string): Promise<ListenAddress> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port: 0, backlog: BACKLOG }, () => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new Error("a TCP listener has an address");
      server.close(() => resolve({ host: bound.address, port: bound.port }));
    });
  });
}

/** An address of this machine answers at once; one that does not is found out by listening there. */
function isServed(host: string, port: number): Promise<boolean> {
  const socket = connect({ host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port });
  return new Promise((resolve) => {
    const end = (isServed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isServed);
    };
    const timer = setTimeout(() => end(false), PROBE_MS_MAX);
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

/** Settled when the worker is ready. @throws when it ends before */
async function firstOf(ready: Promise<void>, ended: Promise<WorkerEnd>): Promise<void> {
  const end = ended.then(({ how }) => {
    throw new Error(`a worker ended before it could work: ${how}`);
  });
  end.catch(() => {});
  await Promise.race([ready, end]);
}

/** @param falseStarts how many workers in a row did not live long, the present one included */
export function restartDelay_ms(falseStarts: number): number {
  return falseStarts <= 1 ? 0 : Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** (falseStarts - 2));
}
