/** An origin to which connections begin with a header of the PROXY protocol: it keeps what came on each, and answers each request. */
import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import { listening } from "../interop/support/listening.ts";

/** A header of either version, in front of what follows; not whole yet: undefined. */
function splitHeader(bytes: Buffer): readonly [header: Buffer, rest: Buffer] | undefined {
  if (bytes[0] === 0x0d) {
    if (bytes.length < 16) return undefined;
    const end = 16 + bytes.readUInt16BE(14);
    return bytes.length < end ? undefined : [bytes.subarray(0, end), bytes.subarray(end)];
  }
  const end = bytes.indexOf("\r\n") + 2;
  return end < 2 ? undefined : [bytes.subarray(0, end), bytes.subarray(end)];
}

export class ProxiedOrigin {
  /** The header of each connection, in hexadecimal digits if it is of version 2; in the order in which they were opened. */
  readonly headers: string[] = [];
  /** Targets that were asked for on each. */
  readonly targets: string[][] = [];
  /** Connections that are open. */
  open = 0;
  private readonly server: Server;
  private readonly tls: TLSSocketOptions | undefined;

  /** @param tls what is spoken behind the header */
  constructor(tls?: TLSSocketOptions) {
    this.tls = tls;
    this.server = createServer((socket) => this.greet(socket));
  }

  async listen(): Promise<string> {
    const url = await listening(this.server);
    return this.tls === undefined ? url : url.replace("http:", "https:");
  }

  close(): void {
    this.server.close();
  }

  private greet(socket: Socket): void {
    this.open++;
    socket.on("error", () => {}).once("close", () => this.open--);
    let bytes = Buffer.alloc(0);
    const onData = (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      const split = splitHeader(bytes);
      if (split === undefined) return;
      const [header, rest] = split;
      socket.off("data", onData);
      this.headers.push(header.toString(header[0] === 0x0d ? "hex" : "latin1"));
      const targets: string[] = [];
      this.targets.push(targets);
      socket.pause();
      socket.unshift(rest);
      const above = this.tls === undefined ? socket : new TLSSocket(socket, { ...this.tls, isServer: true });
      above.on("error", () => {});
      answer(above, targets);
      above.resume();
    };
    socket.on("data", onData);
  }
}

function answer(socket: Socket, targets: string[]): void {
  let head = "";
  socket.on("data", (piece: Buffer) => {
    head += piece.toString("latin1");
    if (!head.endsWith("\r\n\r\n")) return;
    targets.push(head.split(" ")[1] ?? "");
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`);
    head = "";
  });
}
