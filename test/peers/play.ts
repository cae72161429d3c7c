/**
 * Plays one case around a proxy that is already running: a raw client, and a raw origin on a port that stays the same.
 *
 * Other people's proxies cannot be asked what they are doing, so this measures with patience where the tests await events:
 * a step that waits in vain is given up after a while, and when all is done both neighbours listen a moment longer.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Observation, OK, type PeerCase, type Reply } from "./case.ts";
import { requestsIn, responsesIn } from "./messages.ts";

export interface Patience {
  /** After this a step has waited in vain. */
  readonly wait_ms: number;
  /** How long both neighbours listen on when all is done. */
  readonly aftermath_ms: number;
}

const usualPatience: Patience = { wait_ms: 2_500, aftermath_ms: 100 };
/** For a machine that is so busy that the usual patience ended before the proxy's turn came. */
export const greatPatience: Patience = { wait_ms: 20_000, aftermath_ms: 3_000 };
const POLL_MS = 4;

interface Connection {
  readonly socket: Socket;
  octets: string;
  /** Requests that have got their reply, or the beginning of it. */
  answered: number;
  /** What the latest of them still gets once all of it is there. */
  owed: string | undefined;
}

export class Origin {
  private readonly server: Server;
  private connections: Connection[] = [];
  private replies: Reply[] = [];

  private constructor() {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.onConnection(socket));
  }

  static async open(): Promise<Origin> {
    const origin = new Origin();
    origin.server.listen(0, "127.0.0.1");
    await once(origin.server, "listening");
    return origin;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  begin(replies: readonly Reply[]): void {
    this.connections = [];
    this.replies = [...replies];
  }

  /** What has arrived on each connection; all are closed. */
  end(): string[] {
    const octets = this.connections.map((connection) => connection.octets);
    for (const { socket } of this.connections) socket.destroy();
    return octets.filter((text) => text !== "");
  }

  close(): void {
    for (const { socket } of this.connections) socket.destroy();
    this.server.close();
  }

  private onConnection(socket: Socket): void {
    const connection: Connection = { socket, octets: "", answered: 0, owed: undefined };
    this.connections.push(connection);
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end());
    socket.on("data", (octets: Buffer) => {
      connection.octets += octets.toString("latin1");
      for (;;) {
        const requests = requestsIn(connection.octets);
        if (connection.owed !== undefined && requests[connection.answered - 1]?.isComplete) {
          socket.write(connection.owed, "latin1");
          connection.owed = undefined;
        }
        const request = requests[connection.answered];
        if (request === undefined) return;
        const reply = this.replies[0] ?? { at: "request", octets: OK, ends: "stays" };
        if (!request.isComplete && reply.at === "request") return;
        this.replies.shift();
        connection.answered++;
        connection.owed = reply.afterwards;
        const isHttp10 = request.line.endsWith("HTTP/1.0");
        const octets = isHttp10 ? (reply.toHttp10 ?? reply.octets) : reply.octets;
        if (reply.isIfExpected !== true || request.fields.has("expect")) answer(socket, { ...reply, octets });
      }
    });
  }
}

function answer(socket: Socket, { after_ms, ...reply }: Reply): void {
  if (after_ms !== undefined) return void setTimeout(answer, after_ms, socket, reply);
  const { octets, ends } = reply;
  if (socket.destroyed) return;
  const end = () => {
    if (ends === "FIN") socket.end();
    else if (ends === "RST") socket.resetAndDestroy();
  };
  if (octets === "") end();
  else socket.write(octets, "latin1", end);
}

export async function play(
  { client, origin: replies = [] }: PeerCase,
  port: number,
  origin: Origin,
  patience = usualPatience,
): Promise<Observation> {
  origin.begin(replies);
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
  let octets = "";
  let ended: Observation["ended"];
  let hung = false;
  socket.on("data", (piece: Buffer) => {
    octets += piece.toString("latin1");
  });
  socket.on("end", () => {
    ended ??= wasReset(socket) ? "RST" : "FIN";
  });
  socket.on("error", () => {
    ended ??= "RST";
  });
  await once(socket, "connect");
  const methods = client.flatMap((step) => (step.does === "sends" ? methodsIn(step.octets) : []));
  const responses = () => responsesIn(octets, methods, ended === "FIN");
  const final = () => responses().filter(({ status }) => status >= 200);
  const until = async (isReached: () => boolean) => {
    const end = performance.now() + patience.wait_ms;
    while (!isReached() && ended === undefined) {
      if (performance.now() > end) {
        hung = true;
        return;
      }
      await pause(POLL_MS);
    }
  };
  for (const step of client) {
    if (hung) break;
    switch (step.does) {
      case "sends":
        if (!socket.destroyed && !socket.writableEnded) socket.write(step.octets, "latin1");
        break;
      case "awaits":
        await until(() => final().filter(({ isComplete }) => isComplete).length >= step.responses);
        break;
      case "awaits-continue":
        await until(() => responses().length > 0);
        break;
      case "half-closes":
        socket.end();
    }
  }
  await pause(patience.aftermath_ms);
  const seen = responses();
  const arrived = origin.end();
  socket.destroy();
  return {
    responses: seen.filter(({ status }) => status >= 200),
    interim: seen.filter(({ status }) => status < 200),
    octets,
    ended,
    hung,
    origin: arrived,
    requests: arrived.flatMap(requestsIn),
  };
}

function methodsIn(octets: string): string[] {
  return [...octets.matchAll(/(?:^|\r?\n)([A-Z]+) \S+ HTTP\/1\.[01]\r?\n/g)].map((match) => match[1] as string);
}

/** The runtime cannot tell a RST that comes together with the last octets from FIN; the system can. */
function wasReset(socket: Socket): boolean {
  const handle = (socket as unknown as { _handle?: { getpeername?: (out: object) => number } | null })._handle;
  return !socket.writableEnded && handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}
