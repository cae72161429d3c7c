/**
 * A client's connection: plays its plan, byte by byte as planned, and has everything judged that comes back.
 *
 * Deliberately absent: the proxy. It is on the other side of the link.
 */
import type { SocketHandler } from "../../src/net/ports.ts";
import type { Random } from "../../src/net/simulated/random.ts";
import type { SimSocket } from "../../src/net/simulated/socket.ts";
import type { Octets } from "../../src/wire/octets.ts";
import type { ClientPlan } from "./client-plans.ts";
import { fail } from "./failure.ts";
import type { Link } from "./network.ts";
import { Player, type Step } from "./player.ts";
import type { RequestRecord } from "./record.ts";
import { type JudgeOwner, ResponseJudge } from "./response-judge.ts";
import type { Scene } from "./scene.ts";
import { StrictError, StrictReader } from "./strict-reader.ts";
import { TunnelEnd } from "./tunnel-end.ts";

/** How long the proxy may take to close a connection that it has announced to close. */
const CLOSE_MS_MAX = 2_000;
/** More than the longest way to the proxy and back when nothing is faulty. */
const WAY_MS = 50;

export class ClientConnection implements SocketHandler, JudgeOwner {
  readonly name: string;
  readonly plan: ClientPlan;
  readonly socket: SimSocket;
  readonly link: Link;
  /** Nothing more will happen here. */
  isOver = false;
  hasSentEvil = false;
  hasBeenAnswered = false;
  private readonly scene: Scene;
  private readonly random: Random;
  private readonly player: Player;
  private readonly judge: ResponseJudge;
  private readonly reader: StrictReader;
  /** Requests handed to the player, and answered. */
  private planned = 0;
  private answered = 0;
  private isLast = false;
  private tunnel: TunnelEnd | undefined;
  private hasHeardEnd = false;
  private readingBudget: number;

  constructor(scene: Scene, link: Link, plan: ClientPlan, random: Random) {
    this.scene = scene;
    this.link = link;
    this.name = link.name;
    this.plan = plan;
    this.random = random;
    this.socket = link.peerEnd;
    this.socket.handler = this;
    this.judge = new ResponseJudge(scene, this);
    this.reader = new StrictReader(this.judge);
    this.player = new Player(scene.schedule, this.socket);
    this.readingBudget = plan.reading === "steady" ? Number.POSITIVE_INFINITY : random.below(3_000);
    for (const record of plan.requests) {
      scene.records.set(record.id, record);
      record.clientAddress = link.proxyEnd.remoteAddress;
      record.clientName = link.name;
    }
  }

  begin(): void {
    const { accident } = this.plan;
    if (accident !== undefined) {
      this.player.budget = accident.atOctet;
      this.player.onSpent = () => this.misbehave(accident.how);
    }
    this.sendMore(0);
  }

  get isDeaf(): boolean {
    return this.plan.reading === "never";
  }

  isDue(record: RequestRecord): boolean {
    return record === this.due;
  }

  leave(): void {}

  get due(): RequestRecord | undefined {
    const record = this.plan.requests[this.answered];
    return record?.isBegun ? record : undefined;
  }

  // Sending.

  private sendMore(delay_ms: number): void {
    const { plan, player } = this;
    const wasPlanned = this.planned;
    while (this.planned < plan.requests.length && this.planned - this.answered < plan.depth && !this.isLast) {
      const record = plan.requests[this.planned] as RequestRecord;
      // What must not arrive comes when the answer before it is on its way.
      const late_ms = record.mustNotArrive ? this.random.skewed(60) : 0;
      player.add(this.steps(record, this.planned === wasPlanned ? delay_ms : late_ms));
      this.planned++;
    }
    if (this.planned === wasPlanned || this.planned < plan.requests.length) return;
    const { evil } = plan;
    if (evil !== undefined) {
      const onPlay = () => {
        this.hasSentEvil = true;
      };
      player.add([{ text: evil, delay_ms: 0, onPlay }]);
    }
    if (plan.ending === "half-close") player.add([{ text: "", delay_ms: 0, onPlayed: () => this.socket.end() }]);
  }

  private steps(record: RequestRecord, delay_ms: number): Step[] {
    const { facts } = record;
    const onPlay = () => {
      record.isBegun = true;
    };
    const onPlayed = () => {
      record.isSent = true;
    };
    const head = this.pieces(facts.headText, delay_ms);
    const body = facts.bodyText === "" ? [] : this.pieces(facts.bodyText, 0);
    const [firstOfBody] = body;
    if (firstOfBody !== undefined && facts.expectsContinue) {
      body[0] = { ...firstOfBody, patience_ms: this.plan.patience_ms };
    }
    const steps = [...head, ...body];
    const [first] = steps;
    if (first !== undefined) steps[0] = { ...first, onPlay };
    const last = steps.length - 1;
    steps[last] = { ...(steps[last] as Step), onPlayed };
    return steps;
  }

  private pieces(text: string, delay_ms: number): Step[] {
    const { pace, pause_ms } = this.plan;
    if (pace === "at-once") return [{ text, delay_ms }];
    const pieces = this.random.cut(text, pace === "pieces" ? 200 : Math.ceil(text.length / 3));
    return pieces.map((piece, index) => ({
      text: piece,
      delay_ms: index === 0 ? delay_ms : this.random.skewed(pace === "pieces" ? 5 : pause_ms),
    }));
  }

