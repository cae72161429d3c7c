/**
 * Runs one case of HTTP/2 in one way between a raw client and a raw origin: every byte at the origin, how the stream ends, what is told of
 * it, and that the connection carries another request afterwards.
 */
import { DOUBT_MS } from "../../../src/pool/pooled-connection.ts";
import { frame } from "../../kit/http2-stage.ts";
import { fieldBlock, flags, framesIn, GREETING, type Heard, heardOn, types } from "../../kit/http2-wire.ts";
import { describe, type Expected, matcherOf } from "../../kit/messages.ts";
import { type Peer, WireError } from "../../kit/peer.ts";
import type { Scene, Stage } from "../../kit/stage.ts";
import { GET_FORWARDED, type Http2Case, OK, type Outcome, pseudo, request, type Sent } from "./case.ts";

const PROTOCOL_ERROR = 1;
const STREAM = 1;
const NEXT_STREAM = 3;

/** How a client may put the same into frames and segments. */
export interface Http2Way {
  readonly name: string;
  readonly frames: (sent: Sent, stream: number) => readonly Buffer[];
  readonly cut: (bytes: Buffer) => readonly string[];
}

const whole = (bytes: Buffer) => [bytes.toString("latin1")];

export const ways: readonly Http2Way[] = [
  { name: "whole", frames: plainFrames, cut: whole },
  { name: "byte by byte", frames: plainFrames, cut: (bytes) => [...bytes.toString("latin1")] },
  { name: "heads in several frames", frames: splitFrames, cut: whole },
  { name: "padded, with a priority", frames: paddedFrames, cut: whole },
];

function plainFrames(sent: Sent, stream: number): Buffer[] {
  const end = sent.ends === true ? flags.endStream : 0;
  if ("data" in sent) return [frame(types.data, end, stream, Buffer.from(sent.data, "latin1"))];
  return [frame(types.headers, flags.endHeaders | end, stream, fieldBlock(sent.fields))];
}

function splitFrames(sent: Sent, stream: number): Buffer[] {
  if ("data" in sent) return plainFrames(sent, stream);
  const block = fieldBlock(sent.fields);
  const third = Math.ceil(block.length / 3);
  return [
    frame(types.headers, sent.ends === true ? flags.endStream : 0, stream, block.subarray(0, third)),
    frame(types.continuation, 0, stream, block.subarray(third, 2 * third)),
    frame(types.continuation, flags.endHeaders, stream, block.subarray(2 * third)),
  ];
}

function paddedFrames(sent: Sent, stream: number): Buffer[] {
  const end = sent.ends === true ? flags.endStream : 0;
  const padding = Buffer.alloc(7);
  const before = Buffer.of(padding.length);
  if ("data" in sent) {
    const content = Buffer.concat([before, Buffer.from(sent.data, "latin1"), padding]);
    return [frame(types.data, flags.padded | end, stream, content)];
  }
  const priority = Buffer.from([0, 0, 0, 0, 15]);
  const content = Buffer.concat([before, priority, fieldBlock(sent.fields), padding]);
  return [frame(types.headers, flags.padded | flags.priority | flags.endHeaders | end, stream, content)];
}

