/**
 * The flaky origins, in a process of their own: four endpoints on bare sockets that do with each request what its target
 * says, close idle connections as their temper is, and are restarted now and then.
 *
 * They check every octet of every request, and count: no POST may arrive twice. Deliberately absent: Node's own server,
 * which would hide what passes.
 */
import { createServer, type Server, type Socket } from "node:net";
import { type Random, randomFrom } from "../interop/support/random.ts";
import { type ReadFraming, type ReadHead, StrictReader } from "../simulation/strict-reader.ts";
import { contentOf } from "./content.ts";
import { type FromOrigins, type Plan, planOf, type Temper, tempers } from "./plan.ts";
import { Tally } from "./tally.ts";

const RESTART_EVERY_MS = [8_000, 25_000] as const;
const DOWN_MS = [100, 700] as const;
const DRIBBLE_BYTES = 2_000;
const DRIBBLE_MS = 15;

const tally = new Tally();
const executions = new Map<string, number>();
let requests = 0;
let postsTwice = 0;

function tell(message: FromOrigins): void {
  process.send?.(message);
}

function violation(what: string): void {
  tell({ type: "violation", what });
}

class Endpoint {
  port = 0;
  readonly temper: Temper;
  private server: Server | undefined;
  private readonly open = new Set<Connection>();
  private readonly random: Random;

  constructor(temper: Temper, random: Random) {
    this.temper = temper;
    this.random = random;
  }

  listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => {
      const connection = new Connection(socket, this.temper);
      this.open.add(connection);
      socket.once("close", () => this.open.delete(connection));
    });
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port: this.port, host: "127.0.0.1", backlog: 1_024 }, () => {
        const address = server.address();
        if (address !== null && typeof address === "object") this.port = address.port;
        resolve();
      });
    });
  }

  scheduleRestart(): void {
    setTimeout(() => void this.restart(), this.random.between(...RESTART_EVERY_MS));
  }

  private async restart(): Promise<void> {
    const began_ms = Date.now();
    const resets = this.random.next() < 0.5;
    tally.add(resets ? "restart, with RST" : "restart, with FIN");
    this.server?.close();
    for (const connection of this.open) connection.cut(resets);
    await new Promise((resolve) => setTimeout(resolve, this.random.between(...DOWN_MS)));
    await this.listen();
    tell({ type: "restart", port: this.port, began_ms, ended_ms: Date.now() });
    this.scheduleRestart();
  }
}

/** One request as it arrives. */
interface Arriving {
  readonly method: string;
  readonly plan: Plan;
  readonly version: string;
  readonly upgrades: boolean;
  body: string;
  /** Answered before it was complete. */
  isAnswered: boolean;
}

class Connection {
  private readonly socket: Socket;
  private readonly temper: Temper;
  private readonly reader: StrictReader;
  private request: Arriving | undefined;
  private idleTimer: NodeJS.Timeout | undefined;
  private isTunnel = false;
  /** FIN would make what has gone out of a response look whole. */
  private endsByClose = false;

  constructor(socket: Socket, temper: Temper) {
    this.socket = socket;
    this.temper = temper;
    this.reader = new StrictReader({
      onHead: (head) => this.onHead(head),
      onBody: (piece) => {
        if (this.request !== undefined) this.request.body += piece;
      },
      onMessageEnd: () => this.onRequest(),
    });
    socket.on("error", () => undefined);
    socket.on("close", () => clearTimeout(this.idleTimer));
    socket.on("data", (octets: Buffer) => this.onData(octets));
    this.idle();
  }

  /** The endpoint is restarted. */
  cut(resets: boolean): void {
    if (resets || this.endsByClose) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  private idle(): void {
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => {
      tally.add("idle connection closed");
      this.socket.destroy();
    }, this.temper.idle_ms);
  }

  private onData(octets: Buffer): void {
    clearTimeout(this.idleTimer);
    if (this.isTunnel) {
      this.echo(octets.toString("latin1"));
      return;
    }
    try {
      this.reader.feed(octets.toString("latin1"));
    } catch (error) {
      violation(`an origin got what is no request: ${(error as Error).message}`);
      this.socket.destroy();
    }
  }

  private onHead({ startLine, fields }: ReadHead): ReadFraming {
    // It may have come together with the end of a request that was answered early, behind which the connection idled.
    clearTimeout(this.idleTimer);
    const [method = "", target = "", version = ""] = startLine.split(" ");
    const value = (name: string) => fields.find(([it]) => it.toLowerCase() === name)?.[1];
    const plan = planOf(target);
    this.request = { method, plan, version, upgrades: value("upgrade") !== undefined, body: "", isAnswered: false };
    requests++;
    const times = (executions.get(plan.id) ?? 0) + 1;
    executions.set(plan.id, times);
    if (times > 1 && method === "POST") {
      postsTwice++;
      violation(`POST ${target} arrived ${times} times`);
    }
    if (times > 2) violation(`${method} ${target} arrived ${times} times`);
    if (value("expect") !== undefined && plan.fault !== "early") this.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (plan.fault === "early") this.respond(this.request, times, "early");
    if (value("transfer-encoding") !== undefined) return { kind: "chunked" };
    return { kind: "length", length: Number(value("content-length") ?? 0) };
  }

