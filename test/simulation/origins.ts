/**
 * Origins: each connection reads requests with the strict reader, fails the run over anything ambiguous, and answers as
 * its origin's temper has it.
 *
 * Deliberately absent: what is said, see responses.ts.
 */
import type { SocketHandler } from "../../src/net/ports.ts";
import type { Random } from "../../src/net/simulated/random.ts";
import type { SimSocket, WriteMark } from "../../src/net/simulated/socket.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { fail } from "./failure.ts";
import type { Link } from "./network.ts";
import { Player, type Step } from "./player.ts";
import type { Arrival, RequestRecord } from "./record.ts";
import { readRequestHead } from "./request-judge.ts";
import { interims, makeScript, type Script, strayText } from "./responses.ts";
import type { Scene } from "./scene.ts";
import {
  type ReaderEvents,
  type ReadFraming,
  type ReadHead,
  StrictError,
  StrictReader,
  valuesOf,
} from "./strict-reader.ts";
import { type Act, calmTemper, type Temper } from "./tempers.ts";
import { answerToTunnel } from "./tunnel-answers.ts";
import { TUNNEL_PROTOCOL, TunnelEnd } from "./tunnel-end.ts";
import { TunnelOrigin } from "./tunnel-origin.ts";
import type { TunnelRecord } from "./tunnel-record.ts";

/** A body would follow, were it no answer to HEAD; one with 304 describes what it stands for. */
const DESCRIBES_BODY = /^HTTP\/1\.[01] (?!304).*^(?:Transfer-Encoding: |Content-Length: [1-9])/ims;
/** How long it is awaited all the same, before the connection carries another request: 50 ms, less what rounding takes. */
const DOUBT_MS = 49.999;

/** One origin server. */
export class Origin {
  readonly number: number;
  readonly host: string;
  readonly random: Random;
  readonly bodyBytesMax: number;
  private readonly storm: Temper;
  private readonly scene: Scene;
  private connections = 0;

  constructor(number: number, scene: Scene, temper: Temper, random: Random, bodyBytesMax: number) {
    this.number = number;
    this.host = `origin${number}.test`;
    this.scene = scene;
    this.storm = temper;
    this.random = random;
    this.bodyBytesMax = bodyBytesMax;
  }

  get temper(): Temper {
    return this.scene.isCalm ? calmTemper : this.storm;
  }

  nextName(): string {
    return `o${this.number}.${++this.connections}`;
  }

  accept(link: Link): OriginConnection {
    return new OriginConnection(this, link, this.scene, this.random.fork());
  }
}

export class OriginConnection implements SocketHandler, ReaderEvents {
  private readonly origin: Origin;
  private readonly scene: Scene;
  private readonly link: Link;
  private readonly socket: SimSocket;
  private readonly random: Random;
  private readonly reader: StrictReader;
  private readonly player: Player;
  /** How this connection is treated from its first to its last request. */
  private readonly temper: Temper;
  private served = 0;
  private record: RequestRecord | undefined;
  /** The client's connection whose credentials have authenticated this one. */
  private user: string | undefined;
  private arrival: Arrival | undefined;
  private act: Act = "answer";
  private isAnswering = false;
  /** The response was said, and the connection goes on. */
  private isKept = false;
  private requestIsWhole = true;
  private isClosing = false;
  /** From this octet of what is sent on nothing was asked for. */
  private strayFrom = Number.POSITIVE_INFINITY;
  private idleSince_ms = 0;
  private idleTurn = 0;
  private tunnel: TunnelEnd | TunnelOrigin | undefined;
  /** What it says of a key to prove that it has understood (RFC 6455). */
  private webSocketKey = "";
  /** Its last response had no body and described one, which might follow. */
  private isEndInDoubt = false;
  private promised: { readonly timeout_ms: number; readonly max: number | undefined } | undefined;

  constructor(origin: Origin, link: Link, scene: Scene, random: Random) {
    this.origin = origin;
    this.link = link;
    this.scene = scene;
    this.random = random;
    this.socket = link.peerEnd;
    this.socket.handler = this;
    this.temper = origin.temper;
    this.reader = new StrictReader(this);
    this.player = new Player(scene.schedule, this.socket);
    this.idle();
  }

  // What arrives.

