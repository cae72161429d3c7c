/**
 * Runs one case in one way between a raw client and a raw origin, and checks all of it: every octet, how each connection
 * ends on the wire, and the one reason recorded for it.
 *
 * A connection that persists is shown to by an exchange more, whose octets must pass as if nothing had been before.
 */
import { DOUBT_MS } from "../../src/pool/pooled-connection.ts";
import { describe, type Expected, matcherOf } from "../kit/messages.ts";
import { type Peer, WireError } from "../kit/peer.ts";
import type { Scene, Stage } from "../kit/stage.ts";
import { act } from "./act.ts";
import {
  type Case,
  CREDENTIALS,
  DATE,
  type End,
  GET_FORWARDED,
  head,
  NOTHING_WHOLE,
  ORIGIN_AUTHORITY,
  ORIGIN_URL,
  type Role,
  type Step,
  VIA,
} from "./case.ts";
import type { Way } from "./ways.ts";

/** One exchange more, as it goes through a gateway and through a forward proxy. */
const throughGateway = {
  request: head("GET /once-more HTTP/1.1", "Host: a"),
  forwarded: GET_FORWARDED.replace("GET /", "GET /once-more"),
  returned: `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 5")}again`,
};
const throughForwardProxy = {
  request: head("GET http://a/once-more HTTP/1.1", "Host: a", ...CREDENTIALS),
  forwarded: head("GET /once-more HTTP/1.1", "Host: a", VIA),
  returned: `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 5", VIA)}again`,
};
const PROBE_RESPONSE = throughGateway.returned;

export async function runCase(testCase: Case, way: Way, stage: Stage): Promise<void> {
  const scene = stage.begin(testCase.settings);
  let place = "at its end";
  try {
    const run = { way, sent: { client: 0, origin: 0 }, background: [] };
    for (const [index, step] of testCase.steps.entries()) {
      place = `at step ${index + 1}`;
      await perform(step, scene, run);
    }
    await Promise.all(run.background);
    place = "at its end";
    const probed = await checkEnds(testCase, scene);
    await scene.end();
    checkReasons(testCase, scene, probed);
  } catch (error) {
    scene.abandon();
    const why = error instanceof Error ? error.message : String(error);
    throw new WireError(`${way.name}, ${place}: ${why}`);
  }
}

interface Run {
  readonly way: Way;
  /** Octets that each role has sent. */
  readonly sent: Record<Role, number>;
  /** What goes on while the steps go on. */
  readonly background: Promise<void>[];
}

async function perform(step: Step, scene: Scene, { way, sent, background }: Run): Promise<void> {
  if (step.does === "waits") return scene.clock.advance(step.ms);
  if (step.does === "drains") return scene.gateway.beginDrain();
  const peer = await (step.role === "client" ? scene.client(step.number) : scene.origin(step.number));
  switch (step.does) {
    case "sends": {
      const said = withOrigin(step.octets, scene);
      const pieces = way.cut(step.role, sent[step.role], said);
      sent[step.role] += said.length;
      if (step.role === "origin" && peer.arrived !== "")
        throw peer.error("more of the request arrived than was expected");
      return peer.send(...pieces);
    }
    case "sends-meanwhile":
      return peer.sendMeanwhile(step.octets, () => scene.clock.standStill(step.ms));
    case "receives":
      return act(peer, { ...step, expected: expectedOf(step.expected, scene) });
    case "answers-all": {
      const answering = answerAll(peer, step.count, step.request, step.response);
      // Its failure is told at the end of the steps, or by the step that waits for what it did not send.
      answering.catch(() => undefined);
      background.push(answering);
      return;
    }
    default:
      return act(peer, step);
  }
}

async function answerAll(peer: Peer, count: number, request: string, response: string): Promise<void> {
  for (let i = 0; i < count; i++) {
    await peer.receive(describe(request), matcherOf(request));
    await peer.send(response);
  }
}

function expectedOf(expected: Expected, scene: Scene): Expected {
  return typeof expected === "string" ? withOrigin(expected, scene) : expected;
}

