/** Clients beside whom others want to be served: those that take places for nothing, and honest ones that look like them. */
import type { Socket } from "node:net";
import { RawClient } from "../../interop/support/raw-client.ts";
import { pause, until } from "../../interop/support/waiting.ts";
import type { ManyTemperedOrigin } from "./origin.ts";

/** Attackers may send a byte so often; a limit that any byte renews would never end them. */
const DRIP_MS = 400;
const ENDLESS_UPLOAD = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx";
const UPGRADE = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

export interface Neighbour {
  readonly kind: string;
  readonly request: string;
  /** It sends a byte now and then. */
  readonly drips?: boolean;
  /** `never`: it reads nothing of the response; `slowly`: a little now and then. */
  readonly reads?: "never" | "slowly";
}

export const neighbours: readonly Neighbour[] = [
  { kind: "uploads of a byte now and then", request: ENDLESS_UPLOAD, drips: true },
  { kind: "uploads that stop", request: ENDLESS_UPLOAD },
  { kind: "responses that nobody reads", request: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", reads: "never" },
  { kind: "responses that are read slowly", request: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", reads: "slowly" },
  { kind: "requests that the origin does not answer", request: "GET /silent HTTP/1.1\r\nHost: a\r\n\r\n" },
  { kind: "responses of a byte now and then", request: "GET /trickling HTTP/1.1\r\nHost: a\r\n\r\n" },
  { kind: "tunnels in which nothing passes", request: UPGRADE },
];

/** Many clients of one kind. */
export class Crowd {
  private readonly sockets: Socket[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** @param addressOf where each comes from */
  static async gather(
    port: number,
    count: number,
    { request, drips, reads }: Neighbour,
    addressOf: (index: number) => string,
  ): Promise<Crowd> {
    const crowd = new Crowd();
    for (let i = 0; i < count; i++) {
      const { socket } = await RawClient.open(port, addressOf(i));
      if (reads !== undefined) socket.pause();
      socket.write(request);
      crowd.sockets.push(socket);
    }
    if (drips === true) crowd.keepDoing((socket) => socket.write("x"));
    if (reads === "slowly") crowd.keepDoing((socket) => socket.read(64));
    return crowd;
  }

  private keepDoing(act: (socket: Socket) => unknown): void {
    this.timer = setInterval(() => {
      for (const socket of this.sockets) if (socket.writable) act(socket);
    }, DRIP_MS);
  }

  leave(): void {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
  }
}

const UPLOAD_BYTES_PER_S = 2_048;
const UPLOAD_STEP_MS = 250;

/** Where honest clients come from. */
export interface HonestAddresses {
  readonly streams: string;
  readonly tunnels: string;
  readonly uploads: string;
}

/** Honest clients that are slow or silent: event streams, WebSockets, uploads at 2 KiB/s. */
export class Honest {
  private readonly streams: RawClient[] = [];
  private readonly tunnels: RawClient[] = [];
  private readonly uploads: Promise<boolean>[] = [];
  private isLeaving = false;

  static async gather(port: number, each: number, from: HonestAddresses, origin: ManyTemperedOrigin): Promise<Honest> {
    const honest = new Honest();
    for (let i = 0; i < each; i++) {
      const stream = await RawClient.open(port, from.streams);
      stream.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
      honest.streams.push(stream);
      const tunnel = await RawClient.open(port, from.tunnels);
      if ((await tunnel.exchange(UPGRADE)).status !== 101) throw new Error("no tunnel");
      honest.tunnels.push(tunnel);
      honest.uploads.push(honest.upload(await RawClient.open(port, from.uploads)));
    }
    await until("all event streams are open", () => origin.streams.size === each);
    return honest;
  }

  /** Uploads until it is told to end. @returns whether all of it arrived */
  private async upload(client: RawClient): Promise<boolean> {
    const step = "u".repeat((UPLOAD_BYTES_PER_S * UPLOAD_STEP_MS) / 1_000);
    const chunk = `${step.length.toString(16)}\r\n${step}\r\n`;
    client.send(`POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
    let length = 0;
    while (!this.isLeaving && client.ending === undefined) {
      client.send(chunk);
      length += step.length;
      await pause(UPLOAD_STEP_MS);
    }
    const response = client.response().catch(() => undefined);
    client.send("0\r\n\r\n");
    return (await response)?.body.toString() === `got ${length}`;
  }

  /** How many of each are still served. */
  async survivors(origin: ManyTemperedOrigin): Promise<{ streams: number; tunnels: number; uploads: number }> {
    for (const stream of origin.streams) stream.write("data: now\n\n");
    const hasEvent = (client: RawClient) => client.unread.includes("data: now");
    const isDecided = (client: RawClient) => hasEvent(client) || client.ending !== undefined;
    await until("every event stream has its event, or has ended", () => this.streams.every(isDecided));
    for (const tunnel of this.tunnels) if (tunnel.ending === undefined) tunnel.send("echo");
    const hasEcho = (client: RawClient) => client.unread.includes("echo");
    const isTold = (client: RawClient) => hasEcho(client) || client.ending !== undefined;
    await until("every tunnel has its echo, or has ended", () => this.tunnels.every(isTold));
    this.isLeaving = true;
    const uploads = await Promise.all(this.uploads);
    return {
      streams: this.streams.filter(hasEvent).length,
      tunnels: this.tunnels.filter(hasEcho).length,
      uploads: uploads.filter(Boolean).length,
    };
  }

  leave(): void {
    this.isLeaving = true;
    for (const client of [...this.streams, ...this.tunnels]) client.close();
  }
}
