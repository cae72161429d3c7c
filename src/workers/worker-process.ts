/**
 * One worker as its supervisor sees it: a child process, what it said last, and how it ended.
 *
 * Deliberately absent: what follows from its end.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { Readable } from "node:stream";
import { HopwiseError } from "../config/error.ts";
import type { Figures } from "../ledger/figures.ts";
import type { SocketHandle } from "../net/node-handles/accepting.ts";
import type { Taker } from "./handing.ts";
import { LongLife } from "./long-life.ts";
import type {
  News,
  PrepareMessage,
  Refusal,
  RowsAnswer,
  StartMessage,
  ToSupervisor,
  ToWorker,
  WorkerEvents,
} from "./protocol.ts";
import { SILENT_TURNS, type Watched } from "./watch.ts";

/** How long figures are waited for; then those of before must do. */
const FIGURES_MS_MAX = 500;
/** What a child said last may arrive after its end; a grandchild that holds the channel open must not hold us. */
const LAST_WORDS_MS_MAX = 1_000;

/** Node from 22.14 on can be told so; elsewhere SIGUSR1 has its meaning in the first moments of a worker. */
const WITHOUT_INSPECTOR = ["--disable-sigusr1"].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));

export interface WorkerEnd {
  /** `SIGKILL`, `exit code 1`, `hung`. */
  readonly how: string;
  /** What was cut by its drain; it had not finished one: undefined. */
  readonly cut: number | undefined;
}

export interface WorkerProcessOptions {
  /** The program that calls `work`. */
  readonly program: string;
  readonly start: StartMessage;
  /** Which configuration that is. */
  readonly version: number;
  /** Takes the worker's standard output; without, it has none. */
  readonly readOutput?: ((output: Readable) => void) | undefined;
  readonly onNews: (news: News) => void;
  readonly onAnswered: (ask: number, answer: RowsAnswer) => void;
  readonly onEvents: (events: WorkerEvents) => void;
}

export class WorkerProcess implements Watched {
  readonly number: number;
  readonly startedAt_ms = performance.now();
  /** It waits to be told to listen. @throws HopwiseError when it cannot start; when it ends before: never settled */
  readonly prepared: Promise<void>;
  /** It can be given connections. @throws HopwiseError when it cannot start; when it ends before: never settled */
  readonly ready: Promise<void>;
  readonly ended: Promise<WorkerEnd>;
  /** For answers of it, of which there are many before it ends. */
  readonly life: LongLife<WorkerEnd>;
  /** Which configuration it has, counted from 1 on. */
  version: number;
  /** It was told to listen, so it may have clients. */
  mayHaveClients = false;
  /** It listens no more, where workers share a port; or it has ended. */
  readonly listensNoMore: Promise<unknown>;
  /** As it told them last; it has not yet: undefined. */
  figures: Figures | undefined;
  isReady = false;
  silentTurns = 0;
  private readonly child: ChildProcess;
  private cut: number | undefined;
  private killedFor: string | undefined;
  private figuresTold: (() => void)[] = [];
  private readonly takers = new Map<number, Taker>();
  /** What waits for a word about a reload, or about a listener. */
  private readonly prepares = new Map<number, (refusal: Refusal | undefined) => void>();
  private readonly commits = new Map<number, () => void>();
  private readonly closings = new Map<number, () => void>();

