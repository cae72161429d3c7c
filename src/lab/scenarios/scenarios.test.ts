/**
 * Every scenario keeps what it claims, on real sockets and in simulation alike.
 *
 * On real sockets all plays are on at once, most of them waiting; a busy machine may spoil one play's timing, so a claim
 * about a race of milliseconds is judged by the simulation, and on sockets by the best of a few plays.
 */
import { describe, expect, it } from "vitest";
import { type MiddleKind, middleKinds, middleOf } from "../actors/middles.ts";
import { figureText } from "../figures.ts";
import type { Play } from "../play.ts";
import type { Performance, Scenario } from "../scenario.ts";
import { quickPace } from "../stage.ts";
import { scenarios } from "./all.ts";
import { gracefulClose } from "./graceful-close.ts";

/** Plays of one cast on sockets, until one is not spoilt. */
const ATTEMPTS = 3;

function perform(scenario: Scenario, kind: MiddleKind, network: Play["network"]): Promise<Performance> {
  return scenario.perform({ middle: middleOf(kind), network, pace: quickPace });
}

const broken = ({ claims }: Performance) => claims.filter(({ holds }) => !holds).map(({ says }) => says);

const casts = scenarios.flatMap((scenario) =>
  scenario.proxies.map((kind) => ({ scenario, kind, name: scenario.name })),
);
const castsOnSockets = scenarios.flatMap((scenario) =>
  [...scenario.proxies, ...(scenario.alsoWith ?? [])].map((kind) => ({ scenario, kind, name: scenario.name })),
);

describe("in simulation", () => {
  it.each(casts)("$name with $kind keeps its claims, and is the same play twice", async ({ scenario, kind }) => {
    const one = await perform(scenario, kind, "simulated");
    expect(one.claims).not.toStrictEqual([]);
    expect(broken(one)).toStrictEqual([]);
    const other = await perform(scenario, kind, "simulated");
    expect(JSON.stringify(other.play)).toBe(JSON.stringify(one.play));
  });
});

describe("on real sockets", () => {
  it.concurrent.each(castsOnSockets)("$name with $kind keeps its claims", async ({ scenario, kind }) => {
    let left: string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const performance = await perform(scenario, kind, "sockets");
      expect(performance.claims).not.toStrictEqual([]);
      left = broken(performance);
      if (left.length === 0) return;
    }
    expect(left).toStrictEqual([]);
  });
});

describe("a play", () => {
  it.each(
    casts,
  )("$name with $kind is whole: steps in order, within it, between actors that stand on the stage", async ({
    scenario,
    kind,
  }) => {
    const { play } = await perform(scenario, kind, "simulated");
    const actors = new Set(play.actors.map(({ id }) => id));
    const connections = new Map(play.connections.map((it) => [it.id, it]));
    for (const { from, to } of play.connections) expect([actors.has(from), actors.has(to)]).toStrictEqual([true, true]);
    let before_ms = 0;
    for (const step of play.steps) {
      expect(step.at_ms).toBeGreaterThanOrEqual(before_ms);
      expect(step.until_ms).toBeGreaterThanOrEqual(step.at_ms);
      before_ms = step.at_ms;
      if (step.kind === "wait" || step.kind === "note") expect(actors).toContain(step.actor);
      else expect([...connections.keys()]).toContain(step.connection);
      if (step.kind === "message") expect(step.octetCount).toBeGreaterThanOrEqual(step.octets.length);
    }
    const flights = play.steps.filter(({ kind: it }) => it === "message" || it === "close");
    for (const { at_ms, until_ms } of flights) expect(until_ms - at_ms).toBeGreaterThanOrEqual(play.rtt_ms / 2 - 0.001);
  });
});

