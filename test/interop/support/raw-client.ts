/**
 * A strict HTTP/1 client on a bare socket: it sees each connection, how it ends, and every octet.
 *
 * It has its own reader of responses, so that a mistake in hopwise's is not repeated here. Deliberately absent: leniency;
 * what it does not understand, and a connection that dies before its response is complete, is an error.
 */
import { connect, type Socket } from "node:net";

export interface RawResponse {
  readonly status: number;
  readonly minorVersion: number;
  /** Field values by lower-case name; repeated ones joined with commas. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How the server ended a connection: in order, or with a reset. */
export type Ending = "fin" | "reset";

export class ConnectionLost extends Error {
  /** Whether any octet of the response had arrived. */
  readonly hadBegun: boolean;

  constructor(message: string, hadBegun: boolean) {
    super(message);
    this.hadBegun = hadBegun;
  }
}

interface Waiting {
  readonly isHead: boolean;
  readonly resolve: (response: RawResponse) => void;
  readonly reject: (error: Error) => void;
}

export class RawClient {
  /** How the server ended the connection; it is open: undefined. */
  ending: Ending | undefined;
  /** Octets received. */
  received = 0;
  /** Settles when the server ends the connection. */
  readonly ended: Promise<Ending>;
  readonly socket: Socket;
  private pending: Buffer = Buffer.alloc(0);
  private waiting: Waiting | undefined;
  private tellEnded: (ending: Ending) => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      this.tellEnded = resolve;
    });
    socket.on("data", (octets: Buffer) => {
      this.received += octets.length;
      this.pending = this.pending.length === 0 ? octets : Buffer.concat([this.pending, octets]);
      this.advance();
    });
    socket.on("end", () => this.onEnded("fin"));
    socket.on("error", () => this.onEnded("reset"));
    socket.on("close", () => this.onEnded("reset"));
  }

  /** @param localAddress where it comes from; Linux has all of 127.0.0.0/8 */
  static open(port: number, localAddress = "127.0.0.1"): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new RawClient(socket));
      });
    });
  }

  send(octets: string | Buffer): void {
    this.socket.write(octets);
  }

  /** The next final response. Only one may be waited for at a time. */
  response(isHead = false): Promise<RawResponse> {
    return new Promise((resolve, reject) => {
      this.waiting = { isHead, resolve, reject };
      this.advance();
    });
  }

  /** Sends a request and waits for its final response. */
  exchange(request: string): Promise<RawResponse> {
    const response = this.response(request.startsWith("HEAD "));
    this.send(request);
    return response;
  }

  /** What arrived and belongs to no response yet, as latin1. */
  get unread(): string {
    return this.pending.toString("latin1");
  }

  close(): void {
    this.socket.destroy();
  }

  private advance(): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    try {
      const parsed = parseResponse(this.pending, waiting.isHead, this.ending === "fin");
      if (parsed === undefined) {
        if (this.ending === undefined) return;
        throw new ConnectionLost(`the connection ended (${this.ending}) in an exchange`, this.pending.length > 0);
      }
      this.pending = this.pending.subarray(parsed.end);
      if (parsed.response.status < 200 && parsed.response.status !== 101) return this.advance();
      this.waiting = undefined;
      waiting.resolve(parsed.response);
    } catch (error) {
      this.waiting = undefined;
      waiting.reject(error as Error);
    }
  }

  private onEnded(ending: Ending): void {
    if (this.ending !== undefined) return;
    this.ending = ending;
    this.advance();
    this.socket.end();
    this.tellEnded(ending);
  }
}

/** One response from the front of `octets`; not complete yet: undefined. */
function parseResponse(
  octets: Buffer,
  isHead: boolean,
  hasEnded: boolean,
): { response: RawResponse; end: number } | undefined {
  const headEnd = octets.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [statusLine = "", ...lines] = octets.toString("latin1", 0, headEnd).split("\r\n");
  const start = /^HTTP\/1\.([01]) (\d{3}) .*$/.exec(statusLine);
  if (start === null) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === "") throw new Error(`not a field line: ${JSON.stringify(line)}`);
    const key = name.toLowerCase();
    fields[key] = fields[key] === undefined ? value : `${fields[key]}, ${value}`;
  }
  const status = Number(start[2]);
  const bodyStart = headEnd + 4;
  const done = (body: Buffer, end: number) => ({
    response: { status, minorVersion: Number(start[1]), fields, body },
    end,
  });
  if (isHead || status < 200 || status === 204 || status === 304) return done(Buffer.alloc(0), bodyStart);
  if (fields["transfer-encoding"] !== undefined) {
    if (fields["transfer-encoding"] !== "chunked") throw new Error("an unknown transfer coding");
    const chunks = parseChunks(octets, bodyStart);
    return chunks && done(chunks.body, chunks.end);
  }
  if (fields["content-length"] !== undefined) {
    const end = bodyStart + Number(fields["content-length"]);
    return octets.length < end ? undefined : done(octets.subarray(bodyStart, end), end);
  }
  return hasEnded ? done(octets.subarray(bodyStart), octets.length) : undefined;
}

function parseChunks(octets: Buffer, from: number): { body: Buffer; end: number } | undefined {
  const pieces: Buffer[] = [];
  for (let position = from; ; ) {
    const lineEnd = octets.indexOf("\r\n", position);
    if (lineEnd < 0) return undefined;
    const line = octets.toString("latin1", position, lineEnd);
    if (!/^[0-9a-fA-F]+(;.*)?$/.test(line)) throw new Error(`not a chunk: ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    position = lineEnd + 2;
    if (size === 0) {
      for (let end = octets.indexOf("\r\n", position); ; end = octets.indexOf("\r\n", position)) {
        if (end < 0) return undefined;
        if (end === position) return { body: Buffer.concat(pieces), end: position + 2 };
        position = end + 2;
      }
    }
    if (octets.length < position + size + 2) return undefined;
    pieces.push(octets.subarray(position, position + size));
    if (octets.toString("latin1", position + size, position + size + 2) !== "\r\n") throw new Error("a chunk overran");
    position += size + 2;
  }
}
