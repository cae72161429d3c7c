/** Faults of an origin whose client speaks HTTP/2, on real sockets: each frame that the client sees (http2-cells.ts). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canServeHttp2 } from "../../src/http2/session.ts";
import { DATE, GET_FORWARDED, head } from "../conformance/case.ts";
import { matcherOf } from "../kit/messages.ts";
import type { Peer } from "../kit/peer.ts";
import { type Scene, Stage } from "../kit/stage.ts";
import { type Http2Cell, http2Cells, type OriginAct } from "./http2-cells.ts";
import { asking, asking1WithBody, framesOf, POST_BLOCK } from "./http2-frames.ts";
import { until } from "./until.ts";

const GET_REQUEST = GET_FORWARDED.replace("Host:", "host:").replace("Via: 1.1", "Via: 2.0");
const POST_REQUEST = GET_REQUEST.replace("GET", "POST").replace(
  "host: a\r\n",
  "host: a\r\nTransfer-Encoding: chunked\r\n",
);
const OK = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2")}ok`;

describe.skipIf(!canServeHttp2)("a client of HTTP/2, whose origin", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(() => stage?.close());

  for (const cell of http2Cells) {
    test(cell.name, async () => {
      const scene = stage.begin({ http2: true, ...cell.settings });
      try {
        await play(cell, scene);
        await scene.end();
      } catch (error) {
        scene.abandon();
        throw error;
      }
      const reasons = scene.observer.upstream.slice(0, cell.origins.length).map(({ closes }) => closes[0]);
      expect(reasons).toStrictEqual(cell.recorded.map((reason) => reason ?? "peer-closed-idle"));
    });
  }
});

async function play({ isPost, origins, sees, recorded }: Http2Cell, scene: Scene): Promise<void> {
  const client = await scene.connect();
  await client.send(isPost ? asking1WithBody(POST_BLOCK, "x") : asking(1));
  for (const [index, acts] of origins.entries()) {
    const origin = await scene.origin(index + 1);
    await origin.receive("the request", matcherOf(isPost ? `${POST_REQUEST}1\r\nx\r\n` : GET_REQUEST));
    for (const act of acts) await perform(act, origin, scene, client);
  }
  expect(await seen(client, 1, sees.length)).toStrictEqual(sees);
  // Nothing of that concerns what else is on the connection.
  await client.send(asking(3));
  const isKept = recorded.at(-1) === undefined;
  const next = await scene.origin(origins.length + (isKept ? 0 : 1));
  await next.receive("another request", matcherOf(GET_REQUEST));
  await next.send(OK);
  expect((await seen(client, 3, 2)).slice(0, 2)).toStrictEqual(["HEADERS 200", expect.stringContaining("DATA ok")]);
  expect(client.ended).toBeUndefined();
}

async function perform(act: OriginAct, origin: Peer, scene: Scene, client: Peer): Promise<void> {
  if ("waits" in act) return scene.clock.advance(act.waits);
  if ("sends" in act) {
    await origin.send(act.sends);
    // What was said before a fault is on its way then.
    if (act.sends.includes("hello")) await until("the client has it", () => client.history.includes("hello"));
    return;
  }
  if (act.does === "resets") return origin.reset();
  if (act.does === "half-closes") return origin.end();
  origin.destroy();
}

/** All frames of the stream, once it has ended; a reset behind that may follow. */
async function seen(client: Peer, stream: number, count: number): Promise<readonly string[]> {
  const now = () => framesOf(Buffer.from(client.history, "latin1"), stream);
  const isOver = () => now().hasEnded && now().told.length >= count;
  await until(`stream ${stream} has ended`, () => isOver() || client.ended !== undefined).catch(() => undefined);
  return now().told.slice(0, count);
}
