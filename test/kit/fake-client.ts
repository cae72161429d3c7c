/**
 * A client of an exchange that is no connection: it notes what it is told, word by word. What becomes of it is the exchange's
 * word alone, so a test of an exchange needs no socket on this side.
 */
import { acceptedFacts } from "../../src/connection/connection-record.ts";
import { Life } from "../../src/connection/life.ts";
import type { ClientConnection } from "../../src/exchange/client-connection.ts";
import type { ClientSide, TunnelEnd } from "../../src/exchange/client-side.ts";

export class FakeClient implements ClientSide {
  /** What it was told, in order. Body bytes in a row are one entry. */
  readonly told: string[] = [];
  readonly connection: ClientConnection;
  isBlocked = false;
  isSlow = false;
  private hasWholeRequest = false;
  private hasWholeResponse = false;
  /** How it stands with reading the request: it is read from, or not for now. */
  isPaused = false;

  constructor() {
    const peer = "192.0.2.1";
    const socket = { remoteAddress: peer, remotePort: 4711 };
    const life = new Life(acceptedFacts(1, peer, socket, 0));
    life.noteOpened();
    life.beginExchange(0);
    this.connection = {
      socket,
      record: life,
      isTrusted: false,
      bindings: undefined,
    };
  }

  sayContinue(): void {
    this.told.push("100 of our own");
  }

  interim: ClientSide["interim"] = ({ status }) => {
    this.told.push(`interim ${status}`);
  };

  final: ClientSide["final"] = ({ status }, _options, { kind }, ownReason) => {
    this.told.push(`final ${status}, ${kind}${ownReason === undefined ? "" : `, ${ownReason}`}`);
  };

  body: ClientSide["body"] = (octets, from, to) => {
    const text = octets.latin1Slice(from, to);
    const last = this.told.at(-1);
    if (last?.startsWith("body ")) this.told[this.told.length - 1] = last + text;
    else this.told.push(`body ${text}`);
  };

  endBody: ClientSide["endBody"] = (trailers) => {
    this.hasWholeResponse = true;
    this.told.push(`end of body${trailers === undefined ? "" : ", trailers"}`);
  };

  answer: ClientSide["answer"] = (reason, fault, ownReason) => {
    const why = [fault, this.hasWholeRequest ? undefined : "request incomplete", ownReason].filter(
      (it) => it !== undefined,
    );
    this.told.push(`answer ${[reason, ...why].join(", ")}`);
  };

  flush(): void {}

  end(): void {
    this.told.push(this.hasWholeRequest ? "end" : "end, request incomplete");
  }

  breakOff: ClientSide["breakOff"] = (reason) => {
    this.told.push(`broken off ${reason}${this.hasWholeResponse ? ", response complete" : ""}`);
  };

  noteRequest(isWhole: boolean): void {
    this.hasWholeRequest = isWhole;
  }

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
