/**
 * Taps between a browser, a proxy and an origin: what passes is noted as steps of a play, and passes unchanged.
 *
 * Only connections that carry something for the origin count: a browser has errands of its own. Deliberately absent:
 * delays; a message leaves and arrives at the instant at which it passes the tap.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Connection, NarratedStep } from "../../src/lab/play.ts";

export interface Passed {
  readonly connections: readonly Connection[];
  readonly steps: readonly NarratedStep[];
}

type Noted = NarratedStep & { readonly connection: string };

export class Taps {
  private readonly origin: string;
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Map<string, Connection>();
  private readonly relevant = new Set<string>();
  private readonly steps: Noted[] = [];

  /** @param origin how requests for it name it: "127.0.0.1:50123" */
  constructor(origin: string) {
    this.origin = origin;
  }

  /** Listens on a port of its own, and relays to `port`. */
  async between(from: string, to: string, port: number): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const id = `${from}-${this.connections.size}`;
      this.connections.set(id, { id, from, to, port: near.remotePort ?? 0 });
      const at_ms = performance.now();
      this.steps.push({ kind: "open", connection: id, at_ms, until_ms: at_ms });
      const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      this.relay(id, from, near, far);
      this.relay(id, to, far, near);
    });
    this.servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  private relay(connection: string, from: string, source: Socket, target: Socket): void {
    this.sockets.add(source);
    source.on("data", (octets: Buffer) => {
      const text = octets.toString("latin1");
      if (text.includes(this.origin)) this.relevant.add(connection);
      const at_ms = performance.now();
      const emphasis = text.split("\r\n").filter((line) => /^(?:proxy-)?connection:|^keep-alive:/i.test(line));
      const title = (text.split("\r\n")[0] ?? "").replace(`http://${this.origin}`, "");
      const sent = { title, octets: text.slice(0, 600), octetCount: octets.length, emphasis };
      this.steps.push({ kind: "message", connection, from, at_ms, until_ms: at_ms, ...sent });
      target.write(octets);
    });
    source.on("end", () => this.closed(connection, from, "FIN", () => target.end()));
    source.on("error", () => this.closed(connection, from, "RST", () => target.destroy()));
    source.on("close", () => this.sockets.delete(source));
  }

  private closed(connection: string, from: string, how: "FIN" | "RST", pass: () => void): void {
    const at_ms = performance.now();
    this.steps.push({ kind: "close", connection, from, at_ms, until_ms: at_ms, how });
    pass();
  }

  passed(): Passed {
    const steps = this.steps.filter(({ connection }) => this.relevant.has(connection));
    return { connections: [...this.connections.values()].filter(({ id }) => this.relevant.has(id)), steps };
  }

  stop(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
