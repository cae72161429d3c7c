/**
 * One attempt to connect with Bun's own sockets.
 *
 * Bun cannot end an attempt: what was given up goes on until the system is through with it, and is closed if it opens. While
 * there are many of those, new attempts are made with `node:net`, which can. Deliberately absent: TLS, which stays with
 * `node:tls`.
 */
import { type BunApi, type BunEvents, type BunRawSocket, bun } from "../bun-api.ts";
import type { AttemptHandler } from "../dialing.ts";
import { attemptOnNode } from "../node/node-dialer.ts";
import type { Address } from "../ports.ts";
import { KEEP_ALIVE_IDLE_MS } from "../socket-options.ts";
import { BunSocket, connectionEvents, type RawSocket } from "./bun-socket.ts";

/** Attempts that were given up and still go on; each has a descriptor, for two minutes at most on Linux. */
const ABANDONED_MAX = 64;
let abandoned = 0;

export function attemptOnBun(place: Address, handler: AttemptHandler): () => void {
  if (bun === undefined || abandoned >= ABANDONED_MAX || (place.kind === "tcp" && place.tls !== undefined)) {
    return attemptOnNode(place, handler);
  }
  const attempt = new BunAttempt(handler);
  attempt.begin(bun, place);
  return () => attempt.giveUp();
}

class BunAttempt {
  private readonly handler: AttemptHandler;
  private state: "pending" | "abandoned" | "over" = "pending";

  constructor(handler: AttemptHandler) {
    this.handler = handler;
  }

  begin(api: BunApi, place: Address): void {
    const where = place.kind === "unix" ? { unix: place.path } : { hostname: place.host, port: place.port };
    isWithinCall = true;
    try {
      // Its promise tells the same as the events, and nobody has to hear it.
      void api.connect({ ...where, data: this, socket: attemptEvents, allowHalfOpen: true });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      process.nextTick(tellFailed, this, code ?? message);
    } finally {
      isWithinCall = false;
    }
  }

  giveUp(): void {
    if (this.state !== "pending") return;
    this.state = "abandoned";
    abandoned++;
  }

  /** @internal */
  failed(fault: string): void {
    if (this.settle()) this.handler.onFailed(fault);
  }

  /** @internal */
  opened(raw: RawSocket): void {
    if (!this.settle()) return raw.close();
    raw.setKeepAlive(true, KEEP_ALIVE_IDLE_MS);
    this.handler.onConnected(new BunSocket(raw));
  }

  /** The system is through with it. Returns whether anybody wants to know. */
  private settle(): boolean {
    const isWanted = this.state === "pending";
    if (!isWanted) abandoned--;
    this.state = "over";
    return isWanted;
  }
}

/** Bun tells of some attempts before it returns: of those to Unix sockets. */
let isWithinCall = false;

const attemptEvents: BunEvents<BunAttempt> = {
  // Before it opens, the slot of a socket holds its attempt; from then on its port.
  ...(connectionEvents as unknown as BunEvents<BunAttempt>),
  open(connected: BunRawSocket<BunAttempt>): void {
    const attempt = connected.data;
    const raw = connected as unknown as RawSocket;
    raw.data = undefined;
    if (isWithinCall) process.nextTick(tellOpened, attempt, raw);
    else attempt.opened(raw);
  },
  connectError({ data: attempt }, error): void {
    const fault = error.code ?? error.message;
    if (isWithinCall) process.nextTick(tellFailed, attempt, fault);
    else attempt.failed(fault);
  },
};

function tellOpened(attempt: BunAttempt, raw: RawSocket): void {
  attempt.opened(raw);
}

function tellFailed(attempt: BunAttempt, fault: string): void {
  attempt.failed(fault);
}
