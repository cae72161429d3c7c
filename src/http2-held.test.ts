/** What HTTP/2 clients ask for and do not take is bounded over all of their connections, and so is what they send and no origin takes. */
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { Http2Stage } from "../test/kit/http2-stage.ts";

let stage: Http2Stage;
beforeEach(() => {
  stage = new Http2Stage();
});
afterEach(() => stage.end());

const RESPONSES = 40;
/** It takes nothing of any response. */
const takesNothing = { settings: { initialWindowSize: 0 } };

it("the connection that holds most goes, and one that holds little stays", async () => {
  await stage.begin({ http2Memory: "1m" });
  const modest = await stage.client(takesNothing);
  const waits = modest.request({ ":path": "/large?bytes=100000" });
  waits.on("error", () => {});
  const greedy = await stage.client(takesNothing);
  for (let i = 0; i < RESPONSES; i++) greedy.request({ ":path": "/large?bytes=100000" }).on("error", () => {});
  expect(await stage.closed(1)).toEqual(["http2-memory own-fin"]);
  const other = await stage.client();
  expect(await stage.ask(other, { ":path": "/x" })).toMatchObject({ status: 200, body: "GET /x" });
  expect([modest.destroyed, waits.destroyed, stage.closes.length]).toEqual([false, false, 1]);
});

it("many connections that each hold a little do as much", async () => {
  await stage.begin({ http2Memory: "1m" });
  for (let i = 0; i < RESPONSES; i++) {
    const client = await stage.client(takesNothing);
    client.request({ ":path": "/large?bytes=100000" }).on("error", () => {});
  }
  expect((await stage.closed(1))[0]).toBe("http2-memory own-fin");
});

it("what is taken is not held", async () => {
  await stage.begin({ http2Memory: "1m" });
  const client = await stage.client();
  for (let round = 0; round < 20; round++) {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => stage.ask(client, { ":path": "/large?bytes=200000" })),
    );
    expect(all.every(({ bytes, code }) => bytes === 200_000 && code === 0)).toBe(true);
  }
  expect(stage.closes).toEqual([]);
});

/** More of each than an exchange keeps for itself, so that some lies in its stream. */
const BODY = Buffer.alloc(120_000);

/** It accepts, and reads nothing. */
class Deaf {
  private readonly sockets: Socket[] = [];
  readonly server: Server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => {});
    this.sockets.push(socket);
  });

  end(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

it("bodies that wait for a connection to the origin are held, too", async () => {
  const origin = new Deaf();
  try {
    await stage.begin({ to: await listening(origin.server), http2Memory: "1m", poolSize: 1, connectTimeout: "60s" });
    const modest = await stage.client();
    const waits = modest.request({ ":method": "POST", ":path": "/" });
    waits.on("error", () => {}).write(BODY);
    const greedy = await stage.client();
    for (let i = 0; i < RESPONSES; i++) {
      const stream = greedy.request({ ":method": "POST", ":path": "/" });
      stream.on("error", () => {}).write(BODY);
    }
    expect(await stage.closed(1)).toEqual(["http2-memory own-fin"]);
    expect([modest.destroyed, waits.destroyed]).toEqual([false, false]);
  } finally {
    origin.end();
  }
});
