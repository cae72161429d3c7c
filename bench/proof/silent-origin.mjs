/**
 * An origin some distance away that closes its idle connections without having said when: what most services do behind
 * their defaults, and the commonest cause of a 502 "at random".
 *
 * The distance is made here: what arrives waits for it, what is answered does, and so does the FIN. A request that arrives
 * when the origin has closed finds nobody, as on any network. Deliberately absent: chunked requests; its clients send
 * lengths.
 */
import { createServer } from "node:net";

export class SilentOrigin {
  /** How often each request was executed, by its target. */
  executions = new Map();
  /** Connections accepted. */
  connections = 0;
  /** Those of them that it closed because they idled. */
  idleCloses = 0;
  port = 0;
  #server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  #sockets = new Set();
  #idle_ms;
  #distance_ms;

  constructor({ idle_ms, distance_ms }) {
    this.#idle_ms = idle_ms;
    this.#distance_ms = distance_ms;
  }

  async start() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", 4_096, resolve));
    this.port = this.#server.address().port;
  }

  stop() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket) {
    this.connections++;
    this.#sockets.add(socket);
    const travels = (arrive) => setTimeout(arrive, this.#distance_ms);
    let pending = "";
    let hasClosed = false;
    let timer;
    const idles = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        hasClosed = true;
        this.idleCloses++;
        travels(() => socket.end());
      }, this.#idle_ms);
    };
    const take = (text) => {
      // The origin's system would answer RST; whoever sent it has lost it either way.
      if (hasClosed) return;
      pending += text;
      for (let end = requestEnd(pending); end > 0; end = requestEnd(pending)) {
        const [, target] = pending.split(" ", 2);
        pending = pending.slice(end);
        this.executions.set(target, (this.executions.get(target) ?? 0) + 1);
        travels(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"));
      }
      idles();
    };
    socket.setEncoding("latin1");
    socket.on("data", (text) => travels(() => take(text)));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
  }
}

/** The position behind the first request in `text`; it is not complete: -1. */
function requestEnd(text) {
  const headEnd = text.indexOf("\r\n\r\n") + 4;
  if (headEnd < 4) return -1;
  const end = headEnd + Number(/^content-length: *(\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? 0);
  return text.length < end ? -1 : end;
}
