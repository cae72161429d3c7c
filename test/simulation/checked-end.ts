/** An origin's end of a health check's connection: it reads the one request, and answers as the world has it. */
import type { SocketHandler } from "../../src/net/ports.ts";
import type { SimSocket } from "../../src/net/simulated/socket.ts";
import type { Octets } from "../../src/wire/octets.ts";
import type { CheckAct } from "./care-world.ts";
import { fail } from "./failure.ts";
import type { Link } from "./network.ts";

/** More than is read of one. */
export const LONG_CHECK_BYTES = 66_000;

const OK = "HTTP/1.1 200 OK\r\n";
const answers: Readonly<Partial<Record<CheckAct, string>>> = {
  pass: `${OK}Content-Length: 2\r\n\r\nok`,
  status: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
  malformed: `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`,
  long: `${OK}Content-Length: 10000000\r\n\r\n${"x".repeat(LONG_CHECK_BYTES)}`,
};

export class CheckedEnd implements SocketHandler {
  private readonly link: Link;
  private readonly socket: SimSocket;
  private readonly host: string;
  private readonly act: CheckAct;
  private text = "";

  constructor(link: Link, host: string, act: CheckAct) {
    this.link = link;
    this.socket = link.peerEnd;
    this.host = host;
    this.act = act;
    this.socket.handler = this;
  }

  onData(octets: Octets): void {
    this.text += octets.latin1Slice();
    const expected = `GET /healthz HTTP/1.1\r\nHost: ${this.host}\r\nUser-Agent: hopwise\r\nConnection: close\r\n\r\n`;
    if (!expected.startsWith(this.text)) fail("unambiguous-request", `a check on ${this.link.name} says ${this.text}`);
    if (this.text !== expected || this.act === "silence") return;
    const answer = answers[this.act];
    if (answer !== undefined) this.socket.write(answer);
    if (this.act === "close") this.socket.end();
  }

  onEnd(): void {
    this.socket.destroy();
  }

  onDrain(): void {}
  onClose(): void {}
}
