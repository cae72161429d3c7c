/**
 * A client's connection of HTTP/2: plays its plan, stream by stream, and has everything judged that comes back.
 *
 * A response is complete if the wire says so (END_STREAM), whatever the client's runtime makes of it; each is judged by the judge of all
 * responses. Deliberately absent: how streams are drawn (http2-world.ts).
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Random } from "../../src/net/simulated/random.ts";
import { fail } from "./failure.ts";
import { Http2Answer } from "./http2-answer.ts";
import { Http2TunnelEnd } from "./http2-tunnel-end.ts";
import type { Http2Plan, Http2Request } from "./http2-world.ts";
import { LinkStream } from "./link-stream.ts";
import type { Link } from "./network.ts";
import type { RequestRecord } from "./record.ts";
import type { Scene } from "./scene.ts";

/** How soon work is given up for a stream that its client has reset, once the proxy has read that. */
const CANCEL_MS_MAX = 100;
const LOOK_EVERY_MS = 50;
/** Until the runtime has written what was asked for. */
const GOAWAY_MS = 20;
const LOOKS_MAX = 2_000;

export class Http2Client {
  readonly name: string;
  readonly plan: Http2Plan;
  readonly link: Link;
  /** Nothing more will happen here. */
  isOver = false;
  /** It takes nothing any more, for good. */
  isDeaf = false;
  private readonly scene: Scene;
  private readonly random: Random;
  private readonly stream: LinkStream;
  private session: ClientHttp2Session | undefined;
  /** What the client asked for and has not seen the end of. */
  private readonly open = new Map<RequestRecord, ClientHttp2Stream>();
  private asked = 0;
  /** The client is done with it, one way or another. */
  private hasMisbehaved = false;
  private mayAsk = true;

  constructor(scene: Scene, link: Link, plan: Http2Plan, random: Random) {
    this.scene = scene;
    this.link = link;
    this.name = link.name;
    this.plan = plan;
    this.random = random;
    this.stream = new LinkStream(link.peerEnd, () => this.over());
    for (const record of plan.requests) {
      scene.records.set(record.id, record);
      record.clientAddress = link.proxyEnd.remoteAddress;
      record.clientName = link.name;
    }
  }

  isDue(record: RequestRecord): boolean {
    return this.open.has(record);
  }

  begin(): void {
    const { plan, scene, random } = this;
    const session = connect("http://simulated", {
      createConnection: () => this.stream,
      settings: { initialWindowSize: plan.windowBytes, enablePush: false },
    });
    this.session = session;
    session.on("error", () => {});
    session.on("goaway", () => {
      this.mayAsk = false;
    });
    session.on("close", () => this.over());
    if (plan.accident !== undefined) {
      const { after_ms, how } = plan.accident;
      scene.schedule.after(after_ms, () => this.misbehave(how));
    }
    if (plan.reading === "never") scene.schedule.after(random.skewed(1_000), () => this.turnDeaf());
    this.askMore();
  }

  /** The world is over. */
  leave(): void {
    this.session?.destroy();
    this.stream.destroy();
  }

  // Asking.

  private askMore(): void {
    const { plan } = this;
    while (this.asked < plan.streams.length && this.open.size < plan.depth && this.mayAskNow) {
      this.ask(plan.streams[this.asked++] as Http2Request);
    }
    if (this.asked < plan.streams.length) return;
    // It is said behind what was asked for; the runtime would say it first.
    if (plan.ending === "goaway") this.scene.schedule.after(GOAWAY_MS, () => this.session?.close());
    else if (this.open.size === 0 && plan.ending === "close") this.session?.close();
  }

  private get mayAskNow(): boolean {
    const { session } = this;
    return this.mayAsk && !this.isOver && session !== undefined && !session.closed && !session.destroyed;
  }

