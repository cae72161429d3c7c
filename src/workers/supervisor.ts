/**
 * Several processes, one proxy: starts the workers, replaces those that are lost or hang, drains them, and adds up what they
 * did.
 *
 * Where the runtime can, workers listen at one port and the system divides the connections; where it cannot, this process
 * accepts and hands over (handing.ts). It touches no octet of the traffic. Deliberately absent: anything of HTTP.
 */
import { setTimeout as pause } from "node:timers/promises";
import { HopwiseError } from "../config/error.ts";
import type { ListenAddress } from "../config/values.ts";
import type { DrainReport } from "../gateway/drain-report.ts";
import { type FigureSource, type Figures, figuresOf, type RunningWorker, sumOf } from "../ledger/figures.ts";
import { GoneFigures } from "../ledger/gone-figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import { type ProxyStats, statsFrom } from "../ledger/stats.ts";
import { nodeClock } from "../net/node-clock.ts";
import { newTicketSecret } from "../net/tls/ticket-keys.ts";
import { isSteady, restartDelay_ms } from "./false-starts.ts";
import { Places, type PreparedPlaces } from "./places.ts";
import type { Place, ToWorker } from "./protocol.ts";
import { commitAll, prepareAll } from "./reloading.ts";
import { WorkersWindow } from "./shared-window.ts";
import type { PreparedPlan, SupervisorEvents, SupervisorOptions, WorkPlan } from "./supervising.ts";
import { Watch } from "./watch.ts";
import { type WorkerEnd, WorkerProcess } from "./worker-process.ts";

