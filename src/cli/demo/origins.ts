/**
 * Five embedded origins with different keep-alive behaviour: what one meets behind a proxy.
 *
 * Those that Node's own server cannot play are played on bare sockets. Deliberately absent: anything that goes beyond
 * this machine.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer, type Server as NetServer, type Socket } from "node:net";

export interface DemoOrigin {
  readonly name: string;
  /** What it does to its connections, in a few words that fit a line of the demonstration. */
  readonly temper: string;
  readonly url: string;
  close(): void;
}

/** One that can be broken, and mended. */
export interface BreakableOrigin extends DemoOrigin {
  readonly isUp: boolean;
  /** How long it lets a connection idle, in milliseconds; it does not: undefined. */
  readonly idle_ms: number | undefined;
  /** Resets its connections, and takes no more. */
  stop(): void;
  /** Listens again, at the same port. */
  start(): Promise<void>;
  /** From each connection's next exchange on. */
  letIdle(idle_ms: number): void;
}

/** How long the silent origin lets a connection idle; it does not say so. */
export const SILENT_IDLE_MS = 2_000;
/** One way to the silent origin, as to another city. In this time a FIN and a request can cross. */
export const SILENT_DISTANCE_MS = 20;
const SLOW_ANSWER_MS = 1_200;
const STREAM_PIECES = 5;
const STREAM_PIECE_MS = 150;

/** How long an origin lets its connections idle; it may be told otherwise. */
interface Patience {
  idle_ms: number | undefined;
}

export function startOrigins(): Promise<BreakableOrigin[]> {
  return Promise.all([node(), silent(), http10(), slow(), stream()]);
}

/** Node's default, which closes a little later than it says. */
function node(): Promise<BreakableOrigin> {
  const patience = { idle_ms: 5_000 };
  const make = httpServer(patience, (_request, response, greeting) => response.end(greeting));
  return listening("node", "keeps idle connections for 5s and says so", patience, make);
}

/** Proxies that reuse what looks open lose requests to this one: its FIN is on the way, and crosses them. */
export function silent(idle_ms = SILENT_IDLE_MS): Promise<BreakableOrigin> {
  const answer = ({ method, target, exchange, connection }: RawRequest) => {
    const body = greetingOf("silent", method, target, connection, exchange);
    return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const patience = { idle_ms };
  const make = rawServer(answer, patience, SILENT_DISTANCE_MS);
  return listening("silent", "40ms away, closes silently after 2s idle", patience, make);
}

function http10(): Promise<BreakableOrigin> {
  const patience = { idle_ms: undefined };
  const make = rawServer(({ method, target, exchange, connection }) => {
    const body = greetingOf("old", method, target, connection, exchange);
    return `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n${body}`;
  }, patience);
  return listening("old", "HTTP/1.0, closes after each response", patience, make);
}

function slow(): Promise<BreakableOrigin> {
  const patience = { idle_ms: 60_000 };
  const make = httpServer(patience, (_request, response, greeting) => {
    setTimeout(() => response.end(greeting), SLOW_ANSWER_MS);
  });
  return listening("slow", "takes 1.2s to answer", patience, make);
}

function stream(): Promise<BreakableOrigin> {
  const patience = { idle_ms: 60_000 };
  const make = httpServer(patience, (_request, response, greeting) => {
    let pieces = 0;
    const timer = setInterval(() => {
      pieces++;
      response.write(`piece ${pieces} of ${STREAM_PIECES}\n`);
      if (pieces < STREAM_PIECES) return;
      clearInterval(timer);
      response.end(greeting);
    }, STREAM_PIECE_MS);
    response.on("close", () => clearInterval(timer));
  });
  return listening("stream", "sends its response in chunks, bit by bit", patience, make);
}

type Answer = (request: IncomingMessage, response: ServerResponse, greeting: string) => void;

function httpServer(patience: Patience, answer: Answer): (name: string) => Server {
  return (name) => {
    const connections = new WeakMap<Socket, { id: number; exchanges: number }>();
    let nextId = 1;
    const server = createHttpServer({ keepAliveTimeout: patience.idle_ms ?? 0 }, (request, response) => {
      const { socket, method = "", url = "" } = request;
      const connection = connections.get(socket) ?? { id: nextId++, exchanges: 0 };
      connections.set(socket, connection);
      connection.exchanges++;
      response.setHeader("Content-Type", "text/plain");
      request.resume();
      request.on("end", () =>
        answer(request, response, greetingOf(name, method, url, connection.id, connection.exchanges)),
      );
    });
    return server;
  };
}

interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly connection: number;
  readonly exchange: number;
}

