/**
 * Many clients at once, on bare sockets that keep nothing of what they read, and an origin for them.
 *
 * Deliberately absent: any look at what responses say beyond how long they are; others test that.
 */
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";

export const MIB = 1024 * 1024;
const large = Buffer.alloc(MIB, "x");
/** Connections that are being opened at the same time: what the system lets wait for being accepted. */
const OPENING_MAX = 200;

/** `/SIZE` has as many bytes; what is uploaded is read and answered with two. Any upgrade is an echo. */
export function crowdOrigin(): Server {
  const server = createServer({ keepAliveTimeout: 60_000, maxHeaderSize: 64 * 1024 }, (request, response) => {
    request.resume().on("end", () => response.end(large.subarray(0, Number(request.url?.slice(1)))));
  });
  return server.on("upgrade", (_request, socket: Socket) => {
    socket.on("error", () => {}).on("end", () => socket.end());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.on("data", (octets: Buffer) => socket.write(octets));
  });
}

export class CrowdClient {
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  static open(port: number): Promise<CrowdClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new CrowdClient(socket)));
      socket.on("error", reject);
    });
  }

  get(bytes: number): Promise<void> {
    return this.exchange(`GET /${bytes} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }

  getAndClose(bytes: number): Promise<void> {
    return this.exchange(`GET /${bytes} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  }

  post(bytes: number): Promise<void> {
    return this.exchange(`POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`, large.subarray(0, bytes));
  }

  /** @param cookieBytes a browser's cookies, which come with every handshake */
  upgrade(cookieBytes = 1_000): Promise<void> {
    const target = "/rooms/general/socket?session=0123456789abcdef";
    const cookie = `Cookie: ${"c".repeat(cookieBytes)}\r\n`;
    return this.exchange(
      `GET ${target} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${cookie}\r\n`,
    );
  }

  /** A part of a head; resolved when the system has taken it. */
  begin(part: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(part, "latin1", () => resolve()));
  }

  /** @param head a whole one, or the end of one that was begun */
  exchange(head: string, body?: Buffer): Promise<void> {
    const { socket } = this;
    socket.write(head);
    if (body !== undefined) socket.write(body);
    return new Promise((resolve, reject) => {
      let begun = "";
      let missing = Number.POSITIVE_INFINITY;
      const onData = (octets: Buffer) => {
        if (missing === Number.POSITIVE_INFINITY) {
          begun += octets.toString("latin1");
          const end = begun.indexOf("\r\n\r\n");
          if (end < 0) return;
          if (!/^HTTP\/1\.1 (?:200|101) /.test(begun)) return settle(() => reject(new Error(begun.slice(0, end))));
          missing = Number(/^content-length: (\d+)/im.exec(begun)?.[1] ?? 0) - (begun.length - end - 4);
        } else {
          missing -= octets.length;
        }
        if (missing <= 0) settle(resolve);
      };
      const onClose = () => settle(() => reject(new Error(`closed behind ${JSON.stringify(begun.slice(0, 200))}`)));
      const settle = (done: () => void) => {
        socket.off("data", onData).off("close", onClose);
        done();
      };
      socket.on("data", onData).on("close", onClose);
    });
  }
}

/** So many clients that are connected. */
export async function crowd(port: number, count: number): Promise<CrowdClient[]> {
  const clients: CrowdClient[] = [];
  while (clients.length < count) {
    const more = Math.min(OPENING_MAX, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: more }, () => CrowdClient.open(port)))));
  }
  return clients;
}

/** Each of `clients` in turn, so many at the same time. */
export async function inTurn<T>(clients: readonly T[], atOnce: number, does: (client: T) => Promise<void>) {
  const left = [...clients];
  const one = async () => {
    for (let client = left.pop(); client !== undefined; client = left.pop()) await does(client);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