  onData(octets: Octets): void {
    if (this.isClosing) return this.checkLateData();
    try {
      if (this.tunnel !== undefined) this.tunnel.onText(octets.latin1Slice());
      else this.reader.feed(octets.latin1Slice());
    } catch (error) {
      if (error instanceof StrictError) fail("unambiguous-request", `${this.link.name} gets ${error.message}`);
      throw error;
    }
  }

  private chooseAct(record: RequestRecord): Act {
    const { temper, random } = this;
    if (record.tunnel !== undefined) {
      const mayAgree = temper.minorVersion === 1 && record.tunnel.plan.answers !== "decline";
      return mayAgree ? "tunnel" : random.weighted(temper.acts);
    }
    if (record.facts.wantsTunnel && temper.minorVersion === 1 && random.chance(0.7)) return "tunnel";
    const act = random.weighted(temper.acts);
    // Instead of 100 (Continue) it would end the connection, which others may still want to use.
    return act === "early" && this.scene.isCalm && record.facts.expectsContinue ? "answer" : act;
  }

  /** What comes behind our FIN may have crossed it. */
  private checkLateData(): void {
    const knewTheEnd = this.link.proxyEnd.writes.some(({ endWasDelivered }) => endWasDelivered);
    if (this.requestIsWhole && this.reader.isBetween && knewTheEnd) {
      fail("clean-reuse", `a request comes on ${this.link.name}, which the origin had ended`);
    }
  }

  onHead(head: ReadHead, position: number): ReadFraming {
    const { scene, link } = this;
    this.idleTurn++;
    const mark = this.checkReuse(position);
    const { record, framing } = readRequestHead(head, scene, link.name);
    this.checkUser(record);
    this.record = record;
    [this.webSocketKey = ""] = valuesOf(head.fields, "sec-websocket-key");
    this.served++;
    this.requestIsWhole = false;
    this.arrival = record.arrive(link.name);
    this.checkPromise(mark);
    const isKnown = mark !== undefined && mark.deliveredBytes > 0;
    if (framing.kind === "chunked" && this.temper.minorVersion === 0 && isKnown) {
      fail("unambiguous-request", `${link.name} has shown to be HTTP/1.0 and gets chunks`);
    }
    this.act = this.chooseAct(record);
    scene.timeline.note(link.name, `#### ${record.id}: the origin will ${this.act}`);
    if (this.act === "deaf") this.turnDeaf();
    if (this.act === "early" || this.act === "early-close") this.answer();
    else if (record.facts.expectsContinue && this.mustContinue(head)) this.sendContinue();
    return framing;
  }

  /** A connection with octets or a FIN that nobody expected carries no more requests, once the proxy knows of them. */
  private checkReuse(position: number): WriteMark | undefined {
    const { link } = this;
    const { writes } = link.proxyEnd;
    const mark = writes.findLast(({ from }) => from <= position);
    if (mark === undefined) return undefined;
    if (mark.deliveredBytes > this.strayFrom)
      fail("clean-reuse", `a request comes on ${link.name} behind stray octets`);
    if (mark.endWasDelivered) fail("clean-reuse", `a request comes on ${link.name}, which the origin had ended`);
    const isDisturbed = this.strayFrom !== Number.POSITIVE_INFINITY;
    if ((this.isAnswering || !this.requestIsWhole) && !isDisturbed) {
      fail("response-belongs-to-request", `a request comes on ${link.name} before the one before is answered`);
    }
    if (this.isEndInDoubt && mark.at_ms - mark.quietSince_ms < DOUBT_MS) {
      fail(
        "clean-reuse",
        `a request comes on ${link.name} before it can be known that no body follows the last response`,
      );
    }
    return mark;
  }

  /** Whose connection it is once somebody has logged in on it; everybody else would be served as that user. */
  private checkUser({ id, clientName, facts }: RequestRecord): void {
    if (this.user !== undefined && this.user !== clientName) {
      fail("bound-to-client", `${id} of ${clientName} comes on ${this.link.name}, where ${this.user} has logged in`);
    }
    if (facts.logsIn) this.user = clientName;
  }

