/**
 * The origin's end of a tunnel of HTTP/2, which plays its part of the plan: on a connection that has switched protocols, and on one that
 * was opened for a CONNECT. There nobody says whose it is: the first bytes do.
 *
 * Deliberately absent: the request for the switch, and what is said to that (origins.ts).
 */
import type { SocketHandler } from "../../src/net/ports.ts";
import type { Random } from "../../src/net/simulated/random.ts";
import type { SimSocket } from "../../src/net/simulated/socket.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { fail } from "./failure.ts";
import type { Link } from "./network.ts";
import { Player, type Step } from "./player.ts";
import type { Scene } from "./scene.ts";
import type { TunnelRecord } from "./tunnel-record.ts";

/** How what a client says in a tunnel begins (content.ts). */
const TAG = /^<(q[0-9]+)\.100:0>/;
const TAG_BYTES_MAX = 24;

interface OriginEnd {
  readonly scene: Scene;
  readonly link: Link;
  readonly player: Player;
  readonly random: Random;
}

export class TunnelOrigin {
  private readonly end: OriginEnd;
  private readonly tunnel: TunnelRecord;
  private readonly socket: SimSocket;
  private readingBudget: number;
  private hasSaidAll = false;

  constructor(end: OriginEnd, tunnel: TunnelRecord) {
    const { reading } = tunnel.plan.origin;
    this.end = end;
    this.tunnel = tunnel;
    this.socket = end.link.peerEnd;
    this.readingBudget = reading === "steady" ? Number.POSITIVE_INFINITY : end.random.below(3_000);
    tunnel.beginAtOrigin(this.socket.localPort);
  }

  /** @param first what it says before that is part of the tunnel */
  begin(first: readonly Step[]): void {
    const { random, player } = this.end;
    const { text, ends, resetsAt, pace, pause_ms } = this.tunnel.plan.origin;
    const said = ends === "reset" ? text.slice(0, resetsAt) : text;
    const pieces = said === "" ? [] : pace === "at-once" ? [said] : random.cut(said, Math.ceil(said.length / 5));
    const steps = pieces.map((piece) => ({ text: piece, delay_ms: random.skewed(pause_ms) }));
    const last = { text: "", delay_ms: random.skewed(pause_ms), onPlayed: () => this.finish() };
    player.add([...first, ...steps, last]);
  }

  private finish(): void {
    const { ends } = this.tunnel.plan.origin;
    this.hasSaidAll = true;
    if (ends === "reset") this.socket.reset();
    else if (ends === "half-close" || (ends === "behind-other" && this.tunnel.originHasHeardEnd)) this.sayEnd();
  }

  private sayEnd(): void {
    if (this.socket.isGone) return;
    this.tunnel.originHasEnded = true;
    this.socket.end();
  }

  onText(text: string): void {
    this.tunnel.originHears(text);
    this.readingBudget -= text.length;
    if (this.readingBudget <= 0) this.stopReading();
  }

  private stopReading(): void {
    const { scene, random } = this.end;
    const { reading } = this.tunnel.plan.origin;
    this.socket.pause();
    if (reading === "never") return;
    const { bodyTimeout_ms } = scene.settings;
    const isLate = reading === "late";
    this.readingBudget = isLate ? Number.POSITIVE_INFINITY : random.between(100, 20_000);
    const pause_ms = isLate ? random.between(bodyTimeout_ms, bodyTimeout_ms * 5) : random.skewed(400);
    scene.schedule.after(pause_ms, () => this.socket.resume());
  }

  onEnd(): void {
    this.tunnel.originHearsEnd();
    if (this.hasSaidAll) this.finish();
  }
}

/** A connection that was opened for a CONNECT. */
export class ConnectedOrigin implements SocketHandler {
  private readonly scene: Scene;
  private readonly link: Link;
  private readonly random: Random;
  private readonly player: Player;
  private text = "";
  private tunnel: TunnelOrigin | undefined;

  constructor(scene: Scene, link: Link, random: Random) {
    this.scene = scene;
    this.link = link;
    this.random = random;
    this.player = new Player(scene.schedule, link.peerEnd);
    link.peerEnd.handler = this;
  }

  onData(octets: Octets): void {
    const text = octets.latin1Slice();
    if (this.tunnel !== undefined) return this.tunnel.onText(text);
    this.text += text;
    const id = TAG.exec(this.text)?.[1];
    if (id !== undefined) this.begin(id);
    else if (this.text.length > TAG_BYTES_MAX) fail("unambiguous-request", `${this.link.name} hears ${this.text}`);
  }

  private begin(id: string): void {
    const { scene, link, player, random } = this;
    const record = scene.records.get(id);
    if (record?.tunnel === undefined || record.tunnel.plan.protocol !== undefined)
      return fail("unambiguous-request", `${link.name} hears of ${id}, which asks for no tunnel to it`);
    scene.timeline.note(link.name, `#### it is the tunnel ${id}`);
    // A CONNECT is done once, and not where it may not lead.
    record.arrive(link.name);
    this.tunnel = new TunnelOrigin({ scene, link, player, random }, record.tunnel);
    this.tunnel.begin([]);
    this.tunnel.onText(this.text);
  }

  onEnd(): void {
    if (this.tunnel !== undefined) return this.tunnel.onEnd();
    if (this.text !== "")
      fail("truncation-is-visible", `a tunnel ends at ${this.link.name} as if it were whole, after ${this.text}`);
    // Nobody wanted it any more.
    this.link.peerEnd.destroy();
  }

  onDrain(): void {
    this.player.onDrain();
  }

  onClose(): void {
    this.player.stop();
  }
}
