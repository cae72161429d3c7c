/**
 * Collects what goes out on one socket while one event is handled, so that it leaves in one write.
 *
 * Small pieces are joined into one string; others the socket gathers into one write. Deliberately absent: keeping
 * anything between events.
 */
import type { Octets } from "../wire/octets.ts";
import type { Socket } from "./ports.ts";

/** Up to here everything is joined into one latin1 string; beyond, the socket joins or gathers it for less. */
const JOINED_BYTES_MAX = 512;

export class Outbox {
  /** Octets of body and framing collected, for counting. */
  private size = 0;
  private text = "";
  private pieces: (string | Octets)[] = [];

  get isEmpty(): boolean {
    return this.size === 0;
  }

  addText(text: string): void {
    this.text += text;
    this.size += text.length;
  }

  addOctets(octets: Octets): void {
    if (this.text !== "") {
      this.pieces.push(this.text);
      this.text = "";
    }
    this.pieces.push(octets);
    this.size += octets.length;
  }

  /** Writes everything. False: the socket asks to wait for its drain. */
  flush(socket: Socket): boolean {
    if (this.size === 0) return true;
    const { pieces, text, size } = this;
    this.size = 0;
    this.text = "";
    if (pieces.length === 0) return socket.write(text);
    this.pieces = [];
    if (size <= JOINED_BYTES_MAX) {
      let joined = "";
      for (const piece of pieces) joined += typeof piece === "string" ? piece : piece.latin1Slice();
      return socket.write(joined + text);
    }
    if (pieces.length === 1 && text === "") return socket.write(pieces[0] as Octets);
    let mayGoOn = true;
    socket.cork();
    for (const piece of pieces) mayGoOn = socket.write(piece);
    if (text !== "") mayGoOn = socket.write(text);
    socket.uncork();
    return mayGoOn;
  }

  /** Forgets what was collected. */
  clear(): void {
    this.size = 0;
    this.text = "";
    this.pieces = [];
  }
}
