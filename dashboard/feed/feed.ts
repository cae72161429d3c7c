/**
 * What this page knows of the proxy: figures every second, and what happens as it happens.
 *
 * Snapshots (`/api/connections`, `/api/exchanges`) are taken at the beginning and whenever the stream of events had a gap; as long
 * as there is no stream, they are taken again and again. Nobody is asked while the page is hidden. Whatever fails is tried again,
 * and said meanwhile. Deliberately absent: anything that is drawn.
 */
import type {
  ConnectionEntry,
  ConnectionsAnswer,
  ConnectionView,
  ExchangeEntry,
  ExchangesAnswer,
  ProxyEvent,
  ProxyStats,
} from "./api-types.ts";
import { ask } from "./ask.ts";
import type { ConfigAnswer } from "./config.ts";
import { type EndpointNews, EndpointWatch } from "./endpoint-watch.ts";
import { ExchangeHistory } from "./history.ts";
import { Latencies, type LatencySpan } from "./latency.ts";
import type { Problem } from "./problems.ts";
import { type Sample, withSample } from "./samples.ts";

/** `stream`: events come as they happen. `polling`: they do not, but answers do. `lost`: nothing does. */
export type Link = "beginning" | "stream" | "polling" | "lost" | "refused";

export interface Seen {
  readonly link: Link;
  readonly problem: Problem | undefined;
  readonly samples: readonly Sample[];
  /** Those that are open; not known: undefined. */
  readonly connections: readonly ConnectionView[] | undefined;
  /** Those that this page saw close, the latest first. */
  readonly closed: readonly ConnectionEntry[];
  /** The latest end first; not known: undefined. */
  readonly exchanges: readonly ExchangeEntry[] | undefined;
  /** Of those in `exchanges` and before them, the oldest first. */
  readonly latencies: readonly LatencySpan[];
  readonly endpoints: ReadonlyMap<string, EndpointNews>;
  /** Not known: undefined. */
  readonly config: ConfigAnswer | undefined;
  /** Events that the proxy left out, since it is too busy to be watched in full. */
  readonly missed: number;
  /** Add it to this page's clock to get the proxy's. */
  readonly clockAhead_ms: number;
}

/** Events that were left out. `oneIn`: on purpose, one exchange of so many is told. */
interface Missed {
  readonly missed: number;
  readonly oneIn?: number;
}

/** What a model of the connections is fed with. */
export interface Snapshot {
  readonly stats?: ProxyStats | undefined;
  readonly connections?: ConnectionsAnswer | undefined;
  readonly exchanges?: ExchangesAnswer | undefined;
}
export interface FeedListener {
  /** @param askedAt_ms when it was asked for, by this page's clock */
  snapshot(snapshot: Snapshot, askedAt_ms?: number): void;
  /** One event, or a number of those that were left out, the moment it comes. */
  apply(event: ProxyEvent | ({ readonly type: "missed" } & Missed), lastEventId?: string): void;
}

const TICK_MS = 1_000;
/** Ticks between two looks at the connections there are: events tell of each, and this corrects what was missed. */
const CONNECTIONS_TICKS = 5;
const SNAPSHOT_TICKS_WITHOUT_STREAM = 2;
/** What waits to be drawn. */
const BATCH_MS = 200;
/** A page that nobody looks at keeps its stream for so long. */
const HIDDEN_MS = 60_000;
const CLOSED_MAX = 1_000;

export class Feed {
  private readonly history = new ExchangeHistory();
  private readonly latencies = new Latencies();
  private readonly endpoints = new EndpointWatch();
  private readonly listeners = new Set<(seen: Seen) => void>();
  private readonly models = new Set<FeedListener>();
  private seen: Seen = {
    ...{ link: "beginning", problem: undefined, samples: [], connections: undefined, closed: [], exchanges: undefined },
    ...{ latencies: [], endpoints: new Map(), config: undefined, missed: 0, clockAhead_ms: 0 },
  };
  private stream: EventSource | undefined;
  private isStreaming = false;
  private needsSnapshot = true;
  private configVersion: number | undefined;
  private tick = 0;
  private snapshot: Snapshot | undefined;
  private waiting: ProxyEvent[] = [];
  private batchTimer: number | undefined;
  private hiddenTimer: number | undefined;
  private tickTimer: number | undefined;

  get now(): Seen {
    return this.seen;
  }

