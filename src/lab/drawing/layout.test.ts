/** Where things stand: time runs down on one axis, labels keep clear of each other, the hang is seen. */
import { describe, expect, it } from "vitest";
import { dumbPlay, fin, hopwisePlay, message, open } from "../../../test/kit/plays.ts";
import { middleOf } from "../actors/middles.ts";
import type { NarratedStep, Play } from "../play.ts";
import type { Scenario } from "../scenario.ts";
import { scenarios } from "../scenarios/all.ts";
import { quickPace } from "../stage.ts";
import { beatsOf, clockOf } from "./beats.ts";
import { areaOf, labelOf, overlapOf, type Turned } from "./labels.ts";
import { type Arrow, aligned, type Drawing, drawingOf, type Panel, type Shape } from "./layout.ts";
import { HEAD_HEIGHT, headOf, pictureOf } from "./svg.ts";

/** Pixels by which two may be in each other, and both still be read. */
const LEGIBLE = 3;

const drawing = drawingOf([dumbPlay, hopwisePlay]);
const played = (steps: readonly NarratedStep[]): Play => ({ ...hopwisePlay, steps });
const arrowsOf = (panel: Panel | undefined, step?: number) =>
  (panel?.shapes ?? []).filter(
    (shape): shape is Arrow => shape.kind === "arrow" && (step === undefined || shape.step === step),
  );

/** The plays of a scenario, on its simulated network. */
async function drawn({ proxies, perform }: Scenario): Promise<Drawing> {
  const performed = proxies.map((kind) =>
    perform({ middle: middleOf(kind), network: "simulated", pace: quickPace } as const),
  );
  return drawingOf((await Promise.all(performed)).map(({ play }) => aligned(play)));
}

describe("the time axis", () => {
  it("is one for both plays: what is later in either stands lower in both", () => {
    const points = [dumbPlay, hopwisePlay]
      .flatMap(({ steps }, play) =>
        steps.flatMap(({ at_ms, until_ms }, step) => [
          { at_ms, y: drawing.y(play, step, false) },
          { at_ms: until_ms, y: drawing.y(play, step, true) },
        ]),
      )
      .sort((a, b) => a.at_ms - b.at_ms || a.y - b.y);
    for (const [index, point] of points.entries()) {
      expect(point.y).toBeGreaterThanOrEqual(points[index - 1]?.y ?? 0);
    }
  });

  it("is proportional where it may be: each one-way delay without labels in its way is as tall", () => {
    const plain = drawingOf([played([open("up", 0), message("up", "proxy", 100, ["GET / HTTP/1.1"])])]);
    const fall = (step: number) => plain.y(0, step, true) - plain.y(0, step, false);
    expect(fall(0)).toBeCloseTo(2 * fall(1));
  });

  it("breaks in long waits, and a longer one is still taller", () => {
    const breakOf = (wait_ms: number) =>
      drawingOf([played([open("down", 0), message("down", "client", wait_ms, ["GET / HTTP/1.1"])])]).axis.breaks[0];
    const [short, long] = [breakOf(2000), breakOf(60_000)];
    expect(short?.duration_ms).toBe(1960);
    const height = (axisBreak = { top: 0, bottom: 0 }) => axisBreak.bottom - axisBreak.top;
    expect(height(long)).toBeGreaterThan(height(short));
    expect(height(long)).toBeLessThan(2 * height(short));
  });

  it("labels instants far enough apart to be read", () => {
    const ys = drawing.axis.ticks.map(({ y }) => y);
    for (const [index, y] of ys.entries()) if (index > 0) expect(y - (ys[index - 1] ?? 0)).toBeGreaterThanOrEqual(24);
  });
});

