/**
 * Collects what goes out on one socket while one event is handled, so that it leaves in one write.
 *
 * Small pieces become one text; where there are others, the socket gathers all into one write. Deliberately absent: keeping
 * anything between events.
 */
import type { Octets } from "../wire/octets.ts";
import { TEXT_BYTES_MAX } from "./joining.ts";
import type { Socket } from "./ports.ts";

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
    const { pieces, text } = this;
    this.size = 0;
    this.text = "";
    if (pieces.length === 0) return socket.write(text);
    this.pieces = [];
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
