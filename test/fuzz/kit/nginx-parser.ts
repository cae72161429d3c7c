/**
 * How the installed nginx frames the same octets: what it forwards to an origin in this process.
 *
 * Every input has a connection of its own, and is known at the origin by that connection's port. nginx itself ends what
 * waits for more: its timeouts are short, and its close is the end of the reading.
 */
import { connect, createServer, type Server } from "node:net";
import { Directory } from "../../interop/support/directory.ts";
import { listening } from "../../interop/support/listening.ts";
import { type Nginx, startNginx } from "../../interop/support/nginx.ts";

export interface NginxRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

export interface NginxOutcome {
  readonly requests: NginxRequest[];
  /** The status with which nginx itself refused, if it did. */
  refusal: number | undefined;
}

const AT_ONCE = 256;
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

export class NginxReader {
  private readonly origin: Server;
  private readonly nginx: Nginx;
  private readonly outcomes: Map<string, NginxOutcome>;

  private constructor(origin: Server, nginx: Nginx, outcomes: Map<string, NginxOutcome>) {
    this.origin = origin;
    this.nginx = nginx;
    this.outcomes = outcomes;
  }

  static async start(): Promise<NginxReader> {
    const outcomes = new Map<string, NginxOutcome>();
    const origin = startOrigin(outcomes);
    const url = await listening(origin);
    const nginx = await startNginx(
      new Directory(),
      (port) => `  client_header_buffer_size 64k;
  large_client_header_buffers 4 64k;
  client_header_timeout 100ms;
  client_body_timeout 100ms;
  keepalive_timeout 100ms;
  lingering_close off;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass ${url};
      proxy_http_version 1.1;
      proxy_set_header Host $remote_port;
      proxy_request_buffering on;
    }
  }`,
    );
    return new NginxReader(origin, nginx, outcomes);
  }

  async read(texts: readonly string[]): Promise<NginxOutcome[]> {
    const results: NginxOutcome[] = [];
    let next = 0;
    const work = async () => {
      while (next < texts.length) {
        const index = next++;
        results[index] = await this.readOne(texts[index] as string);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return results;
  }

  private readOne(text: string): Promise<NginxOutcome> {
    const outcome: NginxOutcome = { requests: [], refusal: undefined };
    return new Promise((resolve) => {
      let answers = "";
      let name = "";
      const socket = connect(this.nginx.port, "127.0.0.1", () => {
        name = String(socket.localPort);
        this.outcomes.set(name, outcome);
        socket.write(Buffer.from(text, "latin1"));
      });
      socket.on("data", (octets) => {
        answers += octets.toString("latin1");
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        this.outcomes.delete(name);
        // Only nginx answers with anything above 200. HTTP/0.9 is answered without a status: its page names it.
        const refusals = [...answers.matchAll(/(?:HTTP\/1\.1 |<title>)([345][0-9]{2}) /g)];
        const status = refusals.at(-1)?.[1];
        if (status !== undefined) outcome.refusal = Number(status);
        resolve(outcome);
      });
    });
  }

  async stop(): Promise<void> {
    await this.nginx.stop();
    await new Promise<void>((resolve) => this.origin.close(() => resolve()));
  }
}

/** What nginx sends is its own framing: one request a connection, its body always by Content-Length. */
function startOrigin(outcomes: ReadonlyMap<string, NginxOutcome>): Server {
  return createServer((socket) => {
    let all = "";
    socket.on("error", () => {});
    socket.on("data", (octets) => {
      all += octets.toString("latin1");
      const end = all.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = all.slice(0, end + 2);
      // nginx writes the fields of its own before those of the client.
      const length = Number(/\r\nContent-Length: ([0-9]+)\r\n/.exec(head)?.[1] ?? 0);
      const body = all.slice(end + 4);
      if (body.length < length) return;
      const [, method = "", target = ""] = /^(\S+) (.*) HTTP\/1\.1\r\n/.exec(head) ?? [];
      const name = /\r\nHost: ([0-9]+)\r\n/.exec(head)?.[1] ?? "";
      outcomes.get(name)?.requests.push({ method, target, body });
      socket.end(ANSWER);
    });
  });
}