describe("arrows", () => {
  it("fall from leaving to arriving, from one bar to the other", () => {
    for (const panel of drawing.panels) {
      for (const { y1, y2, x1, x2 } of arrowsOf(panel)) {
        expect(y2).toBeGreaterThan(y1);
        expect(Math.abs(x2 - x1)).toBeGreaterThan(150);
      }
    }
  });

  it("of one hop leave room for each other's labels, even at the same instant", () => {
    const mark = "Connection: close";
    const crowded = played([
      open("down", 0),
      message("down", "client", 40, ["GET /1 HTTP/1.1", mark], [mark]),
      message("down", "client", 40, ["GET /2 HTTP/1.1", mark], [mark]),
      fin("down", "client", 40),
    ]);
    const [, , ...arrows] = arrowsOf(drawingOf([crowded]).panels[0]);
    for (const [index, { y1, y2, marks }] of arrows.slice(0, -1).entries()) {
      const next = arrows[index + 1];
      expect(next?.y1).toBeGreaterThanOrEqual(y1 + 33 * marks.length);
      expect(next?.y2).toBeGreaterThanOrEqual(y2 + 33 * marks.length);
    }
  });

  it("that cross carry their titles where they do not cross", () => {
    const crossing = drawingOf([played([open("down", 0), fin("down", "client", 100), fin("down", "proxy", 110)])]);
    const [, , one, other] = arrowsOf(crossing.panels[0]).map((arrow) => labelOf(arrow)[0]);
    expect(one !== undefined && other !== undefined && overlapOf(one, other)).toBe(0);
  });

  it("of the same connection have its colour, and no other's", () => {
    const colours = arrowsOf(drawing.panels[0]).map(({ step, colour }) => {
      const { kind, ...rest } = dumbPlay.steps[step] as NarratedStep & { connection: string };
      return `${kind === "open" ? rest.connection : rest.connection} ${colour}`;
    });
    expect(new Set(colours)).toStrictEqual(new Set(["down 0", "up 1"]));
  });
});

describe("connections", () => {
  it("are bars at both ends, hollow where only the peer may still send", () => {
    const bars = drawing.panels[0]?.bars.filter(({ connection }) => connection === "up") ?? [];
    expect(bars.map(({ isHollow }) => isHollow)).toStrictEqual([false, false, true]);
  });

  it("stay open to the end where nobody closes them", () => {
    const bars = drawing.panels[1]?.bars.filter(({ connection }) => connection === "up") ?? [];
    expect(bars.map(({ isOpenEnded, y2 }) => [isOpenEnded, y2])).toStrictEqual([
      [true, drawing.height],
      [true, drawing.height],
    ]);
  });
});

it.each(scenarios)("the actors' names stand in the head: $name", async (scenario) => {
  for (const panel of (await drawn(scenario)).panels) {
    const baselines = [...headOf(panel, ["en", "ko"]).matchAll(/<text [^>]*y="(\d+)"/g)].map(([, y]) => Number(y));
    expect(baselines.length).toBeGreaterThanOrEqual(2 * panel.columns.length);
    expect(Math.max(...baselines)).toBeLessThan(HEAD_HEIGHT - 5);
  }
});

describe("labels", () => {
  it.each(scenarios)("cover no other label, port or box: $name", async (scenario) => {
    const covered: string[] = [];
    for (const { shapes, play } of (await drawn(scenario)).panels) {
      const areas = shapes.flatMap((shape): { area: Turned; shape: Shape; name: string }[] => {
        if (shape.kind === "arrow") return labelOf(shape).map((area) => ({ area, shape, name: shape.title }));
        if (shape.kind === "span") return [];
        return [{ area: areaOf(shape), shape, name: shape.kind === "box" ? shape.lines.en.join(" ") : shape.text }];
      });
      for (const [index, a] of areas.entries()) {
        for (const b of areas.slice(index + 1)) {
          const depth = overlapOf(a.area, b.area);
          if (a.shape !== b.shape && depth > LEGIBLE) covered.push(`${play.proxy}: ${a.name} | ${b.name} ${depth}`);
        }
      }
    }
    expect(covered).toStrictEqual([]);
  });

  it("of an arrow that has the place alone stand in its middle", () => {
    const alone = drawingOf([played([open("down", 0), message("down", "client", 100, ["GET / HTTP/1.1"])])]);
    expect(arrowsOf(alone.panels[0], 1).map(({ along }) => along)).toStrictEqual([0.5]);
  });
});

