/**
 * What Node makes of the same octets: its parser (llhttp) in a real `node:http` server and client, over streams in memory.
 *
 * Octets are handed to the stream's listeners directly, so that thousands of inputs share a few turns of the event loop.
 */
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { Duplex } from "node:stream";
import type { FieldPairs } from "./reading.ts";

export interface NodeMessage {
  readonly start: readonly [string, string, number];
  readonly fields: FieldPairs;
  body: string;
  trailers: FieldPairs;
  isComplete: boolean;
}

export interface NodeOutcome {
  readonly messages: NodeMessage[];
  /** The parser's error code. */
  error: string | undefined;
}

/** The end of a connection that Node holds; what Node writes is dropped. */
class MemoryStream extends Duplex {
  outcome: NodeOutcome = { messages: [], error: undefined };

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }

  // What node:http asks of a socket.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function pairs(raw: readonly string[]): FieldPairs {
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) result.push([raw[i] as string, raw[i + 1] as string]);
  return result;
}

function watch(message: IncomingMessage, noted: NodeMessage): void {
  message.on("data", (octets: Buffer) => {
    noted.body += octets.toString("latin1");
  });
  message.on("end", () => {
    noted.isComplete = message.complete;
    noted.trailers = pairs(message.rawTrailers);
  });
  message.on("error", () => {});
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** Node's server: reads requests. */
export class NodeServer {
  private readonly server: Server;

  constructor() {
    this.server = createServer({
      // Our own reader judges Host; here only framing is compared.
      requireHostHeader: false,
      maxHeaderSize: 256 * 1_024,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
    });
    this.server.maxHeadersCount = 0;
    const onRequest = (message: IncomingMessage) => {
      const noted = this.note(message);
      watch(message, noted);
    };
    this.server.on("request", onRequest);
    this.server.on("checkContinue", onRequest);
    this.server.on("checkExpectation", onRequest);
    this.server.on("connect", (message: IncomingMessage) => {
      this.note(message).isComplete = true;
    });
    this.server.on("clientError", (error, stream) => {
      (stream as MemoryStream).outcome.error ??= codeOf(error);
    });
  }

  private note(message: IncomingMessage): NodeMessage {
    const noted: NodeMessage = {
      start: [message.method ?? "", message.url ?? "", message.httpVersionMinor],
      fields: pairs(message.rawHeaders),
      body: "",
      trailers: [],
      isComplete: false,
    };
    (message.socket as unknown as MemoryStream).outcome.messages.push(noted);
    return noted;
  }

  async read(texts: readonly string[]): Promise<NodeOutcome[]> {
    const streams = texts.map((text) => {
      const stream = new MemoryStream();
      stream.on("error", () => {});
      this.server.emit("connection", stream);
      stream.emit("data", Buffer.from(text, "latin1"));
      return stream;
    });
    await nextTurn();
    await nextTurn();
    for (const stream of streams) stream.destroy();
    await nextTurn();
    return streams.map((stream) => stream.outcome);
  }
}

/**
 * Node's client: reads the response to one request.
 *
 * Deliberately absent: responses to CONNECT, each of which Node takes for the beginning of a tunnel.
 */
export async function readResponses(
  cases: readonly { readonly text: string; readonly method: string }[],
): Promise<NodeOutcome[]> {
  const streams = cases.map(({ method }) => {
    const stream = new MemoryStream();
    stream.on("error", () => {});
    const note = (
      message: Pick<IncomingMessage, "statusCode" | "statusMessage" | "httpVersionMinor" | "rawHeaders">,
    ) => {
      const noted: NodeMessage = {
        start: [String(message.statusCode), message.statusMessage ?? "", message.httpVersionMinor],
        fields: pairs(message.rawHeaders),
        body: "",
        trailers: [],
        isComplete: false,
      };
      stream.outcome.messages.push(noted);
      return noted;
    };
    const asking = request({
      createConnection: () => stream as never,
      method,
      path: "/",
      host: "a",
      maxHeaderSize: 256 * 1_024,
    });
    asking.maxHeadersCount = 0;
    asking.on("information", (message) => {
      note(message as never).isComplete = true;
    });
    asking.on("response", (message) => watch(message, note(message)));
    asking.on("upgrade", (message) => {
      note(message).isComplete = true;
    });
    asking.on("error", (error) => {
      stream.outcome.error ??= codeOf(error);
    });
    asking.end();
    return stream;
  });
  await nextTurn();
  for (const [index, { text }] of cases.entries()) streams[index]?.emit("data", Buffer.from(text, "latin1"));
  await nextTurn();
  await nextTurn();
  const outcomes = streams.map(({ outcome }) => ({ messages: [...outcome.messages], error: outcome.error }));
  for (const stream of streams) stream.destroy();
  await nextTurn();
  return outcomes;
}
