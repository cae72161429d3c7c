/** The clients, in a process of their own: as many at a time as there are places, until they are told to stop. */
import { setTimeout as pause } from "node:timers/promises";
import { type Random, randomFrom } from "../interop/support/random.ts";
import { clients, type Desk } from "./clients.ts";
import { type FromLoad, targetOf } from "./plan.ts";
import type { Request, Verdict } from "./requests.ts";
import { Tally } from "./tally.ts";

const PLACES = 40;
/** Between two clients of one place: the load is steady, not the greatest possible. */
const BREATH_MS = 30;
const PROGRESS_MS = 1_000;

const [, , portText = "", seedText = ""] = process.argv;
const tally = new Tally();
let requests = 0;
let whole = 0;
let isStopping = false;
let lastId = 0;

function tell(message: FromLoad): void {
  process.send?.(message);
}

class Place implements Desk {
  readonly port = Number(portText);
  readonly random: Random;

  constructor(index: number) {
    this.random = randomFrom(Number(seedText) * 1_000 + index);
  }

  get isStopping(): boolean {
    return isStopping;
  }

  nextId(): string {
    return String(++lastId);
  }

  count(name: string): void {
    tally.add(name);
  }

  violation(what: string): void {
    tell({ type: "violation", what });
  }

  report(request: Request, verdict: Verdict, began_ms: number, isBehindClose: boolean): void {
    requests++;
    switch (verdict.kind) {
      case "whole":
        whole++;
        return;
      case "wrong":
        return this.violation(`${request.method} ${targetOf(request.plan)}: ${verdict.what}`);
      case "failed": {
        if (isBehindClose && verdict.seen === "unanswered") return this.count("pipelined behind a last response");
        const { method, plan } = request;
        const target = targetOf(plan);
        tell({ type: "failure", method, target, seen: verdict.seen, began_ms, ended_ms: Date.now() });
      }
    }
  }

  async work(): Promise<void> {
    const total = clients.reduce((sum, [, , share]) => sum + share, 0);
    while (!isStopping) {
      let at = this.random.next() * total;
      const chosen = clients.find(([, , share]) => {
        at -= share;
        return at < 0;
      });
      if (chosen === undefined) continue;
      const [name, client] = chosen;
      tally.add(`clients: ${name}`);
      try {
        await client(this);
      } catch (error) {
        this.violation(`a client (${name}) failed: ${(error as Error).stack}`);
      }
      await pause(this.random.between(0, 2 * BREATH_MS));
    }
  }
}

process.on("message", () => {
  isStopping = true;
});
// The runner is gone.
process.on("disconnect", () => process.exit(0));
const progress = setInterval(() => tell({ type: "progress", requests }), PROGRESS_MS);
await Promise.all(Array.from({ length: PLACES }, (_, index) => new Place(index).work()));
clearInterval(progress);
tell({ type: "tally", requests, whole, counts: tally.counts });
process.disconnect();
