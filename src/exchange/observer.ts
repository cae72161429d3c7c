/**
 * What a proxy tells whoever watches it: every opening, reuse, refusal and close, and every exchange from its begin to its end.
 *
 * The observer gets records, which are plain data: nothing that lives, and nothing that is copied for one that does not look.
 * Deliberately absent: any way for the observer to interfere.
 */
import type { PoolObserver } from "../pool/observer.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import type { ExchangeRecord, Phase } from "./exchange-record.ts";
import type { HookName } from "./hooks.ts";

export interface ProxyObserver extends PoolObserver {
  /** A request has arrived. Absent while nobody wants to know, and looked at each time. */
  exchangeBegan?: ((record: ExchangeRecord) => void) | undefined;
  /** It has come to this phase, whose time the record has. Absent while nobody wants to know, and looked at each time. */
  exchangePhase?: ((record: ExchangeRecord, phase: Phase) => void) | undefined;
  /** Records are to have what logs and traces tell of a request's fields. Looked at each time. */
  wantsFields?: boolean;
  /** A request was answered, refused, or given up: the record is complete. */
  exchangeEnded(record: ExchangeRecord): void;
  /** Has `tell` called whenever what is looked at each time has changed; they never do: absent. */
  whenInterestChanges?(tell: () => void): void;
  /** The head of a response had a fault of this kind, and was mended (`--tolerate`). */
  responseTolerated?(kind: ToleranceKind): void;
  /** A hook of the application threw, or said something that cannot be done. */
  hookFailed(hook: HookName, fault: unknown): void;
  /** A connection could not be accepted: the system's error code. */
  acceptFailed(fault: string): void;
  drainBegan(): void;
  drainEnded(cut: number): void;
}
