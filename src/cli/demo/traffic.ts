/**
 * Gentle traffic: one client per origin, a request at a time, with pauses around the time at which its origin closes.
 *
 * Deliberately absent: load. This shows what happens to connections; it measures nothing.
 */
import { Agent, request } from "node:http";

/** Pauses between requests in milliseconds, over and over; each a little longer or shorter. */
const pauses_ms: Readonly<Record<string, readonly number[]>> = {
  // Node lets connections idle for 5s and, lately, a second more.
  node: [150, 200, 300, 250, 4_600, 200, 350, 300, 6_050, 250, 500, 300, 5_200],
  silent: [150, 250, 300, 200, 1_950, 300, 250, 2_020, 200, 400, 1_700, 300, 200, 2_600],
  old: [700, 900, 1_500],
  slow: [300, 1_000, 2_500],
  stream: [300, 800, 1_900],
};
const JITTER = 0.05;
/** Every so many requests is a POST. */
const POST_EVERY = 3;

export class Traffic {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopped = false;

  /** Sends requests to `url` until it is stopped. */
  start(name: string, url: string): void {
    const pauses = pauses_ms[name] ?? [1_000];
    let sent = 0;
    const next = () => {
      if (this.isStopped) return;
      sent++;
      this.send(url, sent, () => {
        const pause_ms = (pauses[sent % pauses.length] ?? 1_000) * (1 + JITTER * (2 * Math.random() - 1));
        this.after(pause_ms, next);
      });
    };
    this.after(Math.random() * 500, next);
  }

  /** Sends no more. What is in flight goes on. */
  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** Closes the connections, too. */
  close(): void {
    this.agent.destroy();
  }

  private after(delay_ms: number, callback: () => void): void {
    if (this.isStopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      callback();
    }, delay_ms);
    this.timers.add(timer);
  }

  private send(url: string, count: number, onDone: () => void): void {
    const isPost = count % POST_EVERY === 0;
    let isDone = false;
    const done = () => {
      if (!isDone) onDone();
      isDone = true;
    };
    const body = isPost ? `order=${count}` : "";
    const sending = request(
      `${url}/${isPost ? "orders" : "hello"}`,
      {
        agent: this.agent,
        method: isPost ? "POST" : "GET",
        headers: isPost ? { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": body.length } : {},
      },
      (response) => response.resume().on("close", done),
    );
    // What fails is told by the proxy, with its reason.
    sending.on("error", done);
    sending.end(body);
  }
}