  /** What an origin promised of its connection is not used beyond. */
  private checkPromise(mark: WriteMark | undefined): void {
    const { promised, link } = this;
    if (promised === undefined || mark === undefined) return;
    const idle_ms = mark.at_ms - Math.max(this.idleSince_ms, mark.quietSince_ms);
    if (idle_ms > promised.timeout_ms) {
      fail("limits", `${link.name} is used after ${idle_ms} ms idle and was promised for ${promised.timeout_ms}`);
    }
    if (promised.max !== undefined && this.served > promised.max) {
      fail("limits", `${link.name} gets request ${this.served} and promised to take ${promised.max}`);
    }
  }

  private mustContinue(head: ReadHead): boolean {
    const mayKeepQuiet = !this.scene.isCalm && this.random.chance(0.2);
    return !mayKeepQuiet && head.fields.some(([name]) => name.toLowerCase() === "expect");
  }

  private sendContinue(): void {
    const { isCalm, settings } = this.scene;
    const delay_ms = this.random.skewed(isCalm ? 20 : settings.responseTimeout_ms * 0.5);
    this.player.add([{ text: "HTTP/1.1 100 Continue\r\n\r\n", delay_ms }]);
  }

  private turnDeaf(): void {
    const { socket, scene, random } = this;
    socket.pause();
    const deaf_ms = random.chance(0.3) ? scene.settings.bodyTimeout_ms * 3 : random.skewed(500);
    scene.schedule.after(deaf_ms, () => socket.resume());
  }

  onBody(piece: string): void {
    this.arrival?.onBody(piece);
  }

  onMessageEnd(trailers: ReadHead["fields"]): void {
    for (const [name] of trailers) {
      if (name !== (this.record?.facts.isHttp2 ? "x-sum" : "X-Sum"))
        fail("hop-by-hop", `${this.link.name} gets the trailer ${name}`);
    }
    this.arrival?.onComplete();
    this.requestIsWhole = true;
    if (this.act === "tunnel") this.beginTunnel();
    else if (this.act !== "early" && this.act !== "early-close") this.answer();
    else if (this.isKept) this.idle();
  }

  onEnd(): void {
    if (this.tunnel !== undefined) return this.tunnel.onEnd();
    // The proxy ends only what it is done with: nothing that comes is read any more.
    this.player.stop();
    this.socket.destroy();
  }

  onDrain(): void {
    this.player.onDrain();
  }

  onClose(): void {
    this.isClosing = true;
    this.idleTurn++;
    this.player.stop();
  }

  private beginTunnel(): void {
    const { scene, socket, player, random, record } = this;
    if (record === undefined) throw new Error("there is no request to answer");
    if (record.tunnel !== undefined) return this.beginHttp2Tunnel(record.id, record.tunnel);
    const fields = `Connection: Upgrade\r\nUpgrade: ${TUNNEL_PROTOCOL}\r\nX-Request-Id: ${record.id}\r\n`;
    player.add([{ text: `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`, delay_ms: random.skewed(100) }]);
    this.reader.stop();
    this.tunnel = new TunnelEnd({ scene, socket, player, random, id: record.id, side: "origin" });
    this.tunnel.begin();
  }

  /** A wrong answer begins nothing, and nothing follows it. */
  private beginHttp2Tunnel(id: string, tunnel: TunnelRecord): void {
    const { scene, link, player, random, webSocketKey } = this;
    const { text, agrees } = answerToTunnel(id, tunnel.plan, webSocketKey, random);
    const first = { text, delay_ms: random.skewed(100) };
    this.reader.stop();
    if (!agrees) return player.add([first]);
    const end = new TunnelOrigin({ scene, link, player, random }, tunnel);
    this.tunnel = end;
    end.begin([first]);
  }

  // What is said.

  private answer(): void {
    const { record, arrival, temper, random, act } = this;
    if (record === undefined || arrival === undefined) throw new Error("there is no request to answer");
    const requestsLeft = temper.requestsMax === 0 ? undefined : Math.max(0, temper.requestsMax - this.served);
    const circumstances = {
      record,
      arrival,
      temper,
      random,
      requestsLeft,
      bodyBytesMax: this.origin.bodyBytesMax,
    };
    const script = makeScript(act, circumstances);
    arrival.meant = script.meant;
    this.isEndInDoubt = record.facts.method === "HEAD" && DESCRIBES_BODY.test(script.text);
    this.isAnswering = true;
    this.isKept = false;
    if (temper.hintTimeout_s !== undefined && script.text.includes("timeout=")) {
      const max = temper.hintsMax ? temper.requestsMax : undefined;
      this.promised = { timeout_ms: temper.hintTimeout_s * 1_000, max };
    }
    const before = act === "interims" && temper.minorVersion === 1 ? interims(circumstances) : "";
    this.player.add([...this.steps(before), ...this.markLast(this.steps(script.text)), this.lastStep(script)]);
  }

