/**
 * Gentle traffic: one client per origin, a request at a time, with pauses around the time at which its origin closes. Each
 * request goes through hopwise and, at the same moment and in the same words, through a naive proxy beside it.
 *
 * Deliberately absent: load. This shows what happens to connections; it measures nothing.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { type Comparison, Tally } from "./comparison.ts";
import { SILENT_DISTANCE_MS, SILENT_IDLE_MS } from "./origins.ts";

/** Of which a part is too late for the request and too early for the FIN to be seen: the two cross on the way. */
const silentRace_ms = SILENT_IDLE_MS - SILENT_DISTANCE_MS;

/** Pauses between requests in milliseconds, over and over; each a little longer or shorter. */
const pauses_ms: Readonly<Record<string, readonly number[]>> = {
  // Node lets connections idle for 5s and, lately, a second more.
  node: [150, 200, 300, 250, 4_600, 200, 350, 300, 6_050, 250, 500, 300, 5_200],
  silent: [150, silentRace_ms, 250, silentRace_ms, silentRace_ms, 300, silentRace_ms, 2_600],
  old: [700, 900, 1_500],
  slow: [300, 1_000, 2_500],
  stream: [300, 800, 1_900],
};
const JITTER = 0.03;
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

  constructor(hooks: TrafficHooks = {}) {
    this.hooks = hooks;
  }

  /** Sends requests until it is stopped. */
  start(name: string, ways: Ways, pauses = pauses_ms[name] ?? [1_000]): void {
    let sent = 0;
    const next = async () => {
      sent++;
      await this.both(name, ways, sent);
      const pause_ms = (pauses[sent % pauses.length] ?? 1_000) * (1 + JITTER * (2 * Math.random() - 1));
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
