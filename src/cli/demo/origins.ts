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

/** How long the silent origin lets a connection idle; it does not say so. */
export const SILENT_IDLE_MS = 2_000;
/** One way to the silent origin, as to another city. In this time a FIN and a request can cross. */
export const SILENT_DISTANCE_MS = 20;
const SLOW_ANSWER_MS = 1_200;
const STREAM_PIECES = 5;
const STREAM_PIECE_MS = 150;

export function startOrigins(): Promise<DemoOrigin[]> {
  return Promise.all([node(), silent(), http10(), slow(), stream()]);
}

/** Node's default, which closes a little later than it says. */
function node(): Promise<DemoOrigin> {
  const server = httpServer(5_000, (_request, response, greeting) => response.end(greeting));
  return listening("node", "keeps idle connections for 5s and says so", server);
}

/** Proxies that reuse what looks open lose requests to this one: its FIN is on the way, and crosses them. */
export function silent(idle_ms = SILENT_IDLE_MS): Promise<DemoOrigin> {
  const answer = ({ method, target, exchange, connection }: RawRequest) => {
    const body = greetingOf("silent", method, target, connection, exchange);
    return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const server = rawServer(answer, idle_ms, SILENT_DISTANCE_MS);
  return listening("silent", "40ms away, closes silently after 2s idle", server);
}

function http10(): Promise<DemoOrigin> {
  const server = rawServer(({ method, target, exchange, connection }) => {
    const body = greetingOf("old", method, target, connection, exchange);
    return `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n${body}`;
  }, "closes");
  return listening("old", "HTTP/1.0, closes after each response", server);
}

function slow(): Promise<DemoOrigin> {
  const server = httpServer(60_000, (_request, response, greeting) => {
    setTimeout(() => response.end(greeting), SLOW_ANSWER_MS);
  });
  return listening("slow", "takes 1.2s to answer", server);
}

function stream(): Promise<DemoOrigin> {
  const server = httpServer(60_000, (_request, response, greeting) => {
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
  return listening("stream", "sends its response in chunks, bit by bit", server);
}

type Answer = (request: IncomingMessage, response: ServerResponse, greeting: string) => void;

function httpServer(keepAliveTimeout: number, answer: Answer): (name: string) => Server {
  return (name) => {
    const connections = new WeakMap<Socket, { id: number; exchanges: number }>();
    let nextId = 1;
    const server = createHttpServer({ keepAliveTimeout }, (request, response) => {
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
function rawServer(answer: (request: RawRequest) => string, idle: number | "closes", distance_ms = 0): () => NetServer {
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
        if (idle !== "closes") idleTimer = setTimeout(close, idle);
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
        if (idle === "closes" && exchange > 0) close();
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

function listening(name: string, temper: string, make: (name: string) => NetServer | Server): Promise<DemoOrigin> {
  const server = make(name);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      const port = bound === null || typeof bound === "string" ? 0 : bound.port;
      resolve({ name, temper, url: `http://127.0.0.1:${port}`, close: () => void server.close() });
    });
  });
}