  private ask(request: Http2Request): void {
    const { scene, session, plan } = this;
    const { record, cancelling, fields } = request;
    const { framing, expectsContinue } = record.facts;
    if (session === undefined) return;
    record.isBegun = true;
    record.isSent = framing === "none";
    const endStream = framing === "none" && record.tunnel === undefined;
    const stream = session.request(fields as never, {
      endStream,
      // Without that the runtime says END_STREAM before it resets a stream whose body is not whole.
      waitForTrailers: !endStream,
    });
    stream.on("wantTrailers", () => {
      const isOver = record.tunnel !== undefined && (stream.closed || stream.destroyed);
      if (!isOver) stream.sendTrailers(request.trailers);
    });
    this.open.set(record, stream);
    const answer = new Http2Answer(scene, this.name, record);
    stream.on("error", () => {});
    const tunnel = this.tunnelOn(record, stream);
    stream.on("headers", (...[, , raw]: Said) => this.hears(() => answer.interim(raw)));
    // The runtime tells of a body at once, and of the head before it in its next turn, unless nobody listens for the body yet.
    stream.on("response", (...[, , raw]: Said) => {
      this.hears(() => answer.head(raw));
      if (answer.isTunnel) return tunnel?.establish();
      tunnel?.decline();
      this.read(request, stream, answer);
    });
    stream.on("trailers", (...[, , raw]: Said) => this.hears(() => answer.trailers(raw)));
    stream.on("close", () => this.hears(() => this.onClosed(request, stream, answer)));
    if (cancelling !== undefined) scene.schedule.after(cancelling.after_ms, () => this.cancel(record, stream));
    if (framing === "none") return;
    if (!expectsContinue) return this.send(request, stream);
    let isSending = false;
    const send = () => {
      if (isSending) return;
      isSending = true;
      this.send(request, stream);
    };
    stream.on("continue", send);
    scene.schedule.after(plan.patience_ms, send);
  }

  /** It asks for one, and the stream may become it; it does not: undefined. */
  private tunnelOn(record: RequestRecord, stream: ClientHttp2Stream): Http2TunnelEnd | undefined {
    const { scene, random } = this;
    const { tunnel } = record;
    if (tunnel === undefined) return undefined;
    const wire = () => {
      tunnel.wire = { stream: stream.id ?? 0, said: this.stream.said, heard: this.stream.heard };
    };
    // It has no number before it is on the wire.
    if (stream.pending) stream.once("ready", wire);
    else wire();
    const hears = (what: () => void) => this.hears(what);
    const reset = (code: number) => this.cancel(record, stream, code);
    return new Http2TunnelEnd({ scene, random, tunnel, stream, hears, reset });
  }

  /** What the runtime tells is an event of the world. */
  private hears(what: () => void): void {
    this.link.network.activity++;
    what();
  }

  private send({ record, bodySent }: Http2Request, stream: ClientHttp2Stream): void {
    const { plan, random, scene } = this;
    const size = plan.pace === "pieces" ? 200 : Math.ceil(bodySent.length / 3);
    const pieces = plan.pace === "at-once" || bodySent === "" ? [bodySent] : random.cut(bodySent, size);
    let at_ms = 0;
    for (const [index, piece] of pieces.entries()) {
      const isLast = index === pieces.length - 1;
      scene.schedule.after(at_ms, () => {
        if (stream.closed || stream.destroyed) return;
        if (!isLast) return void stream.write(piece, "latin1");
        record.isSent = true;
        stream.end(piece, "latin1");
      });
      at_ms += random.skewed(plan.pace === "pieces" ? 5 : plan.pause_ms);
    }
  }

  // Reading.

  private read({ reading }: Http2Request, stream: ClientHttp2Stream, answer: Http2Answer): void {
    const { random, scene } = this;
    const { bodyTimeout_ms } = scene.settings;
    let budget = reading === "steady" ? Number.POSITIVE_INFINITY : random.below(3_000);
    stream.on("data", (piece: Buffer) => {
      this.hears(() => answer.body(piece.toString("latin1")));
      budget -= piece.length;
      if (budget > 0) return;
      stream.pause();
      if (reading === "never") return;
      const isLate = reading === "late";
      const pause_ms = isLate ? random.between(bodyTimeout_ms, bodyTimeout_ms * 5) : random.skewed(400);
      budget = isLate ? Number.POSITIVE_INFINITY : random.between(100, 100_000);
      scene.schedule.after(pause_ms, () => stream.resume());
    });
  }