  /** Returns how to leave. */
  subscribe(listener: (seen: Seen) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A model hears the latest snapshot at once. Returns how to leave. */
  join(model: FeedListener): () => void {
    this.models.add(model);
    if (this.snapshot !== undefined) model.snapshot(this.snapshot);
    return () => this.models.delete(model);
  }

  start(): void {
    document.addEventListener("visibilitychange", () => this.onVisibility());
    void this.everySecond();
  }

  private onVisibility(): void {
    window.clearTimeout(this.hiddenTimer);
    if (document.hidden) {
      this.hiddenTimer = window.setTimeout(() => this.closeStream(), HIDDEN_MS);
      return;
    }
    window.clearTimeout(this.tickTimer);
    void this.everySecond();
  }

  private async everySecond(): Promise<void> {
    if (document.hidden) return;
    await this.look();
    window.clearTimeout(this.tickTimer);
    this.tickTimer = window.setTimeout(() => void this.everySecond(), TICK_MS);
  }

  private async look(): Promise<void> {
    const askedAt_ms = Date.now();
    const { body: stats, problem } = await ask<ProxyStats>("stats");
    if (stats === undefined) return this.onProblem(problem);
    this.onStats(stats);
    for (const model of this.models) model.snapshot({ stats }, askedAt_ms);
    await this.lookAtConfig(stats);
    const ticks = this.isStreaming ? CONNECTIONS_TICKS : SNAPSHOT_TICKS_WITHOUT_STREAM;
    const isDue = this.needsSnapshot || ++this.tick >= ticks;
    if (isDue && !(await this.takeSnapshot())) return;
    if (this.stream === undefined) this.openStream();
    this.change({ link: this.isStreaming ? "stream" : "polling", problem: undefined });
  }

  /** Once for each configuration. Several processes have none to show. */
  private async lookAtConfig({ config: { version } }: ProxyStats): Promise<void> {
    if (version === this.configVersion) return;
    this.configVersion = version;
    this.change({ config: (await ask<ConfigAnswer>("config")).body });
  }

  /** A proxy that was started anew has other connections and exchanges under the same numbers. */
  private onStats(stats: ProxyStats): void {
    const at_ms = Date.now();
    const samples = withSample(this.seen.samples, { at_ms, stats });
    const isAnew = samples.length === 1 && this.seen.samples.length > 0;
    if (isAnew) {
      this.history.clear();
      this.latencies.clear();
      this.endpoints.clear();
      this.configVersion = undefined;
      this.needsSnapshot = true;
    }
    const clockAhead_ms = Date.parse(stats.startedAt) + stats.uptime_ms - at_ms;
    this.change({
      samples,
      clockAhead_ms,
      latencies: this.latencies.spans(),
      ...(isAnew ? { closed: [], missed: 0 } : {}),
    });
  }

  private onProblem(problem: Problem): void {
    if (problem.kind === "lost") this.needsSnapshot = true;
    this.change({ link: problem.kind === "lost" ? "lost" : "refused", problem });
  }

  /** Returns whether there is one. */
  private async takeSnapshot(): Promise<boolean> {
    const isWhole = this.needsSnapshot || !this.isStreaming;
    const askedAt_ms = Date.now();
    const [connections, exchanges] = await Promise.all([
      ask<ConnectionsAnswer>("api/connections?limit=10000"),
      isWhole ? ask<ExchangesAnswer>("api/exchanges?limit=1200") : undefined,
    ]);
    this.tick = 0;
    const problem = connections.problem ?? exchanges?.problem;
    if (problem !== undefined) {
      this.onProblem(problem);
      return false;
    }
    this.needsSnapshot = false;
    for (const entry of exchanges?.body?.exchanges ?? []) this.note(entry);
    this.change({ connections: connections.body?.connections, exchanges: this.history.latestFirst() });
    this.snapshot = { connections: connections.body, exchanges: exchanges?.body ?? this.snapshot?.exchanges };
    const told = { connections: connections.body, exchanges: exchanges?.body };
    for (const model of this.models) model.snapshot(told, askedAt_ms);
    return true;
  }

  private openStream(): void {
    const stream = new EventSource("api/events");
    this.stream = stream;
    stream.onopen = () => {
      // What happened between the snapshot and now is in the next one.
      this.needsSnapshot ||= !this.isStreaming;
      this.isStreaming = true;
      if (this.seen.link === "polling") this.change({ link: "stream" });
    };
    stream.onerror = () => {
      this.isStreaming = false;
      // The browser gives up where the answer is not a stream; otherwise it comes back by itself, and says what it saw last.
      if (stream.readyState === EventSource.CLOSED) this.closeStream();
    };
    for (const name of eventNames) stream.addEventListener(name, (message) => this.onEvent(message as MessageEvent));
  }

  private closeStream(): void {
    this.stream?.close();
    this.stream = undefined;
    this.isStreaming = false;
    this.needsSnapshot = true;
  }

  private onEvent({ type, data, lastEventId }: MessageEvent<string>): void {
    const event = JSON.parse(data) as ProxyEvent | Missed;
    if (type === "missed" || !("type" in event)) {
      if ("missed" in event) this.onMissed(event);
      return;
    }
    for (const model of this.models) model.apply(event, lastEventId);
    this.waiting.push(event);
    this.batchTimer ??= window.setTimeout(() => this.onBatch(), BATCH_MS);
  }

  /** What is left out on purpose leaves no gap in what is known of connections. */
  private onMissed(event: Missed): void {
    this.seen = { ...this.seen, missed: this.seen.missed + event.missed };
    this.needsSnapshot ||= event.oneIn === undefined;
    for (const model of this.models) model.apply({ ...event, type: "missed" });
  }

  private onBatch(): void {
    this.batchTimer = undefined;
    const events = this.waiting;
    this.waiting = [];
    const closed: ConnectionEntry[] = [];
    for (const event of events) {
      if (event.type === "exchange") this.note(event);
      else if (event.type === "connection") closed.unshift(event);
    }
    this.endpoints.note(events);
    this.change({
      endpoints: this.endpoints.all,
      exchanges: this.history.latestFirst(),
      ...(closed.length === 0 ? {} : { closed: [...closed, ...this.seen.closed].slice(0, CLOSED_MAX) }),
    });
  }

  private note(entry: ExchangeEntry): void {
    if (this.history.add(entry)) this.latencies.add(entry);
  }

  private change(some: Partial<Seen>): void {
    this.seen = { ...this.seen, ...some };
    for (const listener of this.listeners) listener(this.seen);
  }
}

/** Those of the stream: each is an event of its own name. */
const eventNames = [
  ...["exchange-begin", "exchange-phase", "exchange", "connection-open", "connection", "connection-idle"],
  ...[
    "reuse",
    "reuse-refused",
    "lifetime",
    "endpoint",
    "health",
    "accept-failed",
    "hook-failed",
    "internal-error",
    "access-log",
    "certificate",
  ],
  ...["reload", "drain", "missed"],
];
