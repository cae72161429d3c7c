/**
 * Dialing with Bun's own sockets. A name is resolved first; then its addresses are tried, each a moment after the one
 * before it or when that fails, and the first that opens is taken (RFC 8305).
 *
 * Bun cannot end an attempt: what was given up goes on until the system is through with it, and is closed if it opens. While
 * there are many of those, new attempts are made with `node:net`, which can. Deliberately absent: TLS, which stays with
 * `node:tls`.
 */
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { type BunApi, type BunEvents, type BunRawSocket, bun } from "./bun-api.ts";
import { BunSocket, connectionEvents, type RawSocket } from "./bun-socket.ts";
import { dialOnNode } from "./node-dialer.ts";
import type { Address, DialHandler } from "./ports.ts";
import { allowedOf, type Guarding, lookupAll, refusalOfLiteral } from "./resolving.ts";

/** How long an address has before the next one is tried as well (RFC 8305 section 5). */
const NEXT_ATTEMPT_MS = 250;
/** Attempts that were given up and still go on; each has a descriptor, for two minutes at most on Linux. */
const FORSAKEN_MAX = 64;
let forsaken = 0;

/** Where one attempt leads. */
type Place = { readonly hostname: string; readonly port: number } | { readonly unix: string };

/** @param guarding on behalf of strangers: which addresses may be dialed, and what names mean */
export function dialOnBun(address: Address, handler: DialHandler, guarding: Guarding | undefined): () => void {
  if (bun === undefined || forsaken >= FORSAKEN_MAX || (address.kind === "tcp" && address.tls !== undefined)) {
    return dialOnNode(address, handler, guarding);
  }
  const dialing = new Dialing(bun, handler);
  const refusal = refusalOfLiteral(address, guarding?.guard);
  if (refusal !== undefined) setImmediate(() => dialing.fail(refusal));
  else if (address.kind === "unix") dialing.begin([{ unix: address.path }]);
  else if (isIP(address.host) !== 0) dialing.begin([{ hostname: address.host, port: address.port }]);
  else resolve(address.host, address.port, guarding, dialing);
  return () => dialing.giveUp();
}

function resolve(host: string, port: number, guarding: Guarding | undefined, dialing: Dialing): void {
  (guarding?.resolve ?? lookupAll)(host, { all: true }, (error, found) => {
    const allowed = guarding === undefined || error !== null ? found : allowedOf(found, port, guarding.guard);
    if (error !== null) process.nextTick(() => dialing.fail(error.code ?? error.message));
    else if (typeof allowed === "string") process.nextTick(() => dialing.fail(allowed));
    else dialing.begin(alternating(allowed).map(({ address }) => ({ hostname: address, port })));
  });
}

/** The families in turn, the first one's first (RFC 8305 section 4): one that leads nowhere delays the other but once. */
function alternating(found: readonly LookupAddress[]): readonly LookupAddress[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const second = found.filter(({ family }) => family !== found[0]?.family);
  const longest = Math.max(first.length, second.length);
  return Array.from({ length: longest }, (_, i) => [...first.slice(i, i + 1), ...second.slice(i, i + 1)]).flat();
}

class Dialing {
  private readonly api: BunApi;
  private readonly handler: DialHandler;
  private places: readonly Place[] = [];
  private nextPlace = 0;
  /** Attempts that go on. */
  private pending = 0;
  private nextAttempt: NodeJS.Timeout | undefined;
  /** Of the attempt that failed first. */
  private fault: string | undefined;
  private isOver = false;

  constructor(api: BunApi, handler: DialHandler) {
    this.api = api;
    this.handler = handler;
  }

  begin(places: readonly Place[]): void {
    if (this.isOver) return;
    this.places = places;
    this.attempt();
  }

  private attempt(): void {
    clearTimeout(this.nextAttempt);
    const place = this.places[this.nextPlace++];
    if (place === undefined) return;
    if (this.nextPlace < this.places.length) {
      this.nextAttempt = setTimeout(() => this.attempt(), NEXT_ATTEMPT_MS);
      this.nextAttempt.unref();
    }
    this.pending++;
    isWithinCall = true;
    try {
      // Its promise tells the same as the events, and nobody has to hear it.
      void this.api.connect({ ...place, data: this, socket: dialingEvents, allowHalfOpen: true });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      process.nextTick(tellFailed, this, code ?? message);
    } finally {
      isWithinCall = false;
    }
  }

  giveUp(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.nextAttempt);
    forsaken += this.pending;
  }

  /** There is nothing to try, or nothing more. */
  fail(fault: string): void {
    if (this.isOver) return;
    this.giveUp();
    this.handler.onFailed(fault);
  }

  /** @internal */
  attemptFailed(fault: string): void {
    this.pending--;
    if (this.isOver) {
      forsaken--;
      return;
    }
    this.fault ??= fault;
    if (this.nextPlace < this.places.length) this.attempt();
    else if (this.pending === 0) this.fail(this.fault);
  }

  /** @internal */
  attemptOpened(raw: RawSocket): void {
    this.pending--;
    if (this.isOver) {
      forsaken--;
      raw.close();
      return;
    }
    this.giveUp();
    this.handler.onConnected(new BunSocket(raw));
  }
}

/** Bun tells of some attempts before it returns: of those to Unix sockets. */
let isWithinCall = false;

const dialingEvents: BunEvents<Dialing> = {
  // Before it opens, the slot of a socket holds its dialing; from then on its port.
  ...(connectionEvents as unknown as BunEvents<Dialing>),
  open(connected: BunRawSocket<Dialing>): void {
    const dialing = connected.data;
    const raw = connected as unknown as RawSocket;
    raw.data = undefined;
    if (isWithinCall) process.nextTick(tellOpened, dialing, raw);
    else dialing.attemptOpened(raw);
  },
  connectError({ data: dialing }, error): void {
    const fault = error.code ?? error.message;
    if (isWithinCall) process.nextTick(tellFailed, dialing, fault);
    else dialing.attemptFailed(fault);
  },
};

function tellOpened(dialing: Dialing, raw: RawSocket): void {
  dialing.attemptOpened(raw);
}

function tellFailed(dialing: Dialing, fault: string): void {
  dialing.attemptFailed(fault);
}
