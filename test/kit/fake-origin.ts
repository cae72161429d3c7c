/**
 * An origin of an exchange that is no connection: it notes what it is told, and says what a test has it say. So a test of an
 * exchange needs no socket on this side, and no HTTP/1.
 */

import type { ConnectionRecord } from "../../src/connection/connection-record.ts";
import { UpstreamLife } from "../../src/connection/life.ts";
import type { OriginListener, OriginSide, OriginTunnelEnd } from "../../src/exchange/origin-side.ts";
import type { NoConnection, SearchPhase } from "../../src/pool/pool.ts";
import type { ConnectionOptions } from "../../src/wire/fields.ts";
import type { Framing } from "../../src/wire/framing.ts";
import type { ResponseMessage } from "../../src/wire/messages.ts";
import { octets } from "../fuzz/kit/octets.ts";

export class FakeOrigin implements OriginSide {
  /** What it was told, in order. Body bytes in a row are one entry. */
  readonly told: string[] = [];
  /** In how many pieces the body came. */
  pieces = 0;
  readonly record: ConnectionRecord;
  speaksHttp10 = false;
  isBlocked = false;
  awaitsWord = false;
  takesRest = true;
  unsentBytes = 0;
  isPaused = false;
  private readonly listener: OriginListener | undefined;

  /** @param exchanges how many its connection has carried, this one, too */
  constructor(listener?: OriginListener, id = 2, exchanges = 1) {
    this.listener = listener;
    const record = new UpstreamLife({
      ...{ id, hop: "upstream", peer: "192.0.2.9", peerPort: 80, isSecure: false },
      ...{ endpoint: { name: "http://o.test", isNamedByClients: false }, opened: "pool-empty", openedAt_ms: 0 },
    });
    record.exchanges = exchanges;
    this.record = record;
  }

  // What it says.

  searches(phase: SearchPhase): void {
    this.says.onSearch(phase);
  }

  private get says(): OriginListener {
    if (this.listener === undefined) throw new Error("nobody listens to this origin");
    return this.listener;
  }

  isReady(): boolean {
    return this.says.onReady();
  }

  isNotThere(why: NoConnection, fault: string): void {
    this.says.onNone(why, fault, this.record.endpoint);
  }

  answers(status: number, kind: Framing["kind"] = "length"): boolean {
    this.says.onBegun();
    const head = { status, minorVersion: 1 } as ResponseMessage;
    const options = {} as ConnectionOptions;
    if (status < 200) return this.says.onInterim(head, options);
    return this.says.onFinal(head, options, { kind } as Framing);
  }

  sends(text: string): void {
    this.says.onBody(octets(text), 0, text.length);
    this.says.onRead();
  }

  isDone(): void {
    this.says.onComplete(undefined);
  }

  isLost(fault: string | undefined, isWorthAnother: boolean, isInBudget = true): void {
    this.says.onLost(fault, isWorthAnother, isInBudget);
  }

  takesMore(): void {
    this.isBlocked = false;
    this.awaitsWord = false;
    this.says.onOriginDrain();
  }

  // What it is told.

  seek(): void {
    this.told.push("seek");
  }

  begin(lengthHeld: number | undefined): void {
    this.told.push(this.speaksHttp10 ? `request, ${lengthHeld} held` : "request");
  }

  body: OriginSide["body"] = (piece, from, to) => {
    this.pieces++;
    const text = piece.latin1Slice(from, to);
    const last = this.told.at(-1);
    if (last?.startsWith("body ")) this.told[this.told.length - 1] = last + text;
    else this.told.push(`body ${text}`);
  };

  endBody: OriginSide["endBody"] = (trailers) => {
    this.told.push(`end of body${trailers === undefined ? "" : ", trailers"}`);
  };

  flush(): boolean {
    return !this.isBlocked;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  arm(): void {}

  end(): void {
    this.told.push("end");
  }

  close: OriginSide["close"] = (reason) => {
    this.told.push(`close${reason === undefined ? "" : `, ${reason}`}`);
  };

  get tunnelEnd(): OriginTunnelEnd {
    throw new Error("it has no socket for a tunnel");
  }
}
