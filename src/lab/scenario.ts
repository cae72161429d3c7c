/**
 * What a scenario is, and how it becomes a play.
 *
 * A scenario directs actors, judges what was measured, and claims what must come of it; a test holds it to its claims on
 * each network. Deliberately absent: any outcome that is not measured.
 */
import type { Middle, MiddleKind } from "./actors/middles.ts";
import type { LabNetwork } from "./network/lab-network.ts";
import { simulatedNetwork } from "./network/simulated.ts";
import { socketNetwork } from "./network/sockets.ts";
import type { Measure, NarratedStep, Outcome, Play, Text } from "./play.ts";
import { type Cue, Narrator } from "./recording/cues.ts";
import { Telling } from "./recording/telling.ts";
import { humanPace, type Pace, Stage } from "./stage.ts";

export interface Judgement {
  readonly outcome: Outcome;
  /** What happened, in one sentence made of what was measured. */
  readonly verdict: Text;
  readonly measures: readonly Measure[];
}

/** What must come of a scenario with one of these in the middle. */
export interface Claim<Facts> {
  readonly says: string;
  readonly proxies: readonly string[];
  readonly holds: (facts: Facts, stage: Stage) => boolean;
}

export interface ScenarioText {
  readonly name: string;
  readonly title: Text;
  /** Statements of the story that it plays: "S9". */
  readonly statements: readonly string[];
  /** Who stands in the middle, one play each, unless somebody else is wanted. */
  readonly proxies: readonly MiddleKind[];
  /** Who else has claims about it, on real sockets. */
  readonly alsoWith?: readonly MiddleKind[];
  readonly rtt_ms: number;
  readonly emphasis?: RegExp;
  readonly cues: readonly Cue[];
  /** Why hopwise is slower than no proxy, where it is. */
  readonly comparison?: Text;
  readonly moral: Text;
  readonly sources: readonly string[];
}

export interface ScenarioOf<Facts> extends ScenarioText {
  readonly direct: (stage: Stage, middle: Middle) => Promise<Facts>;
  readonly judge: (facts: Facts, stage: Stage) => Judgement;
  readonly claims: readonly Claim<Facts>[];
}

export interface Performance {
  readonly play: Play;
  /** Claims about this cast, and whether they held. */
  readonly claims: readonly { readonly says: string; readonly holds: boolean }[];
}

export interface PerformOptions {
  readonly middle: Middle;
  readonly network: Play["network"];
  /** None: the scenario's own. */
  readonly rtt_ms?: number | undefined;
  readonly pace?: Pace | undefined;
  /** @param tell tells, through `onStep`, what is certain by now; the rest is told at the end */
  readonly onBegin?: ((stage: Stage, tell: () => void) => void) | undefined;
  /** In the order of time. @param at_ms the time that stands beside it */
  readonly onStep?: ((step: NarratedStep, at_ms: number, stage: Stage) => void) | undefined;
}

export interface Scenario extends ScenarioText {
  perform(options: PerformOptions): Promise<Performance>;
}

/** Field lines that most scenarios are about. */
const CONNECTION_FIELDS = /^(?:Connection|Keep-Alive|Proxy-Connection):/i;

export function scenario<Facts>(written: ScenarioOf<Facts>): Scenario {
  return { ...written, perform: (options) => perform(written, options) };
}

async function perform<Facts>(written: ScenarioOf<Facts>, options: PerformOptions): Promise<Performance> {
  const { middle, pace = humanPace, onStep, onBegin } = options;
  const network = networkOf(options.network, options.rtt_ms ?? written.rtt_ms);
  const narrator = new Narrator(written.cues, middle.kind, (id) => {
    const connection = stage.recorder.connections.find((it) => it.id === id);
    return connection === undefined ? ["", ""] : [connection.from, connection.to];
  });
  const stage: Stage = new Stage({ network, pace, emphasis: written.emphasis ?? CONNECTION_FIELDS });
  const { recorder } = stage;
  const telling = new Telling(narrator, network.rtt_ms, (step, at_ms) => onStep?.(step, at_ms, stage));
  onBegin?.(stage, () => telling.upTo(recorder.now(), recorder.steps));
  try {
    const facts = await network.run(async () => {
      const result = await written.direct(stage, middle);
      await stage.settle();
      return result;
    });
    recorder.finish();
    telling.all(recorder.steps);
    const claims = written.claims.filter(({ proxies }) => proxies.includes(middle.kind));
    return {
      play: playOf(written, middle, stage, written.judge(facts, stage)),
      claims: claims.map(({ says, holds }) => ({ says, holds: holds(facts, stage) })),
    };
  } finally {
    stage.close();
  }
}

function playOf(written: ScenarioText, middle: Middle, stage: Stage, judgement: Judgement): Play {
  const { name, title, comparison, moral, sources } = written;
  return {
    scenario: name,
    title,
    proxy: middle.name,
    network: stage.network.kind,
    rtt_ms: stage.network.rtt_ms,
    actors: stage.actors,
    connections: stage.recorder.connections,
    steps: stage.recorder.steps,
    ...judgement,
    ...(comparison === undefined || middle.kind !== "hopwise" ? {} : { comparison }),
    moral,
    sources,
  };
}

function networkOf(kind: Play["network"], rtt_ms: number): LabNetwork {
  return kind === "simulated" ? simulatedNetwork(rtt_ms) : socketNetwork(rtt_ms);
}
