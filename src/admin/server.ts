/**
 * The operator's window: a small HTTP server apart from the traffic.
 *
 * It is Node's own, so that whatever is wrong with the proxy, this still answers. Its failure never harms the proxy: a
 * fault of its own becomes a 500, or the end of that connection. Deliberately absent: bodies of requests, but for the token that a
 * browser sends once.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { HopwiseError } from "../config/error.ts";
import { listenError } from "../config/listen-error.ts";
import type { AdminAddress } from "../config/schema.ts";
import { formatAuthority } from "../config/values.ts";
import type { FigureSource } from "../ledger/figures.ts";
import type { WindowSource } from "../ledger/window.ts";
import { nodeClock } from "../net/node-clock.ts";
import {
  type AdminAnswer,
  type AdminFigures,
  type AdminOperator,
  type AdminRequest,
  adminAnswer,
  LOGIN,
  problem,
} from "./answers.ts";
import { rowPages, type SharedWindow } from "./api.ts";
import { pathOf } from "./asking.ts";
import { type Dashboard, readDashboard } from "./dashboard-files.ts";
import { EventStream } from "./event-stream.ts";
import { Readers } from "./readers.ts";
import type { AdminToken } from "./token.ts";
import { Turns, UnreadAnswers } from "./turns.ts";

/** Operators, scrapers and probes: many more are a mistake somewhere. Who asked longest ago gives way to a newcomer. */
const CONNECTIONS_MAX = 100;
/** Of one connection at once: nobody needs to pipeline here, and each answer would wait in memory. */
const REQUESTS_AT_ONCE_MAX = 8;
/** For a whole request: there are no bodies worth waiting for. */
const REQUEST_TIMEOUT_MS = 10_000;
/** What is made anew for each who asks, and may be large. */
const costly: ReadonlySet<string> = new Set(["/stats", "/metrics", "/config", ...Object.keys(rowPages)]);
/** Streams of events at once; each may have 256 KiB to wait for its reader (event-stream.ts). */
export const STREAMS_MAX = 32;
/** Of the one form there is. */
const FORM_BYTES_MAX = 4 * 1024;
/** For the answers that are under way when it goes elsewhere. */
const LEAVE_MS = 1_000;
/** How late that may be noticed. */
const TIMEOUT_CHECK_MS = 1_000;

/** Who may read, and how much. */
export interface Reading {
  /** What those who read must know; absent: anyone may read who gets here. */
  readonly token?: AdminToken | undefined;
  readonly showsQueries?: boolean;
}

/** What there is beside figures. */
export interface AdminParts {
  readonly operator?: AdminOperator;
  readonly window?: WindowSource | SharedWindow;
  readonly reading?: Reading;
  /** Default: as it was built. */
  readonly dashboard?: Promise<Dashboard | undefined>;
  /** Of answers that nobody reads. Default: 64 MiB. */
  readonly unreadBytesMax?: number;
}

export class AdminServer {
  readonly url: string;
  /** Where it listens, with the real address and port. */
  readonly address: { readonly host: string; readonly port: number };
  /** It listens on another port than usual, because that one was taken. */
  readonly isElsewhere: boolean;
  private readonly server: Server;
  private readonly rules: Rules;

