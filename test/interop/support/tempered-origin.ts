/**
 * An origin on bare sockets whose idle timeout is exact, and which may say something else about it, or nothing.
 *
 * It counts what it executes: each request carries an id in its target, and no POST may be executed twice. Deliberately
 * absent: chunked requests; its clients send lengths.
 */
import { createServer, type Server, type Socket } from "node:net";
import { listening } from "./listening.ts";

export interface Temper {
  /** How long a connection may idle; then it is closed. None: for ever. */
  readonly idleTimeout_ms?: number;
  /** The seconds it advertises in `Keep-Alive: timeout`. None: it says nothing. */
  readonly advertised_s?: number;
  /** How long a request takes. */
  readonly work_ms?: number;
  /** Closes a connection without a word right after this many responses, or a moment later and deaf meanwhile, for the first few. */
  readonly abrupt?: { readonly connections: number; readonly afterResponses: number; readonly delay_ms?: number };
}

export class TemperedOrigin {
  /** How often each request was executed, by its target. */
  readonly executions = new Map<string, number>();
  /** Connections accepted. */
  connections = 0;
  /** Connections that this origin closed because they idled. */
  idleCloses = 0;
  url = "";
  private readonly server: Server;
  private temper: Temper;
  private readonly open = new Set<Socket>();

  constructor(temper: Temper) {
    this.temper = temper;
    this.server = createServer({ noDelay: true }, (socket) => this.serve(socket));
  }

  static async start(temper: Temper): Promise<TemperedOrigin> {
    const origin = new TemperedOrigin(temper);
    origin.url = await listening(origin.server);
    return origin;
  }

  /** It is replaced by another one: what it does with the next connection, and with those that idle. */
  become(temper: Temper): void {
    this.temper = temper;
    this.connections = 0;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.open) socket.destroy();
  }

  private serve(socket: Socket): void {
    const { idleTimeout_ms, advertised_s, work_ms = 0, abrupt } = this.temper;
    const isAbrupt = this.connections++ < (abrupt?.connections ?? 0);
    const terms = advertised_s === undefined ? "" : `Connection: keep-alive\r\nKeep-Alive: timeout=${advertised_s}\r\n`;
    let pending = "";
    let responses = 0;
    let timer: NodeJS.Timeout | undefined;
    const idle = () => {
      if (idleTimeout_ms === undefined) return;
      timer = setTimeout(() => {
        this.idleCloses++;
        socket.destroy();
      }, idleTimeout_ms);
    };
    const respond = (target: string) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n${terms}\r\n${target}`);
      responses++;
      if (!isAbrupt || responses !== abrupt?.afterResponses) idle();
      else if (abrupt.delay_ms === undefined) socket.end();
      else {
        socket.removeAllListeners("data");
        setTimeout(() => socket.destroy(), abrupt.delay_ms);
      }
    };
    this.open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.open.delete(socket);
      clearTimeout(timer);
    });
    socket.on("data", (octets: Buffer) => {
      clearTimeout(timer);
      pending += octets.toString("latin1");
      for (let request = takeRequest(pending); request !== undefined; request = takeRequest(pending)) {
        const { target, end } = request;
        pending = pending.slice(end);
        this.executions.set(target, (this.executions.get(target) ?? 0) + 1);
        if (work_ms === 0) respond(target);
        else setTimeout(respond, work_ms, target);
      }
    });
    idle();
  }
}

/** The whole request at the front of `text`; none yet: undefined. */
function takeRequest(text: string): { target: string; end: number } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const end = headEnd + 4 + Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  if (text.length < end) return undefined;
  return { target: head.split(" ", 2)[1] ?? "", end };
}
