/**
 * A client's connection on a bare socket, with the strict reader of the simulation, and how it ended.
 */
import { connect, type Socket } from "node:net";
import { type ReadFraming, type ReadHead, StrictReader } from "../simulation/strict-reader.ts";

export interface Response {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Why there is no whole response. `unanswered`: not an octet of it came. */
export type Lost = "truncated" | "unanswered";

interface Awaited {
  readonly isHead: boolean;
  readonly resolve: (outcome: Response | Lost) => void;
}

/**
 * Whether what the runtime calls the end was a RST: it cannot tell one that comes together with the last octets from FIN,
 * but behind a RST the system knows no peer any more.
 */
function isReset(socket: Socket): boolean {
  const handle = (socket as unknown as { _handle?: { getpeername?: (out: object) => number } | null })._handle;
  return !socket.writableEnded && handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}

export class Wire {
  readonly socket: Socket;
  /** How the proxy ended its side; open: undefined. */
  ended: "FIN" | "RST" | undefined;
  /** The latest response said that it is the last one. */
  saysClose = false;
  /** What is no HTTP, or nobody asked for. */
  fault: string | undefined;
  onContinue: (() => void) | undefined;
  private readonly reader: StrictReader;
  private readonly awaited: Awaited[] = [];
  private head: { status: number; fields: Map<string, string> } | undefined;
  private body: string[] = [];
  private onTunnel: ((octets: string) => void) | undefined;
  private readonly whenEnded: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.reader = new StrictReader({
      onHead: (head) => this.onHead(head),
      onBody: (piece) => void this.body.push(piece),
      onMessageEnd: () => this.onMessageEnd(),
    });
    socket.on("data", (octets: Buffer) => this.onData(octets.toString("latin1")));
    this.whenEnded = new Promise((resolve) => {
      const over = (how: "FIN" | "RST") => {
        this.ended ??= how;
        this.onOver();
        resolve();
      };
      socket.on("end", () => over(isReset(socket) ? "RST" : "FIN"));
      socket.on("error", () => over("RST"));
      socket.on("close", () => over("RST"));
    });
  }

  static open(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new Wire(socket));
      });
    });
  }

  /** Whether a request may follow. */
  get isOpen(): boolean {
    return this.ended === undefined && !this.saysClose && !this.socket.destroyed;
  }

  send(octets: string): void {
    if (!this.socket.destroyed && !this.socket.writableEnded) this.socket.write(octets, "latin1");
  }

  /** The next final response. */
  response(isHead: boolean): Promise<Response | Lost> {
    return new Promise((resolve) => {
      this.awaited.push({ isHead, resolve });
      if (this.ended !== undefined) this.onOver();
    });
  }

  /** From now on octets are a tunnel's. */
  tunnel(onOctets: (octets: string) => void): void {
    this.onTunnel = onOctets;
    const rest = this.reader.takeRest();
    if (rest !== "") onOctets(rest);
  }

  /** Resolves when the proxy has ended its side. */
  untilEnded(): Promise<void> {
    return this.whenEnded;
  }

  close(): void {
    this.socket.destroy();
  }

  private onData(text: string): void {
    if (this.onTunnel !== undefined) return this.onTunnel(text);
    try {
      this.reader.feed(text);
    } catch (error) {
      this.fault ??= (error as Error).message;
      this.socket.destroy();
    }
  }

  private onHead({ startLine, fields }: ReadHead): ReadFraming {
    const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(startLine)?.[1]);
    if (Number.isNaN(status)) throw new Error(`not a status line: ${startLine}`);
    const byName = new Map(fields.map(([name, value]) => [name.toLowerCase(), value]));
    const [awaited] = this.awaited;
    if (awaited === undefined) throw new Error(`a response that nobody waits for: ${startLine}`);
    this.head = { status, fields: byName };
    this.body = [];
    if (status === 100) this.onContinue?.();
    if (status === 101) this.reader.stop();
    if (status < 200 || status === 204 || status === 304 || awaited.isHead) return { kind: "none" };
    if (byName.has("transfer-encoding")) return { kind: "chunked" };
    const length = byName.get("content-length");
    return length === undefined ? { kind: "close" } : { kind: "length", length: Number(length) };
  }

  private onMessageEnd(): void {
    const { head } = this;
    this.head = undefined;
    if (head === undefined || (head.status < 200 && head.status !== 101)) return;
    if (head.fields.get("connection")?.toLowerCase() === "close") this.saysClose = true;
    this.awaited.shift()?.resolve({ ...head, body: this.body.join("") });
  }

  private onOver(): void {
    if (this.ended === "FIN" && this.onTunnel === undefined) this.reader.end();
    const hasBegun = this.head !== undefined || this.reader.isInHead === false;
    for (const [index, { resolve }] of this.awaited.splice(0).entries()) {
      resolve(index === 0 && hasBegun ? "truncated" : "unanswered");
    }
  }
}
