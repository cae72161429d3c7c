/** Clients that come again and again, and count what went wrong: connections refused, reset, or closed without an answer. */
import { RawClient } from "./raw-client.ts";
import { until } from "./waiting.ts";

export class Relentless {
  readonly failures: string[] = [];
  served = 0;
  private isOver = false;
  private readonly all: Promise<void>[];

  /** Half of them keep their connections for as long as they may, half come anew for each request. */
  constructor(port: number, count: number) {
    this.all = Array.from({ length: count }, (_, index) => this.go(port, index % 2 === 0));
  }

  /** Every client has been served so many times more, on average. */
  async servedAgain(times = 5): Promise<void> {
    const goal = this.served + times * this.all.length;
    await until("clients are served on", () => this.served >= goal || this.failures.length > 0);
  }

  async end(): Promise<readonly string[]> {
    this.isOver = true;
    await Promise.all(this.all);
    return this.failures;
  }

  private async go(port: number, isPersistent: boolean): Promise<void> {
    const request = isPersistent ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n" : "GET / HTTP/1.0\r\n\r\n";
    while (!this.isOver) {
      let client: RawClient | undefined;
      try {
        client = await RawClient.open(port);
        for (let mayGoOn = true; mayGoOn && !this.isOver; ) {
          const { status, fields } = await client.exchange(request);
          if (status !== 200) this.failures.push(`status ${status}`);
          this.served++;
          mayGoOn = isPersistent && fields.connection !== "close";
        }
      } catch (error) {
        this.failures.push(`${isPersistent ? "persistent" : "fresh"}: ${error}`);
      }
      client?.close();
    }
  }
}
