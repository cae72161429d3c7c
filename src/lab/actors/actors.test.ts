/** The lab's honest actors take the steps of the table (connection/message-states.ts): nothing out of order, nothing on a broken connection. */
import { describe, expect, it } from "vitest";
import { SmallClient } from "../../../test/kit/small-world.ts";
import type { Socket } from "../../net/ports.ts";
import { SimulatedNetwork } from "../../net/simulated/network.ts";
import { Schedule } from "../../net/simulated/schedule.ts";
import { LabClient } from "./client.ts";
import { LabServer, type ServerTemper } from "./server.ts";

const HOST = "127.0.0.1";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class World {
  readonly schedule = new Schedule();
  readonly network = new SimulatedNetwork(this.schedule, {
    latency_ms: 1,
    jitter_ms: 0,
    windowBytes: 32 * 1024,
    highWaterBytes: 16 * 1024,
    readBytesMax: 64 * 1024,
    segmentation: "whole",
    rstHarm: 0,
  });

  pass(ms: number): void {
    const until_ms = this.schedule.now_ms + ms;
    while (this.schedule.step(until_ms));
  }
}

describe("the server", () => {
  const temper: ServerTemper = {
    version: "1.1",
    persists: "by-default",
    timeout_ms: 10_000,
    bodyBytesMax: 10,
    respond: ({ target }) => ({ body: target, delay_ms: target === "/slow" ? 100 : 0 }),
  };

  function answersTo(text: string, then?: (socket: Socket) => void): string[] {
    const world = new World();
    const server = new LabServer(world.network.clock, temper);
    const { port } = world.network.listen((socket) => server.accept(socket)).address;
    let client: SmallClient | undefined;
    world.network.dialer.dial(
      { kind: "tcp", host: HOST, port },
      {
        onConnected: (socket) => {
          client = new SmallClient(socket);
          socket.write(text);
          then?.(socket);
        },
        onFailed: () => undefined,
      },
    );
    world.pass(1_000);
    const lines = client?.received.match(/HTTP\/1.1 \d+|Connection: close/g) ?? [];
    return [...lines, ...(client?.ended === undefined ? [] : [client.ended])];
  }

  const slow = GET.replace("/", "/slow");
  it.each([
    ["a request and its answer", GET, ["HTTP/1.1 200"]],
    ["pipelined requests, in order", slow + GET, ["HTTP/1.1 200", "HTTP/1.1 200"]],
    [
      "a request that cannot be read, behind the answer to the one before",
      `${slow}nonsense\r\n\r\n`,
      ["HTTP/1.1 200", "HTTP/1.1 400", "Connection: close", "FIN"],
    ],
    [
      "a body that is too large, as well",
      `${slow}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n`,
      ["HTTP/1.1 200", "HTTP/1.1 413", "Connection: close", "FIN"],
    ],
    [
      "nothing behind a `Connection: close`",
      GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n") + GET,
      ["HTTP/1.1 200", "Connection: close", "FIN"],
    ],
  ])("%s", (_what, text, answers) => {
    expect(answersTo(text)).toStrictEqual(answers);
  });

  it("answers a client that has closed its side, and closes", () => {
    expect(answersTo(slow, (socket) => socket.end())).toStrictEqual(["HTTP/1.1 200", "Connection: close", "FIN"]);
  });
});

describe("the client", () => {
  async function play(answer: (socket: Socket, request: number) => void) {
    const world = new World();
    let requests = 0;
    let connections = 0;
    const { port } = world.network.listen((socket) => {
      connections++;
      socket.handler = {
        onData: () => answer(socket, ++requests),
        onEnd: () => socket.end(),
        onDrain() {},
        onClose() {},
      };
    }).address;
    const { clock, dialer } = world.network;
    const client = new LabClient(
      { clock, dialer },
      { host: HOST, port, authority: "a", targetPrefix: "" },
      { version: "1.1", fields: [], patience_ms: 500 },
    );
    const endings: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const exchange = client.request("/");
      for (let step = 0; step < 20; step++) {
        world.pass(50);
        await Promise.resolve();
      }
      endings.push((await exchange).ending);
    }
    return { endings, connections };
  }

  const closing = OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
  it.each<[string, (socket: Socket, request: number) => void, { endings: string[]; connections: number }]>([
    ["uses its connection again", (socket) => socket.write(OK), { endings: ["answered", "answered"], connections: 1 }],
    [
      "believes `Connection: close`",
      (socket) => socket.write(closing),
      { endings: ["answered", "answered"], connections: 2 },
    ],
    [
      "reads until the close where only that ends the body",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\nok");
        socket.end();
      },
      { endings: ["answered", "answered"], connections: 2 },
    ],
    [
      "does not take half a response for one",
      (socket) => {
        socket.write(OK.slice(0, -1));
        socket.end();
      },
      { endings: ["closed", "closed"], connections: 2 },
    ],
    [
      "gives up a connection on which came more than was asked for",
      (socket) => socket.write(OK + OK),
      { endings: ["answered", "answered"], connections: 2 },
    ],
    [
      "and one with something that cannot be read",
      (socket) => socket.write("nonsense\r\n\r\n"),
      { endings: ["reset", "reset"], connections: 2 },
    ],
  ])("%s", async (_what, answer, expected) => {
    expect(await play(answer)).toStrictEqual(expected);
  });
});