  private onClosed({ record }: Http2Request, stream: ClientHttp2Stream, answer: Http2Answer): void {
    const { heard, hasHeardEnd, isTakenForHttp1 } = this.stream;
    this.open.delete(record);
    const id = stream.id ?? 0;
    // That may be what the client itself has said of a tunnel.
    const isOwnCode = record.tunnel !== undefined && record.isCancelled;
    const wasRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM && !isOwnCode;
    const hasEnded = heard.ended.has(id);
    const bodyBytes = heard.dataBytes.get(id) ?? 0;
    if (record.tunnel !== undefined) record.tunnel.isClosed = true;
    answer.close({ isWhole: hasEnded, wasRefused, bodyBytes, code: stream.rstCode ?? 0 });
    if (answer.isWhole && !hasEnded)
      fail("truncation-is-visible", `${record.id} looks complete, and its stream has not ended`);
    const wasReset = heard.reset.has(id);
    const isOurs =
      record.isCancelled || this.hasMisbehaved || hasHeardEnd || isTakenForHttp1 || this.stream.said.reset.has(id);
    if (!hasEnded && !wasReset && !isOurs && !wasRefused)
      fail("truncation-is-visible", `${record.id} ends, and nothing on the wire says so`);
    if (this.asked < this.plan.streams.length) {
      this.scene.schedule.after(this.random.skewed(this.plan.think_ms), () => this.askMore());
    } else this.askMore();
  }

  // What goes wrong.

  private cancel(record: RequestRecord, stream: ClientHttp2Stream, code: number = constants.NGHTTP2_CANCEL): void {
    if (stream.closed || stream.destroyed || this.isOver) return;
    const { scene, name } = this;
    scene.timeline.note(name, `#### the client gives ${record.id} up`);
    record.isCancelled = true;
    stream.close(code);
    let looks = 0;
    let readBy_ms: number | undefined;
    const look = () => {
      const { proxyEnd, peerEnd, isSevered } = this.link;
      if (this.isOver || isSevered || proxyEnd.isGone || ++looks > LOOKS_MAX || proxyEnd.isPaused) return;
      const hasLeft = this.stream.said.reset.has(stream.id ?? 0) && peerEnd.unsentBytes === 0;
      if (hasLeft && proxyEnd.deliveredBytes === peerEnd.writtenBytes) readBy_ms ??= scene.schedule.now_ms;
      if (readBy_ms === undefined || scene.schedule.now_ms - readBy_ms < CANCEL_MS_MAX)
        return void scene.schedule.after(LOOK_EVERY_MS, look);
      if (scene.isUnderWay(record.id, record.tunnel?.originPort))
        fail("cancelled-is-over", `${record.id} was given up by its client, and goes on`);
    };
    scene.schedule.after(LOOK_EVERY_MS, look);
  }

  private turnDeaf(): void {
    this.isDeaf = true;
    this.link.peerEnd.pause();
  }

  private misbehave(how: "reset" | "vanish" | "stall" | "half-close"): void {
    if (this.isOver) return;
    const { peerEnd } = this.link;
    this.scene.timeline.note(this.name, `#### the client will ${how}`);
    this.hasMisbehaved = true;
    this.mayAsk = false;
    if (how === "reset") peerEnd.reset();
    else if (how === "vanish") peerEnd.destroy();
    else if (how === "half-close") peerEnd.end();
    else this.turnDeaf();
  }

  /** Its connection is gone: what is not complete by now is cut off. */
  private over(): void {
    if (this.isOver || !this.link.peerEnd.isGone) return;
    this.isOver = true;
  }
}

type Said = [fields: unknown, flags: number, raw: string[]];
