/**
 * Dialing: a name becomes addresses, and these are tried one after the other, each a moment after the one before it or when
 * that fails. The first that opens is taken (RFC 8305).
 *
 * Nothing but the caller's time ends an attempt: an address that is slow is not given up because another was begun. With a
 * guard, every address is judged between its look-up and its use, at each dial, so a name that changes its meaning gains
 * nothing. Deliberately absent: one attempt, which the runtimes make (node-dialer.ts, bun-dialer.ts).
 */
import { isIP, isIPv6 } from "node:net";
import type { DialGuard } from "./dial-guard.ts";
import type { Address, Dialer, DialHandler, DialRefusal, DialStage, Socket } from "./ports.ts";
import type { Names } from "./resolving.ts";

/** How long an address has before the next one is tried as well (RFC 8305 section 5). */
const NEXT_ATTEMPT_MS = 250;
/** How long one has for its TLS handshake that has answered: a busy server takes a second, and a dead process for ever. */
const HANDSHAKE_MS = 1_000;
/** Addresses of one name that are tried: more than a name needs, and few enough that a name is not a way to scan a network. */
export const ADDRESSES_MAX = 16;
/** What says least about an origin: that this machine has no way to one kind of address. */
const NO_ROUTE = "ENETUNREACH";

/** What an attempt tells, never from within the call that began it. */
export interface AttemptHandler {
  /** Over TLS: the address has answered, and the handshake begins. */
  onReached(): void;
  onConnected(socket: Socket): void;
  onFailed(fault: string): void;
}

/** Dials one address, which is written out. Returns how to give up. */
export type Attempt = (place: Address, handler: AttemptHandler) => () => void;

/** @param guard on behalf of strangers: which addresses may be dialed */
export function dialerOf(attempt: Attempt, names: Names, guard?: DialGuard): Dialer {
  return {
    dial(address, handler, client = "") {
      const dialing = new Dialing(attempt, handler, address);
      if (address.kind === "unix") dialing.begin([address]);
      else if (isIP(address.host) === 0) dialing.find(names, address, guard, client);
      else dialing.beginAllowed([address], guard);
      return () => dialing.giveUp();
    },
  };
}

type TcpAddress = Address & { readonly kind: "tcp" };

class Dialing implements AttemptHandler {
  private readonly attempt: Attempt;
  private readonly handler: DialHandler;
  private places: readonly Address[] = [];
  private nextPlace = 0;
  /** How to give up each attempt that was begun. */
  private readonly begun: (() => void)[] = [];
  private failed = 0;
  private nextAttempt: NodeJS.Timeout | undefined;
  private stopFinding: (() => void) | undefined;
  private stage: DialStage = "connection";
  private fault: string | undefined;
  private isOver = false;
  /** What the caller has us say first; over TLS the attempt does, in front of the handshake. */
  private readonly preamble: string | undefined;

  constructor(attempt: Attempt, handler: DialHandler, address: Address) {
    this.attempt = attempt;
    this.handler = handler;
    const isOverTls = address.kind === "tcp" && address.tls !== undefined;
    this.preamble = isOverTls ? undefined : address.preamble;
  }

  find(names: Names, address: TcpAddress, guard: DialGuard | undefined, client: string): void {
    this.stage = "name";
    const stop = names.find(address.host, client, (found) => {
      if (this.isOver) return;
      this.stage = "connection";
      this.stopFinding = undefined;
      if (typeof found === "string") this.failLater(found);
      else
        this.beginAllowed(
          alternating(found).map((host) => ({ ...address, host })),
          guard,
        );
    });
    // It may have been known at once.
    if (this.stage === "name") this.stopFinding = stop;
  }

  beginAllowed(places: readonly TcpAddress[], guard: DialGuard | undefined): void {
    const allowed = guard === undefined ? places : allowedOf(places, guard);
    if (typeof allowed === "string") this.failLater(allowed);
    else this.begin(allowed.slice(0, ADDRESSES_MAX));
  }

  begin(places: readonly Address[]): void {
    this.places = places;
    this.tryNext();
  }

  private tryNext(): void {
    const place = this.places[this.nextPlace++];
    if (place === undefined) return;
    this.tryNextAfter(NEXT_ATTEMPT_MS);
    this.begun.push(this.attempt(place, this));
  }

  private tryNextAfter(delay_ms: number): void {
    clearTimeout(this.nextAttempt);
    if (this.nextPlace >= this.places.length) return;
    this.nextAttempt = setTimeout(() => this.tryNext(), delay_ms);
    this.nextAttempt.unref();
  }

  onReached(): void {
    this.tryNextAfter(HANDSHAKE_MS);
    this.handler.onReached?.();
  }

  onConnected(socket: Socket): void {
    this.end();
    if (this.preamble !== undefined) socket.write(this.preamble);
    this.handler.onConnected(socket);
  }

  onFailed(fault: string): void {
    this.failed++;
    if (this.fault === undefined || this.fault === NO_ROUTE) this.fault = fault;
    if (this.nextPlace < this.places.length) this.tryNext();
    else if (this.failed === this.begun.length) this.fail(this.fault);
  }

  giveUp(): DialStage {
    if (!this.isOver) this.end();
    return this.stage;
  }

  /** Ends all attempts; for the one that has ended by itself that means nothing. */
  private end(): void {
    this.isOver = true;
    clearTimeout(this.nextAttempt);
    this.stopFinding?.();
    for (const giveUp of this.begun) giveUp();
  }

  private failLater(fault: string): void {
    setImmediate(() => this.fail(fault));
  }

  private fail(fault: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler.onFailed(fault);
  }
}

/** The families in turn, the first one's first (RFC 8305 section 4): one that leads nowhere delays the other but once. */
export function alternating(addresses: readonly string[]): readonly string[] {
  const isSix = isIPv6(addresses[0] ?? "");
  const isFirst = (address: string) => isIPv6(address) === isSix;
  const first = addresses.filter(isFirst);
  const second = addresses.filter((address) => !isFirst(address));
  const longest = Math.max(first.length, second.length);
  return Array.from({ length: longest }, (_, i) => [...first.slice(i, i + 1), ...second.slice(i, i + 1)]).flat();
}

/** The places that may be dialed; if there are none, why. */
function allowedOf(places: readonly TcpAddress[], guard: DialGuard): readonly TcpAddress[] | DialRefusal {
  const refusals = places.map(({ host, port }) => guard.refusal(host, port));
  const allowed = places.filter((_, index) => refusals[index] === undefined);
  if (allowed.length > 0) return allowed;
  return refusals.find((refusal) => refusal !== "address-not-public") ?? "address-not-public";
}
