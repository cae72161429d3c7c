/**
 * How tunnels in streams of HTTP/2 end, frame by frame and on the origin's connection: END_STREAM is a FIN, and whatever breaks one side off
 * is no end in order on the other, so that nobody takes what has come for everything (law 5).
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame, Http2Stage } from "../test/kit/http2-stage.ts";
import { fieldBlock, flags, framesIn, GREETING, heardOn, types } from "../test/kit/http2-wire.ts";
import { acceptanceOf } from "./http2/web-socket-key.ts";

const [PROTOCOL_ERROR, CANCEL, CONNECT_ERROR] = [1, 8, 10];
const STREAM = 1;
const number = (value: number) => Buffer.from([0, 0, 0, value]);
const data = (text: string, ends = false) =>
  frame(types.data, ends ? flags.endStream : 0, STREAM, Buffer.from(text, "latin1"));
const reset = (code: number) => frame(types.reset, 0, STREAM, number(code));
const turn = () => new Promise((resolve) => setImmediate(resolve));
const until = async (isThere: () => boolean) => {
  while (!isThere()) await turn();
};

type How = "a WebSocket" | "CONNECT";
const WAYS: readonly How[] = ["a WebSocket", "CONNECT"];

/** Both ends of one tunnel, or of what is to become one. */
class Scene {
  readonly stage = new Http2Stage();
  readonly how: How;
  private readonly server: Server;
  private readonly pieces: Buffer[] = [];
  private clientSocket: Socket | undefined;
  private originSocket: Socket | undefined;
  /** The field list that it asked by. */
  asked: Buffer = Buffer.alloc(0);
  /** What the origin has got, behind a request. */
  got = "";
  /** How the origin's connection has ended, as it sees it. */
  ended: "FIN" | "RST" | undefined;