  private constructor(server: Server, address: AdminAddress, isElsewhere: boolean, rules: Rules) {
    this.server = server;
    this.isElsewhere = isElsewhere;
    this.rules = rules;
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
  static async listen(address: AdminAddress, source: FigureSource, more: AdminParts = {}): Promise<AdminServer> {
    const { operator, window, reading = {}, dashboard = readDashboard(), unreadBytesMax } = more;
    const view = { showsQueries: reading.showsQueries === true };
    const events = window && new EventStream(window, nodeClock, view);
    const rules: Rules = { view, events, streams: new Set(), readers: new Readers(nodeClock, reading.token) };
    const figures: AdminFigures = {
      ...{ source, host: address.host, operator, dashboard, view, readers: rules.readers },
      window: window && events && { source: window, events },
    };
    try {
      return new AdminServer(
        await listening(figures, address.port, rules.streams, unreadBytesMax),
        address,
        false,
        rules,
      );
    } catch (error) {
      const fault = listenError(error, address, "admin");
      if (address.isAsked || fault.code !== "address-in-use") throw fault;
    }
    try {
      return new AdminServer(await listening(figures, 0, rules.streams, unreadBytesMax), address, true, rules);
    } catch (error) {
      throw listenError(error, address, "admin");
    }
  }

  /** From now on these may read, and so much. */
  readAs({ token, showsQueries = false }: Reading): void {
    const { readers, view, events, streams } = this.rules;
    // A token is replaced when others know it: what they watch with it ends, too. Dashboards come back by themselves.
    if (readers.replaceToken(token)) for (const stream of streams) stream.destroy();
    if (view.showsQueries === showsQueries) return;
    view.showsQueries = showsQueries;
    events?.forgetKept();
  }

  /** Stops listening; what is being answered still is, which may be why it stops. */
  leave(): void {
    this.server.close();
    setTimeout(() => this.server.closeAllConnections(), LEAVE_MS).unref();
  }

  /** Stops at once; figures are no business that needs to be finished. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** What may be otherwise after a reload. */
interface Rules {
  readonly readers: Readers;
  readonly view: { showsQueries: boolean };
  readonly events: EventStream | undefined;
  readonly streams: Streams;
}

/** Streams of events that are open. */
type Streams = Set<ServerResponse>;

/** What all requests share. */
interface Room {
  readonly streams: Streams;
  readonly turns: Turns;
  readonly unread: UnreadAnswers;
}

function listening(
  figures: AdminFigures,
  port: number,
  streams: Streams,
  unreadBytesMax: number | undefined,
): Promise<Server> {
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
  const clients = new Clients();
  const room: Room = { streams, turns: new Turns(), unread: new UnreadAnswers(unreadBytesMax) };
  server.on("connection", (socket) => clients.note(socket, 0));
  server.on("request", (request, response) => {
    if (clients.noteRequest(request.socket, response)) void respond(request, response, figures, room);
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

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  figures: AdminFigures,
  { streams, turns, unread }: Room,
): Promise<void> {
  const { method = "GET", url = "/", socket } = request;
  const cookieName = `hopwise-read-${socket.localPort}`;
  response.on("error", () => {});
  let answer: AdminAnswer;
  const isCostly = costly.has(pathOf(url));
  if (isCostly) await turns.next();
  // Who asked for it may have left by then.
  if (response.destroyed) return;
  try {
    const asked = await askedOf(request);
    answer =
      asked === undefined
        ? problem(413, "form-too-large", "A token is shorter than this.")
        : isCostly && unread.areTooMany
          ? busy(
              "answers-unread",
              "Answers wait that nobody reads, and no more are made: read those, or close their connections.",
            )
          : await adminAnswer(asked, { ...figures, cookieName });
  } catch (error) {
    answer = problem(500, "internal", error instanceof HopwiseError ? error.message : "The figures cannot be shown.");
  }
  if (answer.stream !== undefined && streams.size >= STREAMS_MAX) {
    const detail = `${STREAMS_MAX} streams are open, and no more are served at once: close a dashboard that nobody looks at.`;
    answer = busy("streams-max", detail);
  }
  // Nothing tells of its end again.
  if (response.destroyed) return;
  const { status, contentType, body, bytes = body, allow, stream, headers = {} } = answer;
  response.writeHead(status, {
    "Content-Type": contentType,
    ...(stream === undefined ? { "Content-Length": Buffer.byteLength(bytes) } : {}),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    // No page shows this, or has it at hand: neither in a frame nor as an image or script of its own, nor as a window.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    ...headers,
    ...(allow === undefined ? {} : { Allow: allow }),
    // Whatever body was sent along is not read.
    ...(method === "GET" || method === "HEAD" ? {} : { Connection: "close" }),
    ...(status === 401 ? { "WWW-Authenticate": 'Bearer realm="hopwise admin"' } : {}),
  });
  if (stream === undefined) {
    response.end(method === "HEAD" ? undefined : bytes);
    return unread.note(response, Buffer.byteLength(bytes));
  }
  streams.add(response);
  const leave = stream(response);
  response.once("close", () => {
    streams.delete(response);
    leave();
  });
}

function busy(reason: string, detail: string): AdminAnswer {
  return { ...problem(503, reason, detail), headers: { "Retry-After": "5" } };
}

/** What a request says; it sends more than a form has, or breaks off: undefined. */
async function askedOf(request: IncomingMessage): Promise<AdminRequest | undefined> {
  const { method = "GET", url: target = "/", rawHeaders, headers, socket } = request;
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host");
  const { origin, authorization, cookie, accept } = headers;
  const fields = headers as Record<string, string | undefined>;
  const body = method === "POST" && pathOf(target) === LOGIN ? await formOf(request) : "";
  if (body === undefined) return undefined;
  return {
    ...{ method, target, hosts, authorization, cookie, accept, origin, body, client: socket.remoteAddress },
    fetchSite: fields["sec-fetch-site"],
    fetchMode: fields["sec-fetch-mode"],
    fetchDest: fields["sec-fetch-dest"],
    lastEventId: fields["last-event-id"],
  };
}

async function formOf(request: IncomingMessage): Promise<string | undefined> {
  let form = "";
  try {
    for await (const piece of request.setEncoding("latin1")) {
      form += piece;
      if (form.length > FORM_BYTES_MAX) return undefined;
    }
    return form;
  } catch {
    return undefined;
  }
}
