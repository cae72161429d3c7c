/**
 * One connection of the doctor beside a proxy: as the proxy's client, or as its origin. Both send exact bytes, and read what comes.
 *
 * Everything that happens on any of them is told to one place, the stage, where checks wait for conditions. Deliberately absent: waiting.
 */
import type { Socket, SocketHandler } from "../../net/ports.ts";
import type { Octets } from "../../wire/octets.ts";
import type { CloseManner, Evidence } from "../finding.ts";
import { isTlsFault } from "../probe/connection.ts";
import type { Transcript } from "../probe/transcript.ts";
import { type Message, MessageLog } from "./message-log.ts";

/** Of what arrives so much is kept as it came. */
const RAW_KEPT_MAX = 262_144;

export class Peer implements SocketHandler {
  readonly hop: "client" | "origin";
  readonly log: MessageLog;
  /** All that has arrived, up to a limit. */
  raw = "";
  receivedBytes = 0;
  /** How the proxy ended its side; it has not: undefined. */
  ended: CloseManner | undefined;
  /** The proxy has reset it, perhaps after it closed its side. */
  wasReset = false;
  private isGone = false;
  private readonly socket: Socket;
  private readonly transcript: Transcript;
  private readonly onChange: () => void;

  constructor(hop: "client" | "origin", socket: Socket, transcript: Transcript, onChange: () => void) {
    this.hop = hop;
    this.socket = socket;
    this.transcript = transcript;
    this.onChange = onChange;
    this.log = new MessageLog(hop === "origin" ? "requests" : "responses");
    socket.handler = this;
  }

  get evidence(): Evidence {
    return { ...this.transcript.evidence, hop: this.hop };
  }

  get remoteAddress(): string {
    return this.socket.remoteAddress;
  }

  /** Responses, or requests, that have come whole. */
  get whole(): readonly Message[] {
    return this.log.messages.filter(({ isComplete }) => isComplete);
  }

  /** Nothing has ended it, on either side. */
  get isOpen(): boolean {
    return this.ended === undefined && !this.isGone;
  }

  /** @param method of the request that this begins, if it does */
  send(text: string, method?: string): void {
    if (method !== undefined) this.log.expect(method);
    this.transcript.sent(text);
    if (!this.isGone) this.socket.write(text);
  }

  /** Bytes whose content does not matter. */
  sendFilling(bytes: number): void {
    this.transcript.sentBytes(bytes, "body");
    if (!this.isGone) this.socket.write("x".repeat(bytes));
  }

  note(text: string): void {
    this.transcript.note(text);
  }

  /** Closes our sending side, and goes on reading. */
  finish(): void {
    this.transcript.note("we close our side (FIN)");
    if (!this.isGone) this.socket.end();
  }

  /** Ends both sides at once: what comes later finds nobody. */
  vanish(): void {
    this.transcript.note("we are gone (FIN, and nobody reads)");
    this.destroy();
  }

  reset(): void {
    this.transcript.note("we reset (RST)");
    if (this.isGone) return;
    this.isGone = true;
    this.socket.reset();
  }

  destroy(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.socket.destroy();
  }

  // What the socket tells.

  onData(octets: Octets): void {
    this.receivedBytes += octets.length;
    if (this.raw.length < RAW_KEPT_MAX) this.raw += octets.latin1Slice();
    const before = this.log.messages.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
    this.log.read(octets, (head) => this.transcript.receivedHead(head));
    const after = this.log.messages.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
    this.transcript.receivedBytes(after - before, "body");
    this.onChange();
  }

  onEnd(isCutOff?: boolean): void {
    this.ends(isCutOff === true ? "cut-off" : "fin");
  }

  onDrain(): void {}

  onClose(fault: string | undefined): void {
    // An alert of TLS is not a reset.
    if (fault !== undefined && isTlsFault(fault)) {
      if (!this.isGone) this.transcript.note(`TLS failed (${fault})`);
      this.ends("cut-off");
      this.isGone = true;
      return this.onChange();
    }
    if (fault !== undefined && !this.isGone) {
      this.wasReset = true;
      if (this.ended !== undefined) this.transcript.note("the proxy resets (RST)");
    }
    if (fault !== undefined) this.ends("rst");
    else if (!this.isGone) this.ends("fin");
    this.isGone = true;
    this.onChange();
  }

  private ends(manner: CloseManner): void {
    if (this.ended === undefined) {
      this.ended = manner;
      this.transcript.note(endNotes[manner]);
      if (manner === "fin") this.log.end();
    }
    this.onChange();
  }
}

const endNotes: Readonly<Record<CloseManner, string>> = {
  fin: "the proxy closes (FIN)",
  rst: "the proxy resets (RST)",
  "cut-off": "the proxy closes without TLS's closure alert",
};
