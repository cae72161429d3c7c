/**
 * Runs one cell of the fault table on real sockets, and checks all of it: the octets each neighbour still gets, how each
 * connection ends on the wire, and the one reason recorded for it.
 *
 * A connection that persists is shown to by an exchange more. When a cell is over nothing may be left: the scene counts
 * connections, deadlines and searches. Time is the scene's own; no cell waits for a timeout.
 */
import { act } from "../conformance/act.ts";
import { DATE, GET_FORWARDED, head } from "../conformance/case.ts";
import { matcherOf } from "../kit/messages.ts";
import { type Peer, WireError } from "../kit/peer.ts";
import type { Scene } from "../kit/stage.ts";
import type { WatchedSocket } from "../kit/watched-socket.ts";
import type { Cell, Ending, FaultStep, State } from "./cell.ts";
import { until } from "./until.ts";

const PROBE = head("GET /once-more HTTP/1.1", "Host: a");
const PROBE_FORWARDED = GET_FORWARDED.replace("GET /", "GET /once-more");
const PROBE_ANSWER = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 5")}again`;

export async function runCell(state: State, cell: Cell, scene: Scene): Promise<void> {
  let place = "";
  try {
    for (const [index, step] of [...(cell.setup ?? state.setup), ...cell.steps].entries()) {
      place = `at step ${index + 1} (${step.does})`;
      await perform(step, scene);
    }
    place = "at its end";
    await checkEnds(cell.client, scene.clients);
    await checkEnds(cell.origin, scene.origins);
    const opened = cell.origin.length;
    if (state.origin === undefined) await probe(cell, scene);
    await scene.end();
    checkReasons("client", cell.client, scene.observer.downstream);
    checkReasons("origin", cell.origin, scene.observer.upstream.slice(0, opened));
  } catch (error) {
    scene.abandon();
    throw new WireError(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function perform(step: FaultStep, scene: Scene): Promise<void> {
  if (step.does === "waits") return scene.clock.advance(step.ms);
  if (step.does === "drains") return scene.gateway.beginDrain();
  const peer = await (step.role === "client" ? scene.client(step.number) : scene.origin(step.number));
  switch (step.does) {
    case "sends":
      return peer.send(step.octets);
    case "gets":
      await peer.receive(step.name, matcherOf(step.octets));
      return;
    case "closes": {
      const far = farEnd(scene, step.role, step.number);
      peer.destroy();
      return until("the proxy sees the close", () => far.sawEnd || far.isClosed);
    }
    case "sends-until-cut": {
      const far = farEnd(scene, step.role, step.number);
      return until("the proxy gives the connection up", async () => {
        if (!far.isClosed) await peer.send(step.octets);
        return far.isClosed;
      });
    }
    case "answers-all":
    case "sends-meanwhile":
      throw new Error("no cell needs this step");
    default:
      return act(peer, step);
  }
}

/** The proxy's end of a neighbour's connection. */
function farEnd(scene: Scene, role: "client" | "origin", number: number): WatchedSocket {
  const socket = scene.farEnd(role, number);
  if (socket === undefined) throw new WireError(`the proxy has no connection of ${role} ${number}`);
  return socket;
}

async function checkEnds(endings: readonly Ending[], peers: readonly Peer[]): Promise<void> {
  if (peers.length !== endings.length) {
    throw new WireError(`${peers.length} connections were opened, not ${endings.length}`);
  }
  for (const [index, ending] of endings.entries()) {
    const peer = peers[index] as Peer;
    const [how] = ending.split(" ") as ["persists" | "FIN" | "RST" | "closed" | "gone" | "unheard"];
    switch (how) {
      case "persists":
        peer.assertOpen();
        break;
      case "FIN":
      case "RST":
        await peer.seeEnd(how);
        break;
      case "closed":
        await peer.seeEnd("either");
        break;
      case "gone":
      case "unheard":
        break;
    }
  }
}

/** Every connection that is to persist carries an exchange more. */
async function probe(cell: Cell, scene: Scene): Promise<void> {
  const lasting = scene.clients.filter((_, index) => cell.client[index] === "persists");
  const kept = scene.origins.filter((_, index) => cell.origin[index] === "persists");
  if (lasting.length === 0 && kept.length === 0) return;
  const clients = lasting.length > 0 ? lasting : [await scene.connect()];
  for (const client of clients) {
    const before = scene.origins.length;
    await client.send(PROBE);
    const origin = kept.length > 0 ? await scene.firstToReceive(kept) : await scene.origin(before + 1);
    await origin.receive("one request more", matcherOf(PROBE_FORWARDED));
    await origin.send(PROBE_ANSWER);
    await client.receive("the answer to one request more", matcherOf(PROBE_ANSWER));
    client.assertOpen();
    if (kept.length === 0) kept.push(origin);
  }
}

function checkReasons(role: string, endings: readonly Ending[], told: readonly { closes: readonly unknown[] }[]): void {
  for (const [index, ending] of endings.entries()) {
    const expected = ending === "persists" ? "peer-closed-idle" : ending.split(" ")[1];
    const recorded = told[index]?.closes[0];
    if (recorded !== expected) {
      throw new WireError(`${role} ${index + 1}: the proxy recorded ${recorded ?? "nothing"} instead of ${expected}`);
    }
  }
}
