/**
 * Two programs that are lenient in different ways: a proxy that believes `Content-Length`, and a server that believes
 * `Transfer-Encoding`. Each alone works with honest messages; together they can be made to disagree about where a request
 * ends.
 *
 * Only for the lab's own scenario of request smuggling. Deliberately absent: robustness of any kind.
 */
import type { Address, Dialer, Socket } from "../../net/ports.ts";

type Framing = "content-length" | "transfer-encoding";

/** The length of the first message in `text` as its reader believes it; not all there: -1. */
function messageEnd(text: string, believes: Framing): number {
  const bodyStart = text.indexOf("\r\n\r\n") + 4;
  if (bodyStart < 4) return -1;
  const head = text.slice(0, bodyStart);
  if (believes === "transfer-encoding" && /^transfer-encoding: *chunked/im.test(head)) {
    let position = bodyStart;
    for (;;) {
      const lineEnd = text.indexOf("\r\n", position);
      if (lineEnd < 0) return -1;
      const size = Number.parseInt(text.slice(position, lineEnd), 16) || 0;
      position = lineEnd + 2 + size + 2;
      if (size === 0) return position <= text.length ? position : -1;
    }
  }
  const end = bodyStart + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return end <= text.length ? end : -1;
}

/** Collects octets, and hands over whole messages. */
function splitter(believes: Framing, onMessage: (text: string) => void): (octets: string) => void {
  let text = "";
  return (octets) => {
    text += octets;
    for (let end = messageEnd(text, believes); end > 0; end = messageEnd(text, believes)) {
      const message = text.slice(0, end);
      text = text.slice(end);
      onMessage(message);
    }
  };
}

/** Relays every client's requests over one connection to the server, and gives each answer to whoever is next in line. */
export class LenientProxy {
  private readonly dialer: Dialer;
  private readonly upstream: Address;
  private server: Socket | undefined;
  private readonly unsent: string[] = [];
  private readonly line: Socket[] = [];

  constructor(dialer: Dialer, upstream: Address) {
    this.dialer = dialer;
    this.upstream = upstream;
  }

  accept(client: Socket): void {
    const read = splitter("content-length", (request) => this.relay(client, request));
    client.handler = {
      onData: (octets) => read(octets.latin1Slice()),
      onEnd: () => client.end(),
      onDrain() {},
      onClose() {},
    };
  }

  private relay(client: Socket, request: string): void {
    this.line.push(client);
    if (this.server !== undefined) {
      this.server.write(request);
      return;
    }
    this.unsent.push(request);
    if (this.unsent.length > 1) return;
    this.dialer.dial(this.upstream, {
      onConnected: (server) => {
        const read = splitter("content-length", (response) => this.line.shift()?.write(response));
        server.handler = {
          onData: (octets) => read(octets.latin1Slice()),
          onEnd: () => server.end(),
          onDrain() {},
          onClose: () => {
            this.server = undefined;
          },
        };
        this.server = server;
        for (const text of this.unsent.splice(0)) server.write(text);
      },
      onFailed: () => client.destroy(),
    });
  }
}

export class LenientServer {
  /** Request lines in the order in which they were executed. */
  readonly executed: string[] = [];

  accept(socket: Socket): void {
    const read = splitter("transfer-encoding", (request) => {
      const [line = ""] = request.split("\r\n", 1);
      this.executed.push(line);
      const isSecret = line.includes("/admin");
      const body = isSecret ? "the administrator's page\n" : `answer to ${line.split(" ")[1]}\n`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    socket.handler = {
      onData: (octets) => read(octets.latin1Slice()),
      onEnd: () => socket.end(),
      onDrain() {},
      onClose() {},
    };
  }
}