function withOrigin(text: string, { originAuthority, isOverTls }: Scene): string {
  const url = `${isOverTls ? "https" : "http"}://${originAuthority}`;
  return text.replaceAll(ORIGIN_URL, url).replaceAll(ORIGIN_AUTHORITY, originAuthority);
}

/** @returns whether the exchange more needed a connection to the origin of its own. */
async function checkEnds(testCase: Case, scene: Scene): Promise<boolean> {
  await checkPeers(testCase.client, scene.clients);
  if (testCase.origin === NOTHING_WHOLE) await checkNothingWhole(scene);
  else await checkPeers(testCase.origin, scene.origins);
  const origins = testCase.origin === NOTHING_WHOLE ? [] : testCase.origin;
  if (!testCase.client.includes("persists") && !origins.includes("persists")) return false;
  // An origin that has just answered HEAD gets a moment to show that no body follows.
  scene.clock.advance(DOUBT_MS);
  const before = scene.origins.length;
  const persisting = scene.clients[testCase.client.indexOf("persists")];
  const client = persisting ?? (await scene.connect());
  const probe = testCase.settings?.forward === undefined ? throughGateway : throughForwardProxy;
  await client.send(probe.request);
  const origin = await originThatReceives(scene, origins, before);
  await origin.receive("one request more", matcherOf(probe.forwarded));
  await origin.send(PROBE_RESPONSE);
  await client.receive("the answer to one request more", matcherOf(probe.returned));
  client.assertOpen();
  return scene.origins.length > before;
}

/** The exchange more must come on a connection that persists, where there is one. */
async function originThatReceives(scene: Scene, ends: readonly End[], before: number): Promise<Peer> {
  const candidates = ends.includes("persists")
    ? scene.origins.filter((_, index) => ends[index] === "persists")
    : [await scene.origin(before + 1)];
  if (candidates.length === 1) return candidates[0] as Peer;
  return scene.firstToReceive(candidates);
}

async function checkPeers(ends: readonly End[], peers: readonly Peer[]): Promise<void> {
  if (peers.length !== ends.length) throw new WireError(`${peers.length} connections were opened, not ${ends.length}`);
  for (const [index, end] of ends.entries()) {
    const peer = peers[index] as Peer;
    if (end === "persists") {
      peer.assertOpen();
    } else {
      const [how] = end.split(" ") as ["FIN" | "RST" | "closed" | "unheard"];
      if (how === "unheard") continue;
      await peer.seeEnd(how === "closed" ? "either" : how);
    }
  }
}

/** What has reached the origin of a request that was refused in its body must not be a whole request. */
async function checkNothingWhole(scene: Scene): Promise<void> {
  for (const origin of scene.origins) {
    await origin.receive("the end of an incomplete request", (arrived, hasEnded) => {
      if (/\r\n0\r\n(?:[^\r]+\r\n)*\r\n/.test(arrived)) return "the request was made whole";
      const length = /\r\nContent-Length: ([0-9]+)\r\n/.exec(arrived)?.[1];
      const body = arrived.length - (arrived.indexOf("\r\n\r\n") + 4);
      if (length !== undefined && body >= Number(length)) return "the request was made whole";
      return hasEnded ? arrived.length : undefined;
    });
  }
}

function checkReasons(testCase: Case, scene: Scene, wasProbedApart: boolean): void {
  const { observer } = scene;
  const told = { client: observer.downstream, origin: observer.upstream };
  for (const role of ["client", "origin"] as const) {
    const ends = testCase[role];
    if (ends === NOTHING_WHOLE) {
      const reasons = told.origin.slice(0, told.origin.length - Number(wasProbedApart)).flatMap(({ closes }) => closes);
      if (reasons.some((reason) => reason !== "request-incomplete")) {
        throw new WireError(`origin: the proxy recorded ${reasons.join(", ")} instead of request-incomplete`);
      }
      continue;
    }
    for (const [index, end] of ends.entries()) {
      const expected = end === "persists" ? "peer-closed-idle" : end.split(" ")[1];
      const recorded = told[role][index]?.closes[0];
      if (recorded !== expected) {
        throw new WireError(
          `${role} ${index + 1}: the proxy recorded ${recorded ?? "no reason"} instead of ${expected}`,
        );
      }
    }
  }
}
