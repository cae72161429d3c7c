/**
 * A client of an exchange that is no connection: it notes what it is told, word by word. What becomes of it is the exchange's
 * word alone, so a test of an exchange needs no socket on this side.
 */
import { Life } from "../../src/connection/life.ts";
import type { ClientConnection } from "../../src/exchange/client-connection.ts";
import type { ClientSide, TunnelEnd } from "../../src/exchange/client-side.ts";
import type { Socket } from "../../src/net/ports.ts";

export class FakeClient implements ClientSide {
  /** What it was told, in order. Body bytes in a row are one entry. */
  readonly told: string[] = [];
  readonly connection: ClientConnection;
  isBlocked = false;
  isSlow = false;
  /** How it stands with reading the request: it is read from, or not for now. */
  isPaused = false;

  constructor() {
    const life = new Life();
    life.opened();
    life.beginExchange();
    this.connection = {
      hop: "downstream",
      id: 1,
      socket: { remoteAddress: "192.0.2.1", remotePort: 4711, unsentBytes: 0 } as Socket,
      life,
      openedAt_ms: 0,
      isTrusted: false,
      clientName: "192.0.2.1",
      forwardedForLine: "X-Forwarded-For: 192.0.2.1\r\n",
      bindings: undefined,
    };
  }

  sayContinue(): void {
    this.told.push("100 of our own");
  }

  interim: ClientSide["interim"] = ({ status }) => {
    this.told.push(`interim ${status}`);
  };

  final: ClientSide["final"] = ({ status }, _options, { kind }, isRequestDropped) => {
    this.told.push(`final ${status}, ${kind}${isRequestDropped ? ", the rest of the request is dropped" : ""}`);
  };

  body: ClientSide["body"] = (octets, from, to) => {
    const text = octets.latin1Slice(from, to);
    const last = this.told.at(-1);
    if (last?.startsWith("body ")) this.told[this.told.length - 1] = last + text;
    else this.told.push(`body ${text}`);
  };

  endBody: ClientSide["endBody"] = (trailers) => {
    this.told.push(`end of body${trailers === undefined ? "" : ", trailers"}`);
  };

  answer: ClientSide["answer"] = (reason, fault, isRequestComplete, ownReason) => {
    const why = [fault, isRequestComplete ? undefined : "request incomplete", ownReason].filter(
      (it) => it !== undefined,
    );
    this.told.push(`answer ${[reason, ...why].join(", ")}`);
  };

  flush(): void {}

  end(isRequestComplete: boolean): void {
    this.told.push(isRequestComplete ? "end" : "end, request incomplete");
  }

  breakOff: ClientSide["breakOff"] = (reason, isResponseComplete) => {
    this.told.push(`broken off ${reason}${isResponseComplete ? ", response complete" : ""}`);
  };

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  armForRequest(): void {}

  goOn(): void {}

  establish: ClientSide["establish"] = (head) => {
    this.told.push(head === undefined ? "tunnel" : `tunnel ${head.status}`);
  };

  get tunnelEnd(): TunnelEnd {
    throw new Error("it has no socket for a tunnel");
  }
}
