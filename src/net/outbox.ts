/**
 * Collects what goes out on one socket while one event is handled, so that it leaves in one write.
 *
 * Small pieces are joined into one string; large ones are written gathered, uncopied. Deliberately absent: keeping
 * anything between events.
 */
import type { Octets } from "../wire/octets.ts";
import type { Socket } from "./ports.ts";

/** Up to here everything is joined into one latin1 string; beyond, copying costs more than a gathered write. */
const JOINED_BYTES_MAX = 16 * 1024;
/** Up to here octets become text at once: they cost less to copy than to keep as a piece of their own. */
const TEXT_BYTES_MAX = 2 * 1024;

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

  /** Adds what lies from `from` to `to`. */
  addOctets(octets: Octets, from: number, to: number): void {
    const length = to - from;
    this.size += length;
    if (length <= TEXT_BYTES_MAX) {
      this.text += octets.latin1Slice(from, to);
      return;
    }
    if (this.text !== "") {
      this.pieces.push(this.text);
      this.text = "";
    }
    this.pieces.push(length === octets.length ? octets : octets.subarray(from, to));
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
