/**
 * The client's end of a tunnel on a stream of HTTP/2: plays its part of the plan, and hands on what comes.
 *
 * Deliberately absent: the answer, if it is another than a tunnel (http2-answer.ts), and the connection (http2-client.ts).
 */
import type { ClientHttp2Stream } from "node:http2";
import type { Random } from "../../src/net/simulated/random.ts";
import type { TunnelPlay } from "./http2-tunnel-world.ts";
import type { Scene } from "./scene.ts";
import type { TunnelRecord } from "./tunnel-record.ts";

export interface TunnelEndOptions {
  readonly scene: Scene;
  readonly random: Random;
  readonly tunnel: TunnelRecord;
  readonly stream: ClientHttp2Stream;
  /** What it hears is an event of the world. */
  readonly hears: (what: () => void) => void;
  /** It resets the stream. */
  readonly reset: (code: number) => void;
}

export class Http2TunnelEnd {
  private readonly options: TunnelEndOptions;
  private readonly play: TunnelPlay;
  private readonly pieces: string[];
  private hasBegun = false;
  private hasSaidAll = false;
  private hasHeardEnd = false;

  constructor(options: TunnelEndOptions) {
    const { random, tunnel } = options;
    const play = tunnel.plan.client;
    const text = play.ends === "reset" ? play.text.slice(0, play.resetsAt) : play.text;
    this.options = options;
    this.play = play;
    this.pieces = text === "" ? [] : play.pace === "at-once" ? [text] : random.cut(text, Math.ceil(text.length / 5));
    if (tunnel.plan.isEarly) this.begin();
  }

  /** It stands. */
  establish(): void {
    const { stream, scene, tunnel, random, hears } = this.options;
    tunnel.isEstablished = true;
    this.begin();
    const { reading } = this.play;
    if (reading === "never") return;
    let budget = reading === "steady" ? Number.POSITIVE_INFINITY : random.below(3_000);
    stream.on("data", (piece: Buffer) => {
      hears(() => tunnel.clientHears(piece.toString("latin1")));
      budget -= piece.length;
      if (budget > 0) return;
      stream.pause();
      const isLate = reading === "late";
      const { bodyTimeout_ms } = scene.settings;
      budget = isLate ? Number.POSITIVE_INFINITY : random.between(100, 20_000);
      scene.schedule.after(isLate ? random.between(bodyTimeout_ms, bodyTimeout_ms * 5) : random.skewed(400), () =>
        stream.resume(),
      );
    });
    stream.on("end", () => hears(() => this.onEnd()));
  }

  /** There is none: nothing more is said, and that in order. */
  decline(): void {
    const { stream } = this.options;
    this.pieces.length = 0;
    this.hasBegun = true;
    if (!this.isOver) stream.end();
  }

  private get isOver(): boolean {
    const { stream } = this.options;
    return stream.closed || stream.destroyed || stream.writableEnded;
  }

  private begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.say();
  }

  private say(): void {
    if (this.isOver) return;
    const { stream, scene, random } = this.options;
    const piece = this.pieces.shift();
    if (piece === undefined) return this.finish();
    stream.write(piece, "latin1");
    scene.schedule.after(random.skewed(this.play.pause_ms), () => this.say());
  }

  private finish(): void {
    const { stream, tunnel, reset } = this.options;
    const { ends } = this.play;
    this.hasSaidAll = true;
    if (ends === "half-close" || (ends === "behind-other" && this.hasHeardEnd)) stream.end();
    else if (ends === "reset") reset(tunnel.plan.code);
  }

  private onEnd(): void {
    // The runtime says so, too, where the end is none in order.
    if (!this.options.tunnel.clientHasHeardEnd) return;
    this.hasHeardEnd = true;
    if (this.hasSaidAll && !this.isOver) this.finish();
  }
}