export async function runHttp2Case(testCase: Http2Case, way: Http2Way, stage: Stage): Promise<void> {
  const scene = stage.begin({ http2: true, ...testCase.settings });
  try {
    const client = await scene.client(1);
    const frames = testCase.sends.flatMap((sent) => way.frames(sent, STREAM));
    await client.send(...way.cut(Buffer.concat([GREETING, ...frames])));
    await check(testCase.outcome, scene, client);
    await askOnceMore(scene, client, testCase);
    await scene.end();
    checkTold(testCase.outcome, scene);
  } catch (error) {
    scene.abandon();
    throw new WireError(`${way.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function check(outcome: Outcome, scene: Scene, client: Peer): Promise<void> {
  switch (outcome.is) {
    case "forwarded":
      return await checkForwarded(outcome, scene, client);
    case "tunnel":
      return await checkTunnel(outcome.as, scene, client);
    case "refused": {
      const heard = await ending(client, STREAM);
      expectSame("the answer", [heard.status, heard.body.includes(outcome.reason)], [outcome.status, true]);
      return expectSame("connections to the origin", scene.origins.length, 0);
    }
    case "reset by the runtime":
      return checkHidden(await ending(client, STREAM), scene);
    case "forwarded without the field": {
      const arrived = await Promise.race([scene.origin(1).then(() => true), ending(client, STREAM).then(() => false)]);
      if (arrived) return await checkForwarded({ is: "forwarded", as: outcome.as }, scene, client);
      return checkHidden(await ending(client, STREAM), scene);
    }
    case "reset in its body": {
      const { reset, isOver } = await ending(client, STREAM);
      // Runtimes from Node 22 on end the whole connection.
      if (!isOver) expectSame("the code of the reset", reset, PROTOCOL_ERROR);
      return await checkNothingWhole(scene, outcome.wholeAt);
    }
  }
}

async function checkForwarded(outcome: Outcome & { is: "forwarded" }, scene: Scene, client: Peer): Promise<void> {
  const origin = await scene.origin(1);
  await origin.receive(describe(outcome.as), matcherOf(outcome.as));
  await origin.send(outcome.response ?? OK);
  const { status, interim, body, hasEnded } = await ending(client, STREAM);
  const expected = [outcome.status ?? 200, outcome.interim ?? [], outcome.body ?? "ok", true];
  expectSame("the response", [status, interim, body, hasEnded], expected);
}

/** A runtime that lets it through leaves it to our own judgement. */
function checkHidden({ status, body, reset }: Heard, scene: Scene): void {
  const isOurs = status === 400 && body.includes("field-list-malformed");
  if (!isOurs) expectSame("the stream's end", [status, reset], [undefined, PROTOCOL_ERROR]);
  expectSame("connections to the origin", scene.origins.length, 0);
}

/** The one line of the log about it; of what the runtime hides there is none. */
function checkTold(outcome: Outcome, { observer }: Scene): void {
  const told = observer.exchanges.filter(({ target }) => target !== "/once-more");
  const said = told.map(({ outcome: how, reason }) => reason ?? how).join(", ");
  const expected: Readonly<Record<Outcome["is"], readonly string[]>> = {
    forwarded: ["completed"],
    tunnel: ["tunnel"],
    refused: [outcome.is === "refused" ? outcome.reason : ""],
    "reset by the runtime": ["", "field-list-malformed"],
    "forwarded without the field": ["completed", "", "field-list-malformed"],
    "reset in its body": ["client-gone"],
  };
  if (!expected[outcome.is].includes(said)) throw new WireError(`what is told: ${said || "nothing"}`);
}

async function checkTunnel(as: Expected, scene: Scene, client: Peer): Promise<void> {
  const origin = await scene.origin(1);
  await origin.receive(describe(as), matcherOf(as));
  await origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\nhello");
  await client.send(frame(types.data, 0, STREAM, Buffer.from("ping")).toString("latin1"));
  await origin.receive("what the client says in the tunnel", matcherOf("ping"));
  await origin.send("pong");
  await client.send(frame(types.data, flags.endStream, STREAM).toString("latin1"));
  await origin.seeEnd("FIN");
  await origin.end();
  const { status, body, hasEnded } = await ending(client, STREAM);
  expectSame("the tunnel", [status, body, hasEnded], [200, "hellopong", true]);
}

/** What the origin has of it ends without being a whole request. */
async function checkNothingWhole(scene: Scene, wholeAt: string | undefined): Promise<void> {
  for (const origin of scene.origins) {
    await origin.receive("the end of an incomplete request", (arrived, hasEnded) => {
      if (wholeAt?.startsWith(arrived)) return hasEnded ? arrived.length : undefined;
      const length = /\r\ncontent-length: ([0-9]+)\r\n/i.exec(arrived)?.[1];
      const body = arrived.length - (arrived.indexOf("\r\n\r\n") + 4);
      const isWhole = /\r\n0\r\n(?:[^\r]+\r\n)*\r\n/.test(arrived) || (length !== undefined && body >= Number(length));
      if (isWhole) return "the request was made whole";
      return hasEnded ? arrived.length : undefined;
    });
  }
}

/** Waits until the stream has ended, on either side. */
async function ending(client: Peer, stream: number): Promise<Heard> {
  let heard: Heard | undefined;
  await client.receive(`the end of stream ${stream}`, (_arrived, hasEnded) => {
    const said = heardOn(stream, framesIn(Buffer.from(client.history, "latin1")));
    // The last words of a connection need not have left before it.
    heard = { ...said, isOver: said.isOver || hasEnded };
    return heard.hasEnded || heard.reset !== undefined || heard.isOver ? client.arrived.length : undefined;
  });
  return heard as Heard;
}

/** The connection, unless it has ended, is as good as before. */
async function askOnceMore(scene: Scene, client: Peer, { settings }: Http2Case): Promise<void> {
  if ((await ending(client, STREAM)).isOver) return;
  const isForward = settings?.forward !== undefined;
  // An origin whose response had no body gets a moment to show that none follows.
  scene.clock.advance(DOUBT_MS);
  const before = scene.origins.filter(({ ended }) => ended === undefined);
  const said = request(...pseudo({ ":path": "/once-more" }));
  await client.send(...said.flatMap((sent) => plainFrames(sent, NEXT_STREAM)).map((bytes) => bytes.toString("latin1")));
  const origin = before[0] ?? (await scene.origin(scene.origins.length + 1));
  const forwarded = isForward
    ? "GET /once-more HTTP/1.1\r\nHost: a\r\nVia: 2.0 hopwise-test\r\n\r\n"
    : GET_FORWARDED.replace("GET /", "GET /once-more");
  await origin.receive("one request more", matcherOf(forwarded));
  await origin.send(OK);
  const { status, body } = await ending(client, NEXT_STREAM);
  expectSame("the answer to one request more", [status, body], [200, "ok"]);
}

function expectSame(what: string, got: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(got), JSON.stringify(expected)];
  if (one !== other) throw new WireError(`${what}: ${one} instead of ${other}`);
}
