/**
 * A proxy that thinks in bytes, not in messages: what an origin sends goes to whichever client is served on that connection just now.
 *
 * So it does what poisoned proxies do, one fault at a time; without a fault each client has a connection to the origin for itself, and
 * nothing can be mixed up. Written in plain text operations; it shares no code with hopwise or the doctor but the socket port.
 */
import type { Address, Dialer, Socket } from "../../src/net/ports.ts";

/**
 * `mixes up`: responses go to clients in the order in which these asked, whichever comes first. `lends what is left`: a connection whose client has gone in the middle goes to the next one. `lends in an
 * upload`: so does one on which a response came before the upload was whole. `answers twice`: it says 504 by itself although the response
 * came. `says a body to HEAD`: of its own making.
 */
export type NaiveFault =
  | "mixes up"
  | "lends what is left"
  | "lends in an upload"
  | "answers twice"
  | "says a body to HEAD";

const LATE = "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n";

/** A connection to the origin, and whom it serves. */
interface Line {
  readonly socket: Socket;
  client: NaiveClient | undefined;
  text: string;
}

export class NaiveProxy {
  readonly fault: NaiveFault | undefined;
  private readonly dialer: Dialer;
  private readonly origin: () => Address;
  private readonly idle: Line[] = [];
  /** Who has asked and is not answered, in order. */
  readonly waiting: NaiveClient[] = [];

  constructor(dialer: Dialer, origin: () => Address, fault?: NaiveFault) {
    this.dialer = dialer;
    this.origin = origin;
    this.fault = fault;
  }

  accept(socket: Socket): void {
    new NaiveClient(this, socket);
  }

  lineFor(client: NaiveClient, onReady: (line: Line) => void): void {
    const serve = (line: Line) => {
      line.client = client;
      onReady(line);
    };
    const idle = this.idle.pop();
    if (idle !== undefined) return serve(idle);
    this.dial(serve);
  }

  giveBack(line: Line): void {
    line.client = undefined;
    this.idle.push(line);
  }

  private dial(onReady: (line: Line) => void): void {
    this.dialer.dial(this.origin(), {
      onConnected: (socket) => {
        const line: Line = { socket, client: undefined, text: "" };
        socket.handler = {
          onData: (octets) => this.onOrigin(line, octets.latin1Slice()),
          onEnd: () => this.lost(line),
          onDrain() {},
          onClose: () => this.lost(line),
        };
        onReady(line);
      },
      onFailed: () => {},
    });
  }

  private lost(line: Line): void {
    const index = this.idle.indexOf(line);
    if (index >= 0) this.idle.splice(index, 1);
    line.client?.socket.destroy();
    line.socket.destroy();
  }

  private onOrigin(line: Line, text: string): void {
    if (this.fault === "mixes up") return this.inOrder(line, text);
    line.client?.onResponse(text);
  }

  /** Whole responses go to those who asked, in the order in which they did. */
  private inOrder(line: Line, text: string): void {
    line.text += text;
    for (;;) {
      const head = line.text.indexOf("\r\n\r\n");
      const length = Number(/content-length: *(\d+)/i.exec(line.text.slice(0, head))?.[1] ?? 0);
      const end = head + 4 + length;
      if (head < 0 || line.text.length < end) return;
      this.waiting.shift()?.socket.write(line.text.slice(0, end));
      line.text = line.text.slice(end);
    }
  }
}

class NaiveClient {
  readonly socket: Socket;
  private readonly proxy: NaiveProxy;
  private line: Line | undefined;
  private before = "";
  /** Of the upload that is under way, how much is still to come. */
  private rest = 0;
  private response = "";
  private isHead = false;

  constructor(proxy: NaiveProxy, socket: Socket) {
    this.proxy = proxy;
    this.socket = socket;
    socket.handler = {
      onData: (octets) => this.onRequest(octets.latin1Slice()),
      onEnd: () => this.onGone(),
      onDrain() {},
      onClose: () => this.onGone(),
    };
  }

  private onRequest(text: string): void {
    const head = text.indexOf("\r\n\r\n");
    if (this.rest === 0 && head >= 0) {
      this.response = "";
      this.isHead = text.startsWith("HEAD ");
      this.rest = Number(/content-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0) - (text.length - head - 4);
    } else this.rest = Math.max(0, this.rest - text.length);
    if (this.line !== undefined) return this.pass(text);
    this.before += text;
    if (this.before !== text) return;
    this.proxy.lineFor(this, (line) => {
      this.line = line;
      this.pass(this.before);
      this.before = "";
    });
  }

  private pass(text: string): void {
    const { line, proxy } = this;
    if (line === undefined) return;
    if (proxy.fault === "mixes up" && text.includes("\r\n\r\n")) proxy.waiting.push(this);
    line.socket.write(text);
    // What belongs to an upload goes where it began, wherever that is by now.
    if (this.rest === 0 && this.isLent) this.line = undefined;
  }

  private isLent = false;

  onResponse(text: string): void {
    const { fault } = this.proxy;
    if (this.isHead && fault === "says a body to HEAD" && text.startsWith("HTTP/1.")) {
      this.socket.write(`${text}hello`);
    } else this.socket.write(text);
    this.response += text;
    if (fault === "answers twice" && this.isWhole) this.socket.write(LATE);
    if (fault !== "lends in an upload" || this.rest === 0 || !this.isWhole || this.line === undefined) return;
    this.isLent = true;
    this.proxy.giveBack(this.line);
  }

  private get isWhole(): boolean {
    const head = this.response.indexOf("\r\n\r\n");
    const length = Number(/content-length: *(\d+)/i.exec(this.response.slice(0, head))?.[1] ?? 0);
    return head >= 0 && this.response.length >= head + 4 + length;
  }

  private onGone(): void {
    const { line, proxy } = this;
    this.line = undefined;
    this.socket.destroy();
    if (line === undefined || line.client !== this) return;
    if (proxy.fault === "lends what is left") proxy.giveBack(line);
    else line.socket.destroy();
  }
}