  private onRequest(): void {
    const { request } = this;
    this.request = undefined;
    if (request === undefined) return;
    const wanted = contentOf(`request ${request.plan.id}`, request.body.length);
    const verdict = request.body === wanted ? "ok" : "differs";
    if (verdict !== "ok") violation(`the body of ${request.method} ${request.plan.id} differs`);
    if (request.isAnswered) this.idle();
    else if (request.upgrades) this.upgrade(request);
    else this.respond(request, executions.get(request.plan.id) ?? 1, verdict);
  }

  /** A tunnel: echoes, and ends when the client does; or is reset after a while. */
  private upgrade({ plan }: Arriving): void {
    this.isTunnel = true;
    this.socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: soak\r\n\r\n");
    if (plan.fault === "reset-body") {
      tally.add("origin: resets a tunnel");
      setTimeout(() => this.socket.resetAndDestroy(), DRIBBLE_MS);
    }
    const rest = this.reader.takeRest();
    if (rest !== "") this.echo(rest);
  }

  private echo(text: string): void {
    if (!this.socket.write(text, "latin1")) {
      this.socket.pause();
      this.socket.once("drain", () => this.socket.resume());
    }
  }

  private respond(request: Arriving, times: number, verdict: string): void {
    request.isAnswered = true;
    const { plan, method } = request;
    const { socket, temper } = this;
    // What was sent once more, as it may be, is answered this time.
    const fault = times > 1 && plan.fault.endsWith("-before") ? "none" : plan.fault;
    if (fault !== "none") tally.add(`origin: ${fault}`);
    if (fault === "reset-before") return void socket.resetAndDestroy();
    if (fault === "fin-before") return void socket.destroy();
    if (fault === "stall-before") return;
    const content = method === "HEAD" ? "" : contentOf(`response ${plan.id}`, plan.bytes);
    const framing = fault === "early" ? "length" : plan.framing;
    const framed = framing === "chunked" ? inChunks(content) : content;
    const head = this.head(plan, framing, verdict);
    this.endsByClose = framing === "close";
    if (fault === "reset-head" || fault === "fin-head") return this.breakOff(head.slice(0, head.length / 2), fault);
    if (fault === "reset-body" || fault === "fin-body") {
      return this.breakOff(head + framed.slice(0, framed.length / 2), fault);
    }
    if (fault === "stall-body") return void socket.write(head + framed.slice(0, framed.length / 2), "latin1");
    if (fault === "dribble") return void this.dribble(head, framed, framing);
    socket.write(head + framed + (fault === "extra-octets" ? "HTTP/1.1 200 Unasked\r\n\r\n" : ""), "latin1");
    if (framing === "close" || fault === "close-after" || temper.minorVersion === 0) this.finish();
    else if (fault !== "early") this.idle();
  }

  private head(plan: Plan, framing: Plan["framing"], verdict: string): string {
    const { minorVersion, advertised_s } = this.temper;
    const lines = [`HTTP/1.${minorVersion} 200 OK`, `X-Id: ${plan.id}`, `X-Verdict: ${verdict}`];
    if (framing === "length") lines.push(`Content-Length: ${plan.bytes}`);
    else if (framing === "chunked") lines.push("Transfer-Encoding: chunked");
    else lines.push("Connection: close");
    if (advertised_s !== undefined && framing !== "close") {
      lines.push("Connection: keep-alive", `Keep-Alive: timeout=${advertised_s}`);
    }
    return `${lines.join("\r\n")}\r\n\r\n`;
  }

  /** The response is whole, and FIN says so. */
  private finish(): void {
    this.socket.end(() => {
      this.endsByClose = false;
    });
  }

  private breakOff(text: string, fault: string): void {
    this.socket.write(text, "latin1", () => {
      if (fault.startsWith("reset")) this.socket.resetAndDestroy();
      else this.socket.end();
    });
  }

  private async dribble(head: string, framed: string, framing: Plan["framing"]): Promise<void> {
    const { socket } = this;
    socket.write(head, "latin1");
    for (let at = 0; at < framed.length; at += DRIBBLE_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, DRIBBLE_MS));
      if (socket.destroyed) return;
      socket.write(framed.slice(at, at + DRIBBLE_BYTES), "latin1");
    }
    if (framing === "close" || this.temper.minorVersion === 0) this.finish();
    else this.idle();
  }
}

/** Chunks of many sizes. */
function inChunks(content: string): string {
  let text = "";
  let size = 1;
  for (let at = 0; at < content.length; at += size, size = (size * 7 + 13) % 9_973) {
    size = Math.max(1, Math.min(size, content.length - at));
    text += `${size.toString(16)}\r\n${content.slice(at, at + size)}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

const seed = Number(process.argv[2]);
const endpoints = tempers.map((temper, index) => new Endpoint(temper, randomFrom(seed + index)));
for (const endpoint of endpoints) await endpoint.listen();
tell({ type: "listening", ports: endpoints.map(({ port }) => port) });
for (const endpoint of endpoints) endpoint.scheduleRestart();

process.on("message", () => {
  tell({ type: "tally", requests, postsTwice, counts: tally.counts });
  process.disconnect();
  process.exit(0);
});
// The runner is gone.
process.on("disconnect", () => process.exit(0));
