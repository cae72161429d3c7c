/**
 * What a proxy tells whoever watches it: every opening, reuse, refusal and close, and every exchange.
 *
 * The observer gets the live objects and reads what it needs during the call; nothing is copied for one that does not
 * look. Deliberately absent: any way for the observer to interfere.
 */
import type { PoolObserver } from "../pool/observer.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { HookName } from "./hooks.ts";

export interface ProxyObserver extends PoolObserver {
  downstreamOpened(connection: ClientConnection): void;
  /** The connection is gone; `life.closeReason` says why. */
  downstreamClosed(connection: ClientConnection): void;
  /** A request was answered, refused, or given up. */
  exchangeEnded(record: ExchangeRecord): void;
  /** The head of a response had a fault of this kind, and was mended (`--tolerate`). */
  responseTolerated?(kind: ToleranceKind): void;
  /** A hook of the application threw, or said something that cannot be done. */
  hookFailed(hook: HookName, fault: unknown): void;
  /** A connection could not be accepted: the system's error code. */
  acceptFailed(fault: string): void;
  drainBegan(): void;
  drainEnded(cut: number): void;
}