it("a play that failed does not end with all done", () => {
  const failed = pictureOf([{ ...hopwisePlay, outcome: "fails" }, dumbPlay], "en");
  expect(failed).toContain(">over: it failed · 480 ms<");
  expect(failed).not.toContain("all done");
  expect(pictureOf([hopwisePlay, dumbPlay], "ko")).toContain(">모두 끝 · 480 ms<");
  expect(pictureOf([{ ...hopwisePlay, outcome: "fails" }, dumbPlay], "ko")).toContain(">실패로 끝남 · 480 ms<");
});

describe("waits", () => {
  it("that hang are spans with the time they took, and their words stand inside", () => {
    const shapes = drawing.panels[0]?.shapes ?? [];
    const spans = shapes.flatMap((shape) => (shape.kind === "span" && shape.isHang ? [shape] : []));
    expect(spans.map(({ title }) => title?.en)).toStrictEqual(["HANG · 5.02 s", "HANG · 5.02 s", "HANG · 5.04 s"]);
    for (const span of spans) {
      const box = shapes.find((shape) => shape.kind === "box" && shape.step === span.step);
      expect(box).toMatchObject({ kind: "box", style: "hang" });
      if (box?.kind !== "box") continue;
      expect(box.y).toBeGreaterThan(span.y1);
      expect(box.y + box.height).toBeLessThan(span.y2);
    }
  });

  it.each(scenarios)("have words that no other words cover: $name", async (scenario) => {
    for (const { shapes } of [...drawing.panels, ...(await drawn(scenario)).panels]) {
      const boxes = shapes.flatMap((shape) => (shape.kind === "box" ? [shape] : []));
      for (const [index, a] of boxes.entries()) {
        for (const b of boxes.slice(index + 1)) {
          const isBeside = a.x + a.width <= b.x || b.x + b.width <= a.x;
          expect(isBeside || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
        }
      }
    }
  });
});

describe("measured plays", () => {
  it("begin with their first step", () => {
    const late = aligned(played([open("down", 17), message("down", "client", 57, ["GET / HTTP/1.1"])]));
    expect(late.steps.map(({ at_ms }) => at_ms)).toStrictEqual([0, 40]);
  });

  it("arrive in order on each way of a connection", () => {
    const first = { ...message("down", "client", 40, ["GET /1 HTTP/1.1"]), until_ms: 61 };
    const second = { ...fin("down", "client", 41), until_ms: 60 };
    expect(aligned(played([open("down", 0), first, second])).steps.map(({ until_ms }) => until_ms)).toStrictEqual([
      40, 61, 61,
    ]);
  });
});

describe("beats", () => {
  const beats = beatsOf([dumbPlay, hopwisePlay], drawing);

  it("are every step once, in order, each play at most once in a beat", () => {
    for (const [play, { steps }] of [dumbPlay, hopwisePlay].entries()) {
      const own = beats.flatMap((beat) => beat.steps.filter(([of]) => of === play).map(([, step]) => step));
      expect(own).toStrictEqual(steps.map((_, step) => step));
      for (const beat of beats) expect(beat.steps.filter(([of]) => of === play).length).toBeLessThanOrEqual(1);
    }
  });

  it("take together what happens at the same time, and go down", () => {
    expect(beats[0]?.steps).toStrictEqual([
      [0, 0],
      [1, 0],
    ]);
    for (const [index, { y }] of beats.entries()) expect(y).toBeGreaterThanOrEqual(beats[index - 1]?.y ?? 0);
  });

  it("have a clock that goes forward as the playhead goes down", () => {
    const clock = clockOf(drawing);
    for (const [index, [y, at_ms]] of clock.entries()) {
      const [beforeY, before_ms] = clock[index - 1] ?? [0, 0];
      expect(y).toBeGreaterThanOrEqual(beforeY);
      expect(at_ms).toBeGreaterThanOrEqual(before_ms);
    }
  });
});