  constructor(how: How) {
    this.how = how;
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.onConnection(socket));
  }

  private onConnection(socket: Socket): void {
    this.originSocket = socket;
    socket.on("data", (piece) => {
      this.got += piece.toString("latin1");
    });
    socket.on("end", () => {
      this.ended ??= "FIN";
    });
    socket.on("error", () => {
      this.ended = "RST";
    });
  }

  get client(): Socket {
    return this.clientSocket as Socket;
  }

  get origin(): Socket {
    return this.originSocket as Socket;
  }

  get heard(): ReturnType<typeof heardOn> {
    return heardOn(STREAM, framesIn(Buffer.concat(this.pieces)));
  }

  /** How the stream has ended, as the client sees it. */
  get streamEnd(): string {
    const { hasEnded, reset: code } = this.heard;
    return [...(hasEnded ? ["END_STREAM"] : []), ...(code === undefined ? [] : [`RST_STREAM ${code}`])].join(", ");
  }

  async ask(options: object, rest: Buffer = Buffer.alloc(0), ends = false): Promise<void> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const authority = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const isGateway = this.how === "a WebSocket";
    if (isGateway) await this.stage.begin({ to: `http://${authority}`, ...options });
    else await this.stage.beginForward(options);
    this.clientSocket = await this.stage.raw();
    this.client.on("data", (piece) => this.pieces.push(piece));
    const protocol = [":protocol", "websocket", ":scheme", "http", ":path", "/"];
    const fields = [":method", "CONNECT", ":authority", authority, ...(isGateway ? protocol : [])];
    this.asked = fieldBlock(fields);
    const head = frame(types.headers, flags.endHeaders | (ends ? flags.endStream : 0), STREAM, this.asked);
    this.client.write(Buffer.concat([GREETING, head, rest]));
  }

  async open(options: object = {}, rest?: Buffer, ends?: boolean): Promise<void> {
    await this.ask(options, rest, ends);
    await until(() => this.originSocket !== undefined);
    if (this.how === "a WebSocket") {
      await until(() => this.got.includes("\r\n\r\n"));
      const key = /^sec-websocket-key: (\S+)/im.exec(this.got)?.[1] ?? "";
      this.got = "";
      this.origin.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptanceOf(key)}\r\n\r\n`,
      );
    }
    await until(() => this.heard.status === 200);
  }

  async end(): Promise<void> {
    this.originSocket?.destroy();
    this.server.close();
    await this.stage.end();
  }
}

describe.each(WAYS)("%s", (how) => {
  const RESET = how === "CONNECT" ? CONNECT_ERROR : CANCEL;
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene(how);
  });
  afterEach(() => scene.end());

  it.each<[what: string, does: (scene: Scene) => unknown]>([
    ["resets the stream", ({ client }) => client.write(reset(CANCEL))],
    ["resets the stream without an error", ({ client }) => client.write(reset(0))],
    ["closes its connection", ({ client }) => client.end()],
    ["resets its connection", ({ client }) => client.resetAndDestroy()],
  ])("whose client %s is reset at the origin, behind what came before", async (_what, does) => {
    await scene.open();
    scene.client.write(data("some"));
    await until(() => scene.got === "some");
    does(scene);
    await until(() => scene.ended !== undefined);
    expect(scene.ended).toBe("RST");
    expect(await scene.stage.ended(1)).toEqual([expect.stringMatching(/ tunnel$/)]);
  });

  it("whose client resets the stream is reset at an origin that takes nothing", async () => {
    await scene.open();
    scene.origin.pause();
    const ended = new Promise<string>((resolve) => {
      scene.stage.proxy?.on("connection-close", (entry) => void (entry.hop === "upstream" && resolve(entry.ended)));
    });
    // Its window lets so much. What an origin sees that is not reading then, behind a reset, depends on its runtime.
    scene.client.write(Buffer.concat([data("x".repeat(16_000)), data("x".repeat(16_000)), reset(CANCEL)]));
    expect([await scene.stage.ended(1), await ended]).toEqual([[expect.stringMatching(/ tunnel$/)], "own-reset"]);
  });

  /** Its client takes nothing, and its origin says more than what lies on the way. */
  async function fill(stream = STREAM): Promise<void> {
    const wide = Buffer.from([0x3f, 0xff, 0xff, 0xff]);
    scene.client.write(Buffer.concat([frame(types.window, 0, 0, wide), frame(types.window, 0, stream, wide)]));
    scene.client.pause();
    scene.origin.write(Buffer.alloc(30_000_000));
    // Nothing goes on any more.
    for (let turns = 0, before = 0; turns < 200; turns++) {
      await turn();
      const now = scene.origin.bytesWritten - scene.origin.writableLength;
      if (now !== before) turns = 0;
      before = now;
    }
  }

  it("whose client resets the stream, and takes nothing of what was written before, is reset at its origin", async () => {
    await scene.open();
    await fill();
    scene.client.write(Buffer.concat([data("x"), reset(CANCEL)]));
    await until(() => scene.ended !== undefined);
    expect(scene.ended).toBe("RST");
  });

  // Of a stream that has ended the runtime tells nothing before its last frame has left.
  it.runIf(how === "CONNECT")(
    "whose end does not leave does not keep the connection of a client that takes nothing",
    async () => {
      await scene.open({ tunnelTimeout: "500ms", bodyTimeout: "500ms", keepAliveTimeout: "500ms" });
      const { origin, client } = scene;
      client.write(frame(types.headers, flags.endHeaders, STREAM + 2, scene.asked));
      await until(() => scene.origin !== origin);
      await fill(STREAM + 2);
      origin.end("last");
      client.write(data("", true));
      expect(await scene.stage.closed(1)).toEqual(["idle-timeout own-fin"]);
    },
  );

  it("whose client sends a second field list is broken off: nothing but bytes belongs there", async () => {
    await scene.open();
    scene.client.write(frame(types.headers, flags.endHeaders | flags.endStream, STREAM, fieldBlock(["x", "y"])));
    await until(() => scene.ended !== undefined && scene.streamEnd !== "");
    expect([scene.ended, scene.streamEnd]).toEqual(["RST", `RST_STREAM ${PROTOCOL_ERROR}`]);
  });

  it("whose origin resets its connection does not end in order", async () => {
    await scene.open();
    scene.origin.write("some");
    await until(() => scene.heard.body === "some");
    scene.origin.resetAndDestroy();
    await until(() => scene.streamEnd !== "");
    await scene.stage.ended(1);
    expect(scene.streamEnd).toBe(`RST_STREAM ${RESET}`);
  });

  it.each<[what: string, options: object, does: (scene: Scene) => unknown]>([
    ["in which nothing passes", { tunnelTimeout: "200ms" }, () => {}],
    ["whose client takes nothing", { tunnelTimeout: "200ms" }, ({ origin }) => origin.write(Buffer.alloc(300_000))],
    [
      "that is half closed, and in which nothing passes",
      { bodyTimeout: "200ms" },
      ({ client }) => client.write(data("", true)),
    ],
    ["that is there when a drain is to be over", {}, ({ stage }) => void stage.proxy?.close({ graceMs: 100 })],
  ])("%s is broken off, and does not end in order", async (what, options, does) => {
    await scene.open(options);
    does(scene);
    await until(() => scene.streamEnd !== "");
    await scene.stage.ended(1);
    expect(scene.streamEnd).toBe(`RST_STREAM ${RESET}`);
    const why = what.includes("drain") ? "drain-deadline" : "tunnel-timeout";
    expect(await scene.stage.upstreamClosed(1)).toEqual([`${why} own-reset`]);
  });

  it.each<[what: string, rest: Buffer, ends: boolean, got: string]>([
    ["with its request", Buffer.alloc(0), true, ""],
    ["before it is there, behind bytes", data("early", true), false, "early"],
  ])("whose client has ended its side %s still hears the origin", async (_what, rest, ends, got) => {
    await scene.open({}, rest, ends);
    await until(() => scene.ended !== undefined);
    expect([scene.ended, scene.got]).toEqual(["FIN", got]);
    scene.origin.end("late");
    await until(() => scene.streamEnd !== "");
    expect([scene.heard.body, scene.streamEnd]).toEqual(["late", "END_STREAM"]);
  });

  it("whose origin has ended its side still hears the client", async () => {
    await scene.open();
    scene.origin.end("last");
    await until(() => scene.streamEnd !== "");
    expect([scene.heard.body, scene.streamEnd]).toEqual(["last", "END_STREAM"]);
    scene.client.write(data("more", true));
    await until(() => scene.ended !== undefined);
    expect([scene.got, scene.ended]).toEqual(["more", "FIN"]);
    expect(await scene.stage.ended(1)).toEqual([expect.stringMatching(/ tunnel$/)]);
  });

  it.each([
    0,
    CANCEL,
  ])("whose origin has ended, and whose client resets with %i, is not in order, either", async (code) => {
    await scene.open();
    scene.origin.end("last");
    await until(() => scene.streamEnd !== "");
    scene.client.write(reset(code));
    await until(() => scene.ended !== undefined);
    expect(scene.ended).toBe("RST");
  });

  it("goes on behind a GOAWAY of its client, and beside a drain", async () => {
    await scene.open({ drainDelay: "10ms" });
    scene.client.write(frame(types.goaway, 0, 0, Buffer.alloc(8)));
    const drained = scene.stage.proxy?.close({ graceMs: 30_000 });
    scene.client.write(data("up"));
    await until(() => scene.got === "up");
    scene.origin.end("down");
    await until(() => scene.streamEnd !== "");
    scene.client.write(data("", true));
    await until(() => scene.ended !== undefined);
    await drained;
    expect([scene.heard.body, scene.streamEnd, scene.ended]).toEqual(["down", "END_STREAM", "FIN"]);
  });
});