describe("narration", () => {
  it("is said: every cue fits a step of some play of its scenario", async () => {
    const unsaid: string[] = [];
    for (const scenario of scenarios) {
      const said = new Set<string>();
      for (const kind of scenario.proxies) {
        const { play } = await perform(scenario, kind, "simulated");
        for (const { narration } of play.steps) if (narration !== undefined) said.add(narration.en);
      }
      for (const { text } of scenario.cues) if (!said.has(text.en)) unsaid.push(`${scenario.name}: ${text.en}`);
    }
    expect(unsaid).toStrictEqual([]);
  });

  it("is in both languages, as are titles, verdicts and morals", async () => {
    for (const { scenario, kind } of casts) {
      const { play } = await perform(scenario, kind, "simulated");
      const texts = [
        play.title,
        play.verdict,
        play.moral,
        ...play.measures.map(({ name }) => name),
        ...scenario.cues.map(({ text }) => text),
        ...play.steps.flatMap((step) => (step.kind === "wait" || step.kind === "note" ? [step.text] : [])),
      ];
      for (const { en, ko } of texts) {
        expect(en).toMatch(/^[\x20-\x7e]+$/);
        expect(ko).toMatch(/[가-힣]/);
      }
    }
  });
});

describe("figures", () => {
  const kinds = middleKinds.filter((kind) => !middleOf(kind).needsSockets);

  it.each(scenarios)("of $name agree with their nouns, whatever stands in the middle", async (scenario) => {
    for (const kind of kinds) {
      const { play } = await perform(scenario, kind, "simulated");
      const figures = play.measures.map((it) => `${it.name.en}: ${figureText(it, "en")}`);
      for (const text of [play.verdict.en, ...figures]) {
        expect(text).not.toMatch(/\b1 (?:connection|request|round trip|byte|time)s\b|\b1 (?:are|use|travel)\b/);
        expect(text).not.toMatch(/\b(?:0|[2-9]|\d{2,}) (?:connection|request|byte)\b/);
      }
    }
  });

  it("of one are singular", () => {
    const one = { name: { en: "it takes", ko: "걸린 것" }, value: 1 };
    const units = ["connections", "requests", "round trips", "bytes", "ms"];
    const texts = units.map((unit) => figureText({ ...one, unit }, "en"));
    expect(texts).toStrictEqual(["1 connection", "1 request", "1 round trip", "1 byte", "1 ms"]);
  });

  it.each(
    scenarios,
  )("of $name that are worse with hopwise than without a proxy have their reason, and only those", async (scenario) => {
    if (!scenario.proxies.includes("none")) return expect(scenario.comparison).toBeUndefined();
    const [without, hopwise] = await Promise.all([
      perform(scenario, "none", "simulated"),
      perform(scenario, "hopwise", "simulated"),
    ]);
    const isSlower = hopwise.play.measures.some(({ name, unit, value }) => {
      const other = without.play.measures.find((it) => it.name.en === name.en);
      return unit === "ms" && other !== undefined && value > other.value;
    });
    expect(hopwise.play.comparison !== undefined).toBe(isSlower);
    expect(without.play.comparison).toBeUndefined();
  });
});

it("a message whose end comes late is two steps, and its end leaves before its sender's FIN", async () => {
  const { play } = await perform(gracefulClose, "hopwise", "simulated");
  const titles = play.steps.flatMap((step) => (step.kind === "message" && step.from === "client" ? [step.title] : []));
  expect(titles).toStrictEqual(["POST /upload HTTP/1.1", "… 8.0 MiB"]);
  const answer = play.steps.findIndex((step) => step.kind === "message" && step.from === "server");
  const end = play.steps.findIndex((step) => step.kind === "message" && step.title === "… 8.0 MiB");
  const fin = play.steps.findIndex((step) => step.kind === "close" && step.from === "client");
  expect([answer < end, end < fin]).toStrictEqual([true, true]);
  expect(play.steps[end]?.at_ms).toBeLessThanOrEqual(play.steps[fin]?.at_ms ?? 0);
});

it("the scenarios tell the story, statement by statement", () => {
  const told = new Set(scenarios.flatMap(({ statements }) => statements));
  expect([...told].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toStrictEqual(
    Array.from({ length: 16 }, (_, index) => `S${index + 1}`),
  );
});