/** Beyond that, for a worker to say that it has closed its own. */
const LISTEN_SLACK_MS = 1_000;
/** A worker that cuts its clients is gone after this; one that hangs is killed, and the system closes for it. */
const CUT_MS_MAX = 500;
/** Beyond the time a drain may take, for what comes before and after it: last lines of logs, for instance. */
const DRAIN_SLACK_MS = 6_000;

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
  private readonly gone = new GoneFigures();
  /** What is in force: who starts works by it. */
  private plan: WorkPlan;
  private readonly places: Places;
  /** Reloads that were tried. */
  private reloads = 0;
  /** A reload is under way: settled once it is decided. */
  private deciding: Promise<void> | undefined;
  /** Workers that a reload overtook while they started, each settled once it is over: the next reload waits, or none would ever be up. */
  private readonly overtaken = new Set<Promise<unknown>>();
  /** Single connections and exchanges of all of them. */
  readonly window = new WorkersWindow(() => this.slots.flatMap(({ worker }) => (worker.isReady ? [worker] : [])));
  private readonly ticketSecret = newTicketSecret();
  private admin: Place | undefined;
  private readonly restarts = new Set<NodeJS.Timeout>();
  private closing: Promise<DrainReport> | undefined;
  private readonly watch = new Watch<WorkerProcess>(
    () => this.slots.flatMap(({ worker }) => (worker.isRunning ? [worker] : [])),
    {
      onSilent: (worker) => {
        this.places.suspend(worker);
        this.window.noteWorker({ state: "silent", worker: worker.number, pid: worker.pid });
        this.events.onSilent(worker.number, worker.pid);
      },
      onHeard: (worker) => {
        this.places.resume(worker);
        this.window.noteWorker({ state: "running", worker: worker.number, pid: worker.pid });
        this.events.onHeard(worker.number, worker.pid);
      },
      onHung: (worker) => worker.kill("hung"),
    },
  );

  constructor(options: SupervisorOptions, events: SupervisorEvents) {
    this.options = options;
    this.events = events;
    this.plan = options.plan;
    const isHandedOver = options.fds?.some((fd) => fd !== undefined) === true;
    this.places = new Places(isHandedOver, (code) => {
      this.ledger.acceptFailed(code);
      this.events.onAcceptFault(code);
    });
  }

  /**
   * Starts the workers, and listens when all of them are prepared: nobody can connect before somebody serves.
   *
   * @returns once all of them take connections
   * @throws AggregateError of each ListenFailure when it cannot listen; HopwiseError when a worker cannot start, and none is left then
   */
  async listen(): Promise<readonly ListenAddress[]> {
    for (let i = 0; i < this.options.count; i++) this.slots.push({ worker: this.start(), falseStarts: 0 });
    try {
      await Promise.all(this.slots.map(({ worker }) => firstOf(worker.prepared, worker.ended)));
      const { listen, reusesPort = false } = this.plan;
      (await this.places.prepare(listen, reusesPort, this.options.fds)).commit();
      for (const { worker } of this.slots) this.letListen(worker);
      await Promise.all(this.slots.map(({ worker }) => firstOf(worker.ready, worker.ended)));
    } catch (error) {
      this.places.close();
      this.kill();
      await Promise.all(this.slots.map(({ worker }) => worker.ended));
      throw error;
    }
    for (const slot of this.slots) this.employ(slot);
    this.watch.start();
    return this.places.all;
  }

  private letListen(worker: WorkerProcess): void {
    worker.mayHaveClients = true;
    worker.tell({ type: "listen", places: this.places.all });
  }

  /** Where clients connect, for each listener. */
  get addresses(): readonly ListenAddress[] {
    return this.places.all;
  }

  /**
   * Has another plan ready in all workers; those that start meanwhile wait for what comes of it. One at a time.
   *
   * @throws AggregateError of each ListenFailure; HopwiseError that says which worker cannot, and why. Then nothing has changed
   */
  async prepare(plan: WorkPlan): Promise<PreparedPlan> {
    await Promise.all(this.overtaken);
    this.refuseWhereDraining();
    const reload = ++this.reloads;
    let decide: () => void = () => {};
    this.deciding = new Promise((resolve) => {
      decide = () => {
        this.deciding = undefined;
        resolve();
      };
    });
    let places: PreparedPlaces | undefined;
    let workers: readonly WorkerProcess[] = [];
    const abandon = () => {
      places?.abandon();
      for (const worker of workers) worker.tell({ type: "abandon", reload });
      decide();
    };
    try {
      places = await this.places.prepare(plan.listen, plan.reusesPort === true);
      workers = this.slots.map(({ worker }) => worker).filter((it) => it.isRunning && it.mayHaveClients);
      const { options, certificate } = plan;
      await prepareAll(workers, { type: "prepare", reload, options, certificate, opened: places.opened });
      this.refuseWhereDraining();
    } catch (error) {
      abandon();
      throw error;
    }
    const { commit: openPlaces } = places;
    const commit = async () => {
      this.plan = plan;
      this.ledger.noteReload("applied");
      const silent = commitAll(workers, reload, this.version);
      // Behind that word: connections that wait there are for the new configuration.
      const left = this.leave(openPlaces(), workers);
      decide();
      await left;
      return (await silent).map(({ number }) => number);
    };
    return { commit, abandon };
  }

  /** A client that one worker tells to close comes back at once: it must not wait where another is about to close. */
  private async leave(listeners: readonly number[], workers: readonly WorkerProcess[]): Promise<void> {
    const closed = this.places.sharesPort
      ? listeners.flatMap((listener) => workers.map((worker) => worker.closes(listener, LISTEN_SLACK_MS)))
      : [];
    await Promise.all([...closed, this.places.closeLeft()]);
    for (const { worker } of this.slots) for (const listener of listeners) worker.forgetListener(listener);
  }

  private refuseWhereDraining(): void {
    if (this.isDraining) throw new HopwiseError("already-closed", "it drains, and is given nothing new");
  }

  /** The same plan with files as they are by now, for workers that start later: those there are have read them themselves. */
  refresh(plan: WorkPlan): void {
    this.plan = plan;
  }

  /** Another configuration was tried, and is not in force. */
  noteRefused(): void {
    this.ledger.noteReload("refused");
  }

  /** Which configuration is in force, counted from 1 on. */
  get version(): number {
    return this.ledger.configVersion;
  }

  /** Since when; milliseconds since 1970. */
  get configuredAt_ms(): number {
    return this.ledger.configuredAt_ms;
  }

  /** The workers that there are, and which configuration each has. */
  get versions(): readonly { readonly worker: number; readonly pid: number; readonly version: number }[] {
    return this.slots
      .filter(({ worker }) => worker.isRunning)
      .map(({ worker: { number, pid = 0, version } }) => ({ worker: number, pid, version }));
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
    const { program, kind, readOutput } = this.options;
    const { ticketSecret, admin, version } = this;
    const { options, certificate } = this.plan;
    const { sharesPort } = this.places;
    const number = this.nextNumber++;
    return new WorkerProcess({
      program,
      start: {
        ...{ type: "start", number, kind, options },
        sharesPort,
        ticketSecret,
        certificate,
        admin,
        isAsked: this.plan.isAsked === true,
      },
      version,
      readOutput,
      onNews: (news) => this.events.onNews(number, news),
      onAnswered: (ask, answer) => this.window.answered(ask, answer),
      onEvents: (events) => this.window.happened(number, events),
    });
  }

  /** Gives a worker that is ready its share of connections, until it ends. */
  private employ(slot: Slot): void {
    const { worker } = slot;
    this.places.add(worker);
    this.window.greet(worker);
    void worker.ended.then((end) => {
      this.places.remove(worker);
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
      const last = worker.figures;
      worker.figures = undefined;
      this.gone.note(last, this.told);
    }
    slot.falseStarts = isSteady(worker) ? 0 : slot.falseStarts + 1;
    const restart_ms = this.isDraining ? undefined : restartDelay_ms(slot.falseStarts);
    this.window.noteWorker({ state: "lost", worker: worker.number, pid: worker.pid, how });
    this.events.onLost({ worker: worker.number, pid: worker.pid, how, inProgress, restart_ms });
    if (restart_ms !== undefined) this.restartAfter(restart_ms, slot);
  }

  private restartAfter(delay_ms: number, slot: Slot): void {
    const timer = setTimeout(async () => {
      this.restarts.delete(timer);
      const lost = slot.worker.number;
      let worker = this.start();
      slot.worker = worker;
      try {
        await firstOf(worker.prepared, worker.ended);
        if ((await this.isOutdated(worker)) && !this.isDraining)
          worker = await this.holdReloads(() => this.startAnew(slot));
        else this.letListen(worker);
        await firstOf(worker.ready, worker.ended);
      } catch {
        // It said why, or ended: either is a loss.
        worker = slot.worker;
        worker.kill();
        return this.onEnded(slot, worker, await worker.ended);
      }
      this.restarted++;
      this.employ(slot);
      // One that became ready only now has been told to drain already.
      if (this.isDraining) return;
      this.window.noteWorker({ state: "running", worker: worker.number, pid: worker.pid });
      this.events.onRestarted(worker.number, lost);
    }, delay_ms);
    this.restarts.add(timer);
  }

  /** In place of one that was overtaken: by the configuration of now. */
  private async startAnew(slot: Slot): Promise<WorkerProcess> {
    do {
      slot.worker.kill();
      await slot.worker.ended;
      slot.worker = this.start();
      await firstOf(slot.worker.prepared, slot.worker.ended);
    } while ((await this.isOutdated(slot.worker)) && !this.isDraining);
    this.letListen(slot.worker);
    return slot.worker;
  }

  /** Those that begin meanwhile wait. */
  private async holdReloads<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = work();
    const settled = done.catch(() => {});
    this.overtaken.add(settled);
    try {
      return await done;
    } finally {
      this.overtaken.delete(settled);
    }
  }

  /** Whether another configuration is in force by now, once that is decided. */
  private async isOutdated(worker: WorkerProcess): Promise<boolean> {
    await this.deciding;
    return worker.version !== this.version;
  }

  private async drain(): Promise<DrainReport> {
    this.isDraining = true;
    for (const timer of this.restarts) clearTimeout(timer);
    const { drainDelay_ms, drainTimeout_ms } = this.plan;
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
    if (this.places.sharesPort) {
      // Each does so when the same time is over; one that hangs must not hold up the others.
      const stopped = Promise.all(this.slots.map(({ worker }) => worker.listensNoMore));
      return void (await Promise.race([stopped, pause(grace_ms + LISTEN_SLACK_MS)]));
    }
    await pause(grace_ms);
    // Right after the runtime has accepted whoever was waiting: the system resets who is still in line.
    await new Promise((resolve) => setImmediate(resolve));
    this.places.close();
  }

  private tellAll(message: ToWorker): void {
    for (const { worker } of this.slots) worker.tell(message);
  }

  /** What those have told that work. */
  private get told(): readonly Figures[] {
    return this.slots.flatMap(({ worker }) => (worker.figures === undefined ? [] : [worker.figures]));
  }

  private sum(): Figures {
    const running = this.slots.flatMap(({ worker }) => (worker.isReady ? [described(worker)] : []));
    const own = figuresOf(this.ledger);
    const { told } = this;
    const all = sumOf([own, ...this.gone.beside(told), ...told]);
    return {
      ...all,
      uptime_ms: own.uptime_ms,
      startedAt_ms: own.startedAt_ms,
      isDraining: this.isDraining || all.isDraining,
      // Workers count none of it: it is decided here.
      config: own.config,
      workers: { running, lost: { ...this.lost }, restarted: this.restarted },
    };
  }
}

function described({ number, pid = 0, figures }: WorkerProcess): RunningWorker {
  const connections = figures === undefined ? 0 : statsFrom(figures).connections.downstream.open;
  return { worker: number, pid, connections, exchanges: figures?.exchanges ?? 0 };
}

/** Settled when the worker is ready. @throws when it ends before */
async function firstOf(ready: Promise<void>, ended: Promise<WorkerEnd>): Promise<void> {
  const end = ended.then(({ how }) => {
    throw new Error(`a worker ended before it could work: ${how}`);
  });
  end.catch(() => {});
  await Promise.race([ready, end]);
}
