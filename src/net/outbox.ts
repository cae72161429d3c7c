/**
 * Collects what goes out on its socket while one event is handled, so that it leaves in one write.
 *
 * Small pieces become one text; where there are others, the socket gathers all into one write. Each socket has its own: what is
 * meant for one peer cannot reach another, whatever goes wrong. Deliberately absent: keeping anything between events.
 */
import type { Octets } from "../wire/octets.ts";
import { TEXT_BYTES_MAX } from "./joining.ts";
import type { Socket } from "./ports.ts";

export class Outbox {
  private text = "";
  private pieces: (string | Octets)[] | undefined;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get isEmpty(): boolean {
    return this.text === "" && this.pieces === undefined;
  }

  addText(text: string): void {
    this.text += text;
  }

  /** Adds what lies from `from` to `to`. */
  addOctets(octets: Octets, from: number, to: number): void {
    const length = to - from;
    if (length <= TEXT_BYTES_MAX) {
      this.text += octets.latin1Slice(from, to);
      return;
    }
    this.pieces ??= [];
    if (this.text !== "") {
      this.pieces.push(this.text);
      this.text = "";
    }
    this.pieces.push(length === octets.length ? octets : octets.subarray(from, to));
  }

  /** Writes everything. False: the socket asks to wait for its drain. */
  flush(): boolean {
    const { socket, pieces, text } = this;
    this.text = "";
    if (pieces === undefined) return text === "" || socket.write(text);
    this.pieces = undefined;
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
    this.text = "";
    this.pieces = undefined;
  }
}
