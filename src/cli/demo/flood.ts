/**
 * A flood of idle clients: many that ask for one thing and then keep their connection, as phones and browsers do.
 *
 * They come at a pace that people can follow, and stay until the proxy closes on them. Deliberately absent: malice; each of them is a
 * good client.
 */
import { connect, type Socket } from "node:net";

/** Twice and a half as many as a gateway of the demonstration takes. */
export const FLOOD_CLIENTS = 250;
const AT_ONCE = 10;
const EVERY_MS = 40;

export class Flood {
  private readonly sockets = new Set<Socket>();
  private timer: NodeJS.Timeout | undefined;
  private left = 0;

  /** How many are connected. */
  get open(): number {
    return this.sockets.size;
  }

  /** So many more come. */
  begin(url: string): void {
    const { hostname, port, host } = new URL(url);
    this.left = FLOOD_CLIENTS;
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      for (let i = 0; i < AT_ONCE && this.left > 0; i++, this.left--) this.comes(hostname, Number(port), host);
      if (this.left === 0) clearInterval(this.timer);
    }, EVERY_MS);
  }

  private comes(hostname: string, port: number, host: string): void {
    const socket = connect(port, hostname);
    this.sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.sockets.delete(socket));
    socket.write(`GET /idle HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    // It reads, and closes when the proxy does.
    socket.resume();
  }

  end(): void {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
  }
}
