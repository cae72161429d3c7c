/**
 * What the narrator says, and when: a cue waits for the first step that it fits, and is said once.
 *
 * Deliberately absent: outcomes. A cue tells what a step is; what came of it is measured.
 */
import type { Step, Text } from "../play.ts";

export interface Cue {
  readonly on: {
    readonly kind: Step["kind"];
    /** Who sends, closes, dials, waits. */
    readonly by?: string;
    /** The actor at the other end. */
    readonly towards?: string;
    /** In the octets of a message. */
    readonly contains?: RegExp;
    readonly how?: "FIN" | "RST";
  };
  /** Only with one of these in the middle; none: with any. */
  readonly proxies?: readonly string[];
  readonly text: Text;
}

export type ConnectionEnds = (connection: string) => readonly [from: string, to: string];

export class Narrator {
  private readonly cues: Cue[];
  private readonly ends: ConnectionEnds;

  constructor(cues: readonly Cue[], proxy: string, ends: ConnectionEnds) {
    this.cues = cues.filter(({ proxies }) => proxies === undefined || proxies.includes(proxy));
    this.ends = ends;
  }

  /** The sentence for this step, if there is one left. */
  take(step: Step): Text | undefined {
    const index = this.cues.findIndex((cue) => this.fits(cue, step));
    if (index < 0) return undefined;
    const [cue] = this.cues.splice(index, 1);
    return cue?.text;
  }

  private fits({ on }: Cue, step: Step): boolean {
    if (on.kind !== step.kind) return false;
    const [by, towards] = this.actorsOf(step);
    if (on.by !== undefined && on.by !== by) return false;
    if (on.towards !== undefined && on.towards !== towards) return false;
    if (on.how !== undefined && (step.kind !== "close" || step.how !== on.how)) return false;
    return on.contains === undefined || (step.kind === "message" && on.contains.test(step.octets));
  }

  private actorsOf(step: Step): readonly [by: string, towards: string | undefined] {
    if (step.kind === "wait" || step.kind === "note") return [step.actor, undefined];
    const [from, to] = this.ends(step.connection);
    if (step.kind === "open") return [from, to];
    return step.from === from ? [from, to] : [to, from];
  }
}