  private steps(text: string): Step[] {
    const { random, act, scene } = this;
    const { bodyTimeout_ms, responseTimeout_ms } = scene.settings;
    if (text === "") return [];
    const first_ms = scene.isCalm ? 0 : random.skewed(Math.min(200, responseTimeout_ms * 0.5));
    if (act === "dawdle" || act === "stall") {
      const pieces = random.cut(text, Math.ceil(text.length / 4));
      const slow = act === "stall" ? random.below(pieces.length) : -1;
      return pieces.map((piece, index) => ({
        text: piece,
        delay_ms:
          index === slow ? 1.5 * Math.max(bodyTimeout_ms, responseTimeout_ms) : random.skewed(bodyTimeout_ms * 0.4),
      }));
    }
    if (random.chance(0.3)) {
      return random
        .cut(text, 300)
        .map((piece, index) => ({ text: piece, delay_ms: index === 0 ? first_ms : random.skewed(3) }));
    }
    return [{ text, delay_ms: first_ms }];
  }

  /** With the last octet of its response a connection is ready for the next request. */
  private markLast(steps: Step[]): Step[] {
    const last = steps.pop();
    if (last === undefined) return steps;
    const onPlay = () => {
      this.isAnswering = false;
    };
    return [...steps, { ...last, onPlay }];
  }

  private lastStep(script: Script): Step {
    const onPlayed = () => this.go(script);
    const delay_ms = script.ending === "keep" || this.random.chance(0.6) ? 0 : this.random.skewed(50);
    return { text: "", delay_ms, onPlayed };
  }

  private go(script: Script): void {
    const { scene, link, random } = this;
    if (script.ending !== "keep") scene.timeline.note(link.name, `#### then: ${script.ending}`);
    switch (script.ending) {
      case "silence":
        return;
      case "close":
        return this.close();
      case "reset":
        this.isClosing = true;
        return this.socket.reset();
      case "keep":
        this.isKept = true;
        if (script.extra !== "") {
          this.player.add([this.strayStep(script.extra, random.chance(0.5) ? 0 : random.skewed(20))]);
        }
        if (this.requestIsWhole) this.idle();
    }
  }

  private strayStep(text: string, delay_ms: number): Step {
    const onPlay = () => {
      this.strayFrom = Math.min(this.strayFrom, this.socket.writtenBytes);
      this.scene.timeline.note(this.link.name, "#### stray octets follow");
    };
    return { text, delay_ms, onPlay };
  }

  private close(): void {
    this.isClosing = true;
    // A close that was due crossed the request for a tunnel.
    if (this.tunnel !== undefined) return this.socket.reset();
    // Whoever closes at once has at least seen everything leave.
    if (this.temper.closing === "fin" || this.socket.unsentBytes > 0) this.socket.end();
    else this.socket.destroy();
  }

  /** Waits for a request: for a time, and not always quietly. */
  private idle(): void {
    const { scene, temper, random, player } = this;
    this.idleSince_ms = scene.schedule.now_ms;
    const turn = ++this.idleTurn;
    const whenStillIdle = (delay_ms: number, then: () => void) => {
      scene.schedule.after(delay_ms, () => {
        if (turn === this.idleTurn && !this.isClosing) then();
      });
    };
    if (temper.idle_ms !== undefined) {
      whenStillIdle(temper.isHonest ? temper.idle_ms : temper.idle_ms * 0.4, () => {
        scene.timeline.note(this.link.name, "#### idle for too long");
        this.closeIdle();
      });
    }
    if (random.chance(temper.unsolicited)) {
      whenStillIdle(random.skewed(2_000), () => player.add([this.strayStep(strayText(random, temper), 0)]));
    }
  }

  private closeIdle(): void {
    this.isClosing = true;
    if (this.temper.closing === "fin") this.socket.end();
    else if (this.temper.closing === "destroy") this.socket.destroy();
    else this.socket.reset();
  }
}