/**
 * Reads requests with or without `Content-Length`, or chunked; enough for a demonstration, and for nothing else.
 *
 * @param distance_ms that everything takes on its way to the origin, and back; a request that arrives when the origin has
 * closed finds nobody, as on any network
 */
function rawServer(answer: (request: RawRequest) => string, patience: Patience, distance_ms = 0): () => NetServer {
  return () => {
    let nextId = 1;
    const travels = (arrive: () => void) => (distance_ms === 0 ? arrive() : void setTimeout(arrive, distance_ms));
    return createServer((socket) => {
      const connection = nextId++;
      let exchange = 0;
      let text = "";
      let isClosed = false;
      let idleTimer: NodeJS.Timeout | undefined;
      const close = () => {
        isClosed = true;
        clearTimeout(idleTimer);
        travels(() => socket.end());
      };
      const idles = () => {
        clearTimeout(idleTimer);
        if (patience.idle_ms !== undefined) idleTimer = setTimeout(close, patience.idle_ms);
      };
      const take = (data: string) => {
        if (isClosed) return;
        text += data;
        for (let end = requestEnd(text); end > 0; end = requestEnd(text)) {
          const [method = "", target = ""] = text.split(" ", 2);
          text = text.slice(end);
          exchange++;
          const response = answer({ method, target, connection, exchange });
          travels(() => socket.write(response, "latin1"));
        }
        idles();
        if (patience.idle_ms === undefined && exchange > 0) close();
      };
      idles();
      socket.setEncoding("latin1");
      socket.on("error", () => socket.destroy());
      socket.on("close", () => clearTimeout(idleTimer));
      socket.on("data", (data: string) => travels(() => take(data)));
    });
  };
}

/** The position behind the first request in `text`; it is not complete: -1. */
function requestEnd(text: string): number {
  const headEnd = text.indexOf("\r\n\r\n") + 4;
  if (headEnd < 4) return -1;
  const head = text.slice(0, headEnd);
  if (/^transfer-encoding:/im.test(head)) {
    const bodyEnd = text.indexOf("0\r\n\r\n", headEnd);
    return bodyEnd < 0 ? -1 : bodyEnd + 5;
  }
  const end = headEnd + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return text.length < end ? -1 : end;
}

function greetingOf(name: string, method: string, target: string, connection: number, exchange: number): string {
  return `${name}: ${method} ${target} is exchange ${exchange} on connection ${connection} from the proxy\n`;
}

async function listening(
  name: string,
  temper: string,
  patience: Patience,
  make: (name: string) => NetServer,
): Promise<BreakableOrigin> {
  const server = make(name);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
  await listen(0);
  const bound = server.address();
  const port = bound === null || typeof bound === "string" ? 0 : bound.port;
  return {
    ...{ name, temper, url: `http://127.0.0.1:${port}`, close: () => void server.close() },
    get isUp() {
      return server.listening;
    },
    get idle_ms() {
      return patience.idle_ms;
    },
    stop() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
    start: () => (server.listening ? Promise.resolve() : listen(port)),
    letIdle(idle_ms) {
      patience.idle_ms = idle_ms;
      if ("keepAliveTimeout" in server) server.keepAliveTimeout = idle_ms;
    },
  };
}