  private misbehave(how: "reset" | "vanish" | "stall" | "half-close"): void {
    this.scene.timeline.note(this.name, `#### the client will ${how}`);
    if (how === "reset") this.socket.reset();
    else if (how === "vanish") this.socket.destroy();
    else if (how === "half-close") this.socket.end();
    if (how === "reset" || how === "vanish") this.over();
  }

  // Receiving.

  onData(octets: Octets): void {
    try {
      if (this.tunnel !== undefined) this.tunnel.onText(octets.latin1Slice());
      else this.reader.feed(octets.latin1Slice());
    } catch (error) {
      if (error instanceof StrictError) fail("well-formed-response", `${this.name} gets ${error.message}`);
      throw error;
    }
    this.readingBudget -= octets.length;
    if (this.readingBudget <= 0 && !this.isOver) this.stopReading();
  }

  private stopReading(): void {
    const { plan, socket, scene } = this;
    socket.pause();
    if (plan.reading === "never") return;
    const isLate = plan.reading === "late";
    const limit_ms = scene.settings.bodyTimeout_ms * 5;
    const pause_ms = isLate ? this.random.between(scene.settings.bodyTimeout_ms, limit_ms) : this.random.skewed(400);
    this.readingBudget = isLate ? Number.POSITIVE_INFINITY : this.random.between(100, 100_000);
    scene.schedule.after(pause_ms, () => socket.resume());
  }

  onInterim(status: number): void {
    if (status === 100) this.player.release();
  }

  onSwitch(record: RequestRecord): void {
    const { scene, socket, player, random } = this;
    record.outcome = "answered";
    this.answered++;
    const early = this.reader.takeRest();
    this.tunnel = new TunnelEnd({ scene, socket, player, random, id: record.id, side: "client" });
    this.tunnel.onText(early);
    this.tunnel.begin();
  }

  onAnswer(record: RequestRecord | undefined, persists: boolean, terms_ms: number | undefined): void {
    this.hasBeenAnswered = true;
    if (record !== undefined) {
      this.answered++;
      if (record.mustSucceed && record.outcome !== "answered") fail("liveness", `${record.id}: ${record.outcome}`);
    }
    this.scene.timeline.note(this.name, `==== ${record?.id ?? "nothing"}: ${record?.outcome ?? "answered"}`);
    if (!persists) return this.onLast(record);
    this.player.release();
    if (this.answered < this.plan.requests.length) {
      const think_ms = this.random.skewed(this.plan.think_ms);
      // Whoever believes the advertised terms, to the last moment but the way there, is not disappointed.
      const isLastMoment = terms_ms !== undefined && this.random.chance(0.3);
      this.sendMore(isLastMoment ? terms_ms - WAY_MS : Math.min(think_ms, terms_ms ?? think_ms));
    } else if (this.plan.ending === "close" && this.plan.evil === undefined && this.player.isIdle) {
      this.socket.destroy();
      this.over();
    }
  }

  /** The response announced that nothing follows: the proxy closes now. */
  private onLast(last: RequestRecord | undefined): void {
    this.isLast = true;
    for (const record of this.plan.requests.slice(this.answered)) {
      if (!record.isBegun) continue;
      // Nothing behind a last response is answered; whatever was not forwarded yet must not be now.
      if (record.arrivals.length === 0) record.mustNotArrive = true;
    }
    if (this.due !== undefined || !this.player.isIdle) this.player.release();
    if (this.plan.ending === "close" && this.player.isIdle) {
      this.socket.end();
    }
    if (last?.isSent !== false) this.scene.schedule.after(CLOSE_MS_MAX, () => this.checkClosed());
  }

  private checkClosed(): void {
    const { proxyEnd, isSevered } = this.link;
    if (this.isOver || isSevered || this.socket.isPaused || proxyEnd.isGone || proxyEnd.isEnding) return;
    fail("answer-or-close", `${this.name} was told the connection ends, and it does not`);
  }

  onDrain(): void {
    this.player.onDrain();
  }

  onEnd(): void {
    this.hasHeardEnd = true;
    // A tunnel's other half goes on until it is done.
    if (this.tunnel !== undefined) return this.tunnel.onEnd();
    const wasWhole = this.judge.isCloseDelimited ? this.reader.end() : this.reader.isBetween;
    if (!wasWhole) this.noteTruncated();
    this.player.stop();
    this.noteUnanswered();
    this.socket.end();
  }

  onClose(fault: string | undefined): void {
    if (this.isOver) return;
    if (!this.hasHeardEnd && this.tunnel === undefined) {
      if (fault === undefined && !this.socket.isEnding) fail("port-contract", "a close without an end");
      this.noteTruncated();
      this.noteUnanswered();
    }
    this.over();
  }

  private noteTruncated(): void {
    const record = this.due;
    this.reader.stop();
    if (record === undefined || !this.judge.isInBody) return;
    record.outcome = "truncated";
    this.answered++;
    if (record.mustSucceed)
      fail("liveness", `the response to ${record.id} is cut short though nothing is faulty any more`);
  }

  private noteUnanswered(): void {
    for (const record of this.plan.requests.slice(this.answered)) {
      if (!record.isBegun) continue;
      record.outcome ??= "unanswered";
      if (record.mustSucceed) fail("liveness", `${record.id} is not answered though nothing is faulty any more`);
    }
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.player.stop();
    this.reader.stop();
  }
}
