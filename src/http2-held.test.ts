/** What HTTP/2 clients ask for and do not take is bounded over all of their connections, and so is what they send and no origin takes. */
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

/** As much as an exchange keeps for itself, and more, so that some lies in its stream. */
const BODIES_BYTES = [60_000, 120_000] as const;

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

/** Streams that have sent their body, and wait. */
async function uploads(client: ClientHttp2Session, count: number, bytes: number): Promise<ClientHttp2Stream[]> {
  const isOver = new Promise<void>((resolve) => client.once("close", resolve));
  const streams: ClientHttp2Stream[] = [];
  const sent: Promise<void>[] = [];
  for (let at = 0; at < count; at++) {
    const stream = client.request({ ":method": "POST", ":path": "/" });
    streams.push(stream.on("error", () => {}));
    sent.push(new Promise((resolve) => void stream.write(Buffer.alloc(bytes), () => resolve())));
  }
  await Promise.race([Promise.all(sent), isOver]);
  // What was sent before has been read then.
  const isRead = new Promise<void>(
    (resolve) => void (client.destroyed || client.closed || client.ping(() => resolve())),
  );
  await Promise.race([isRead, isOver]);
  return streams;
}

describe("bodies that wait for a connection to the origin", () => {
  const origin = { to: "", poolSize: 1, connectTimeout: "60s" };
  let deaf: Deaf;
  beforeEach(async () => {
    deaf = new Deaf();
    origin.to = await listening(deaf.server);
  });
  afterEach(() => deaf.end());

  it.each(BODIES_BYTES)("are held, too: of %d bytes", async (bytes) => {
    await stage.begin({ ...origin, http2Memory: "1m" });
    const modest = await stage.client();
    const [waits] = await uploads(modest, 1, bytes);
    const greedy = await stage.client();
    void uploads(greedy, RESPONSES, bytes);
    expect(await stage.closed(1)).toEqual(["http2-memory own-fin"]);
    expect([modest.destroyed, waits?.destroyed]).toEqual([false, false]);
  });

  it("of a thousand streams are no more than all may hold", async () => {
    const [bytes, megabytes] = [60_000, 16];
    await stage.begin({ ...origin, http2Memory: `${megabytes}m` });
    const streams: ClientHttp2Stream[] = [];
    for (let clients = 0; clients < 10; clients++) streams.push(...(await uploads(await stage.client(), 100, bytes)));
    // Those that are left have all been read.
    const left = streams.filter(({ destroyed, closed }) => !destroyed && !closed).length;
    expect(left * bytes).toBeLessThanOrEqual(megabytes * 1024 * 1024);
    expect(left).toBeGreaterThanOrEqual(100);
    expect(new Set(await stage.closed(8))).toEqual(new Set(["http2-memory own-fin"]));
    expect(stage.closes).toHaveLength(8);
  });
});
