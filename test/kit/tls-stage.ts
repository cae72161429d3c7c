/**
 * A proxy whose clients come over TLS, in front of an origin that answers with what it was asked; and such clients.
 *
 * Deliberately absent: judgement, and other programs as clients (test/interop/tls-listener.test.ts).
 */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import {
  type ConnectionEntry,
  createProxy,
  type ExchangeEntry,
  type HopwiseProxy,
  type ProxyOptions,
} from "../../src/index.ts";
import { listening } from "../interop/support/listening.ts";
import { authority, CertificateFolder, certificateFor } from "./certificates.ts";

export class TlsStage {
  readonly folder = new CertificateFolder();
  readonly exchanges: ExchangeEntry[] = [];
  readonly closes: ConnectionEntry[] = [];
  proxy: HopwiseProxy | undefined;
  port = 0;
  /** Of the last listener. */
  redirectPort = 0;
  private readonly origin: Server = createServer((socket) => {
    let head = "";
    socket
      .on("error", () => {})
      .on("data", (octets) => {
        head += octets.toString("latin1");
        if (!head.includes("\r\n\r\n")) return;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`);
        head = "";
      });
  });

  /** @param options default: one certificate, for `localhost` and `127.0.0.1` */
  async begin(options: Partial<ProxyOptions> = {}): Promise<void> {
    const { cert: tlsCert, key: tlsKey } = this.folder.write("site", certificateFor(["localhost", "127.0.0.1"]));
    const to = await listening(this.origin);
    this.proxy = createProxy({ to, listen: 0, tlsCert, tlsKey, ...options });
    this.proxy.on("exchange", (entry) => this.exchanges.push(entry));
    this.proxy.on("connection-close", (entry) => void (entry.hop === "downstream" && this.closes.push(entry)));
    const { port, listeners } = await this.proxy.listen();
    this.port = port;
    this.redirectPort = listeners.at(-1)?.port ?? 0;
  }

  async end(): Promise<void> {
    await this.proxy?.close({ graceMs: 0 });
    this.origin.close();
    this.folder.remove();
  }

  /** A client whose handshake is over. */
  async connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const client = this.open(options);
    const secured = once(client, "secureConnect");
    // What becomes of it behind that shows where it is read from.
    client.on("error", () => undefined);
    await secured;
    return client;
  }

  /** A client whose handshake may fail. */
  open(options: ConnectionOptions = {}): TLSSocket {
    const { port } = this;
    return connect({ port, host: "127.0.0.1", servername: "localhost", ca: authority.cert, ...options });
  }

  /** What the last request of a connection, and the only one, is answered. */
  async ask(client: TLSSocket, ...lines: readonly string[]): Promise<string> {
    client.write(`${["GET / HTTP/1.1", "Host: localhost", "Connection: close", ...lines].join("\r\n")}\r\n\r\n`);
    return await text(client);
  }

  /** Why connections of clients have closed, once there are so many. */
  async closed(count: number): Promise<string[]> {
    while (this.closes.length < count)
      await new Promise<void>((resolve) => this.proxy?.once("connection-close", () => resolve()));
    return this.closes.map(({ closed }) => closed);
  }
}