  constructor(options: WorkerProcessOptions) {
    const { program, start, version, readOutput, onNews } = options;
    this.number = start.number;
    this.version = version;
    this.child = fork(program, [], {
      execArgv: [...process.execArgv, ...WITHOUT_INSPECTOR],
      stdio: ["ignore", readOutput === undefined ? "ignore" : "pipe", "inherit", "ipc"],
    });
    // What cannot be said to a worker is followed by its end.
    this.child.on("error", () => {});
    if (readOutput !== undefined && this.child.stdout !== null) readOutput(this.child.stdout);
    let prepare: (() => void) | undefined;
    let stop: (() => void) | undefined;
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.child.on("message", (message: ToSupervisor) => {
        this.silentTurns = 0;
        switch (message.type) {
          case "prepared":
            return prepare?.();
          case "ready":
            this.isReady = true;
            return resolve();
          case "failed":
            return reject(new HopwiseError(message.code, message.problem, message.option));
          case "news":
            return onNews(message.news);
          case "answered":
            return options.onAnswered(message.ask, message.answer);
          case "events":
            return options.onEvents(message);
          case "listens-no-more":
            return stop?.();
          case "listener-closed":
            return this.closings.get(message.listener)?.();
          case "reload-prepared":
            return this.prepares.get(message.reload)?.(message.refusal);
          case "reload-committed":
            return this.commits.get(message.reload)?.();
          case "drained":
            this.cut = message.cut;
            return this.noteFigures(message.figures);
          case "figures":
            return this.noteFigures(message.figures);
        }
      });
    });
    const prepared = new Promise<void>((resolve) => {
      prepare = resolve;
    });
    this.prepared = Promise.race([prepared, this.ready]);
    // Whoever waits hears of it.
    for (const settled of [this.ready, this.prepared]) settled.catch(() => {});
    this.ended = this.awaitEnd();
    this.life = new LongLife(this.ended);
    this.listensNoMore = Promise.race([stopped, this.ended]);
    this.tell(start);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  tell(message: ToWorker): void {
    if (this.child.connected) this.child.send(message, () => {});
  }

  /** Has another configuration ready. Settled with why it cannot, in a few words or as it says itself; it can: undefined. */
  prepare(message: PrepareMessage, limit_ms: number): Promise<Refusal | string | undefined> {
    const { reload } = message;
    const ask = (answered: (refusal: Refusal | string | undefined) => void) => {
      this.prepares.set(reload, answered);
      this.tell(message);
    };
    const tooLate = `it did not answer within ${limit_ms / 1_000} s`;
    return this.life
      .answer(ask, { limit_ms, tooLate, atEnd: ({ how }) => `it ended (${how})` })
      .finally(() => this.prepares.delete(reload));
  }

  /** Goes on with it. Settled once it has, or has ended, or with false when it says nothing. @param onDone is told when it has, however late */
  commit(reload: number, limit_ms: number, onDone: () => void = () => {}): Promise<boolean> {
    const ask = (answered: (has: boolean) => void) => {
      this.commits.set(reload, () => {
        this.commits.delete(reload);
        onDone();
        answered(true);
      });
      this.tell({ type: "commit", reload });
    };
    return this.life.answer(ask, { limit_ms, tooLate: false, atEnd: () => true });
  }

  /** Settled once it listens there no more, where workers share a port; or has ended, or says nothing. */
  async closes(listener: number, limit_ms: number): Promise<void> {
    const ask = (answered: () => void) => void this.closings.set(listener, answered);
    await this.life.answer<void>(ask, { limit_ms, tooLate: undefined, atEnd: () => {} });
    this.closings.delete(listener);
  }

  /** What takes the connections of a listener. */
  takerOf(listener: number): Taker {
    const known = this.takers.get(listener);
    if (known !== undefined) return known;
    const taker: Taker = { take: (handle, done) => this.take(listener, handle, done) };
    this.takers.set(listener, taker);
    return taker;
  }

  /** There is no such listener any more. */
  forgetListener(listener: number): void {
    this.takers.delete(listener);
    this.tell({ type: "listener-over", listener });
  }

  private take(listener: number, handle: SocketHandle, done: (error: Error | null) => void): void {
    const message: ToWorker = { type: "connection", listener };
    // The runtime sends bare handles, which its type definitions do not know.
    this.child.send(message, handle as never, {}, done);
  }

  /** Its figures as of now; of one that does not answer, as of before. */
  async ask(): Promise<Figures | undefined> {
    if (!this.isReady || !this.child.connected || this.silentTurns >= SILENT_TURNS) return this.figures;
    await new Promise<void>((resolve) => {
      const giveUp = setTimeout(resolve, FIGURES_MS_MAX);
      this.figuresTold.push(() => {
        clearTimeout(giveUp);
        resolve();
      });
      this.tell({ type: "figures" });
    });
    return this.figures;
  }

  /** @param why what is told as how it ended; by default the signal */
  kill(why?: string): void {
    this.killedFor = why;
    this.child.kill("SIGKILL");
  }

  private noteFigures(figures: Figures): void {
    this.figures = figures;
    for (const told of this.figuresTold.splice(0)) told();
  }

  private async awaitEnd(): Promise<WorkerEnd> {
    const disconnected = new Promise<void>((resolve) => this.child.once("disconnect", resolve));
    const code = new Promise<string>((resolve) => {
      this.child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
      this.child.once("error", (error: NodeJS.ErrnoException) => {
        if (this.child.pid === undefined) resolve(error.code ?? error.message);
      });
    });
    const how = await code;
    const tooLate = new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS_MAX).unref());
    if (this.child.connected) await Promise.race([disconnected, tooLate]);
    for (const told of this.figuresTold.splice(0)) told();
    this.isReady = false;
    return { how: this.killedFor ?? how, cut: this.cut };
  }
}
