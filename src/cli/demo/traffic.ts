/**
 * Gentle traffic: one client per origin, a request at a time, with pauses around the time at which its origin closes. Each
 * request goes through hopwise and, at the same moment and in the same words, through a naive proxy beside it.
 *
 * Deliberately absent: load. This shows what happens to connections; it measures nothing.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { type Comparison, Tally } from "./comparison.ts";
import { SILENT_DISTANCE_MS } from "./origins.ts";

/** Pauses between requests in milliseconds, over and over; each a little longer or shorter. */
export type Pauses = (idle_ms: number) => readonly number[];

/** Around the time for which an origin lets connections idle at present. */
const pausesOf: Readonly<Record<string, Pauses>> = {
  // Node lets connections idle for as long as it says and, lately, a second more.
  node: (idle_ms) => {
    const [before, behind, far] = [idle_ms * 0.92, idle_ms * 1.04, idle_ms + 1_050];
    return [150, 200, 300, 250, before, 200, 350, 300, far, 250, 500, 300, behind];
  },
  silent: (idle_ms) => {
    // Of which a part is too late for the request and too early for the FIN to be seen: the two cross on the way.
    const race = idle_ms - SILENT_DISTANCE_MS;
    return [150, race, 250, race, race, 300, race, idle_ms + 600];
  },
  old: () => [700, 900, 1_500],
  slow: () => [300, 1_000, 2_500],
  stream: () => [300, 800, 1_900],
};
const usually: Pauses = () => [1_000];
const JITTER = 0.03;
/** How often it is looked whether there is somebody again. */
const PAUSED_LOOK_MS = 200;
/** Every so many requests is a POST. */
const POST_EVERY = 3;

/** Where the same requests go. */
export interface Ways {
  readonly hopwise: string;
  readonly naive: string;
}

export interface TrafficHooks {
  /** A request through the naive proxy got no good response. */
  failed?(what: string, fault: string): void;
}

export class Traffic {
  readonly comparison: Comparison & { readonly naive: Tally } = { hopwise: new Tally(), naive: new Tally() };
  private readonly hooks: TrafficHooks;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopped = false;
  /** There is nobody to send anything to. */
  isPaused = false;

  constructor(hooks: TrafficHooks = {}) {
    this.hooks = hooks;
  }

  /** Sends requests until it is stopped. @param idle_ms how long the origin lets connections idle, each time */
  start(name: string, ways: Ways, idle_ms: () => number = () => 0, pauses = pausesOf[name] ?? usually): void {
    let sent = 0;
    const next = async () => {
      if (this.isPaused) return this.after(PAUSED_LOOK_MS, next);
      sent++;
      await this.both(name, ways, sent);
      const all = pauses(idle_ms());
      const pause_ms = (all[sent % all.length] ?? 1_000) * (1 + JITTER * (2 * Math.random() - 1));
      this.after(pause_ms, next);
    };
    this.after(Math.random() * 500, next);
  }

  /** Sends no more, and is not interested in what is in flight. */
  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.agent.destroy();
  }

  private after(delay_ms: number, callback: () => Promise<void>): void {
    if (this.isStopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void callback();
    }, delay_ms);
    this.timers.add(timer);
  }

  /** The pause begins when both have their response, so that connections idle equally long. */
  private async both(name: string, ways: Ways, count: number): Promise<void> {
    const isPost = count % POST_EVERY === 0;
    const [, fault] = await Promise.all([
      this.send(ways.hopwise, isPost, count, this.comparison.hopwise),
      this.send(ways.naive, isPost, count, this.comparison.naive),
    ]);
    if (fault === undefined || this.isStopped) return;
    this.hooks.failed?.(`${isPost ? "POST /orders" : "GET /hello"} to ${name}`, fault);
  }

  /** Resolves with what went wrong, if something did. */
  private async send(url: string, isPost: boolean, count: number, tally: Tally): Promise<string | undefined> {
    const body = isPost ? `order=${count}` : "";
    const fault = await new Promise<string | undefined>((resolve) => {
      const sending = request(
        `${url}/${isPost ? "orders" : "hello"}`,
        {
          agent: this.agent,
          method: isPost ? "POST" : "GET",
          headers: isPost ? { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": body.length } : {},
        },
        (response) => void faultOf(response).then(resolve),
      );
      sending.on("error", (error) => resolve(error.message));
      sending.end(body);
    });
    // What is in flight at the end was given up by its client.
    if (!this.isStopped) tally.count(fault);
    return fault;
  }
}

/** The text of a 5xx, or that the response broke off. */
function faultOf(response: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    response.setEncoding("latin1");
    response.on("data", (piece: string) => {
      text += piece;
    });
    response.on("error", () => {});
    response.on("close", () => {
      if (!response.complete) return resolve("response cut off");
      resolve((response.statusCode ?? 0) < 500 ? undefined : (text.split("\n", 1)[0] ?? ""));
    });
  });
}
