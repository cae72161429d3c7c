/**
 * The operator's window: a small HTTP server apart from the traffic.
 *
 * It is Node's own, so that whatever is wrong with the proxy, this still answers. Its failure never harms the proxy: a
 * fault of its own becomes a 500, or the end of that connection. Deliberately absent: anything that changes the proxy.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { HopwiseError } from "../config/error.ts";
import { listenError } from "../config/listen-error.ts";
import type { AdminAddress } from "../config/schema.ts";
import { formatAuthority } from "../config/values.ts";
import type { FigureSource } from "../ledger/figures.ts";
import { type AdminAnswer, type AdminFigures, adminAnswer, problem } from "./answers.ts";

/** Operators, scrapers and probes: many more are a mistake somewhere. Who asked longest ago gives way to a newcomer. */
const CONNECTIONS_MAX = 100;
/** Of one connection at once: nobody needs to pipeline here, and each answer would wait in memory. */
const REQUESTS_AT_ONCE_MAX = 8;
/** For a whole request: there are no bodies worth waiting for. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How late that may be noticed. */
const TIMEOUT_CHECK_MS = 1_000;

export class AdminServer {
  readonly url: string;
  /** Where it listens, with the real address and port. */
  readonly address: { readonly host: string; readonly port: number };
  /** It listens on another port than usual, because that one was taken. */
  readonly isElsewhere: boolean;
  private readonly server: Server;

  private constructor(server: Server, address: AdminAddress, isElsewhere: boolean) {
    this.server = server;
    this.isElsewhere = isElsewhere;
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("a TCP listener has an address");
    this.address = { host: bound.address, port: bound.port };
    this.url = `http://${formatAuthority(address.host, bound.port)}`;
  }

  /**
   * Listens. Where the usual address is taken, and was not asked for, any free port will do.
   *
   * @throws HopwiseError when it cannot listen
   */
  static async listen(address: AdminAddress, source: FigureSource): Promise<AdminServer> {
    const figures = { source, host: address.host };
    try {
      return new AdminServer(await listening(figures, address.port), address, false);
    } catch (error) {
      const fault = listenError(error, address, "admin");
      if (address.isAsked || fault.code !== "address-in-use") throw fault;
    }
    try {
      return new AdminServer(await listening(figures, 0), address, true);
    } catch (error) {
      throw listenError(error, address, "admin");
    }
  }

  /** Stops at once; figures are no business that needs to be finished. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function listening(figures: AdminFigures, port: number): Promise<Server> {
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
  const clients = new Clients();
  server.on("connection", (socket) => clients.note(socket, 0));
  server.on("request", (request, response) => {
    if (clients.noteRequest(request.socket, response)) void respond(request, response, figures);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, figures.host, () => {
      server.removeListener("error", reject);
      // Accepting may fail for want of file descriptors; the next attempt is the next scrape.
      server.on("error", () => {});
      // The proxy decides how long the process lives.
      server.unref();
      resolve(server);
    });
  });
}

/** Connections, in the order in which they asked last, and how many answers each is owed. */
class Clients {
  private readonly owed = new Map<Socket, number>();

  /** A connection begins, or asks. */
  note(socket: Socket, owed: number): void {
    if (!this.owed.delete(socket)) socket.once("close", () => this.owed.delete(socket));
    this.owed.set(socket, owed);
    if (this.owed.size <= CONNECTIONS_MAX) return;
    const [longestQuiet] = this.owed.keys();
    longestQuiet?.destroy();
  }

  /** Whether the request is to be answered. Who wants too much at once gets nothing more. */
  noteRequest(socket: Socket, response: ServerResponse): boolean {
    const owed = (this.owed.get(socket) ?? 0) + 1;
    this.note(socket, owed);
    if (owed > REQUESTS_AT_ONCE_MAX) {
      socket.destroy();
      return false;
    }
    response.once("close", () => {
      const left = this.owed.get(socket);
      if (left !== undefined) this.owed.set(socket, left - 1);
    });
    return true;
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, figures: AdminFigures): Promise<void> {
  const { method = "GET", url: target = "/", rawHeaders, headers } = request;
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host");
  let answer: AdminAnswer;
  try {
    const {
      origin,
      "sec-fetch-site": fetchSite,
      "sec-fetch-mode": fetchMode,
    } = headers as Record<string, string | undefined>;
    answer = await adminAnswer({ method, target, hosts, origin, fetchSite, fetchMode }, figures);
  } catch (error) {
    answer = problem(500, "internal", error instanceof HopwiseError ? error.message : "The figures cannot be shown.");
  }
  response.on("error", () => {});
  response.writeHead(answer.status, {
    "Content-Type": answer.contentType,
    "Content-Length": Buffer.byteLength(answer.body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    // No page shows this, or has it at hand: neither in a frame nor as an image or script of its own.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    ...(answer.allow === undefined ? {} : { Allow: answer.allow }),
    // Whatever body was sent along is not read.
    ...(answer.status === 405 ? { Connection: "close" } : {}),
  });
  response.end(method === "HEAD" ? undefined : answer.body);
}
