/**
 * Work is linear in the bytes received, whatever they say (law 6): 64 KiB of head cost 5 ms of processor time at most, and
 * eight times the bytes at most sixteen times the time, the least of five runs each.
 *
 * Every field that is recognised or asked for, and every other part of a message, is filled with every shape and goes
 * through a whole proxy, gateway and forward. What is cheap at 8 KiB is played at that size alone. The short form plays only some
 * of what others stand for; `TESTS_LONG=1 npm run test:work` plays all of it, more shapes, and prints what was worst.
 */
import { afterAll, describe, expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { adminAnswer } from "./compiled.ts";
import { fieldNames, type Play, parts, ROOM_BYTES } from "./inputs.ts";
import { Bench, HEAD_LIMIT_MS, type Input, LARGE_BYTES, SMALL_BYTES } from "./measure.ts";
import { moreShapes, type Shape, shapes } from "./shapes.ts";
import { type Mode, WorkStage } from "./stage.ts";
import { streams } from "./streams.ts";
import { trickles } from "./trickles.ts";

/** Of so many shapes one is played, on each part another one: where others stand for a part, and in the modes behind the first. */
const turns = isLong ? { alike: 16, mode: 4, more: 64 } : { alike: 256, mode: 32, more: 1 };

const stages: Readonly<Record<Mode, WorkStage>> = {
  gateway: new WorkStage("gateway"),
  "strangers' gateway": new WorkStage("strangers' gateway"),
  forward: new WorkStage("forward"),
  "forward, with users": new WorkStage("forward, with users"),
  "gateway with routes": new WorkStage("gateway with routes"),
};

const played = isLong ? moreShapes : shapes;
/** Texts of both sizes, by shape: making them takes longer than much of what is measured. */
const texts = new Map(
  played.map((shape) => [
    shape,
    { [SMALL_BYTES]: shape.value(SMALL_BYTES - ROOM_BYTES), [LARGE_BYTES]: shape.value(LARGE_BYTES - ROOM_BYTES) },
  ]),
);
const textOf = (shape: Shape, bytes: number) => texts.get(shape)?.[bytes] ?? "";

function inputOf(name: string, mode: Mode, limit_ms: number, play: (bytes: number) => Play): Input {
  const stage = stages[mode];
  return {
    name: `${name} (${mode})`,
    limit_ms,
    prepare(bytes) {
      const played = play(bytes);
      return () => stage.play(played);
    },
  };
}

const worst: string[] = [];

/** Measures what `inputs` gives, and says what takes too long. */
function judge(title: string, fill: (bench: Bench) => void): void {
  it(title, { timeout: isLong ? 3_600_000 : 60_000 }, () => {
    const bench = new Bench(isLong);
    fill(bench);
    expect(bench.inputs).toBeGreaterThan(0);
    worst.push(`| ${title} | ${bench.inputs} | ${bench.worst.ms.toFixed(2)} ms | ${bench.worst.name} |`);
    expect(bench.faults()).toStrictEqual([]);
  });
}

const kinds: Readonly<Record<string, RegExp>> = {
  "fields of requests": / of a (?:request|TRACE that ends here)$/,
  "fields of responses": / of a response \d/,
  "many lines of one field": / on many lines /,
};
const kindOf = (name: string) =>
  Object.keys(kinds).find((kind) => kinds[kind]?.test(name)) ??
  "start-lines, names, references, chunks, trailers, credentials";

describe("64 KiB of a head", () => {
  for (const kind of [...Object.keys(kinds), kindOf("")]) {
    judge(kind, (bench) => {
      for (const [index, part] of parts.entries()) {
        if (kindOf(part.name) !== kind) continue;
        for (const [order, mode] of part.modes.entries()) {
          const every = (part.isBrief ? 1 : turns.alike) * (order === 0 ? 1 : turns.mode);
          const isPlayed = (shape: Shape, turn: number) =>
            (index + turn) % (every * (isLong ? (turn < shapes.length ? 1 : turns.more) : shape.turn)) === 0;
          const inputs = played
            .filter((shape, turn) => turn === 0 || isPlayed(shape, turn))
            .map((shape) =>
              inputOf(`${part.name}: ${shape.name}`, mode, HEAD_LIMIT_MS, (bytes) => part.play(textOf(shape, bytes))),
            );
          if (inputs.length > 1) bench.measureAlike(inputs as [Input, ...Input[]]);
        }
      }
    });
  }
});

describe("lines, chunks, messages and reads", () => {
  for (const { name, limit_ms, modes, play } of [...streams, ...trickles]) {
    judge(name, (bench) => {
      for (const mode of isLong ? modes : modes.slice(0, 1)) {
        bench.measure(inputOf(name, mode, limit_ms, play));
      }
    });
  }
});

const source = { isDraining: false, figures: () => Promise.reject(new Error("no figures are asked for")) };

judge("target and Host of a request to the admin server", (bench) => {
  const ask = (target: string, host: string) => () => {
    void adminAnswer({ method: "GET", target, hosts: [host] }, { source, host: "localhost" });
  };
  const input = (name: string, prepare: Input["prepare"]): Input => ({ name, limit_ms: HEAD_LIMIT_MS, prepare });
  const measure = (title: string, prepare: (text: string) => () => void) => {
    const inputs = played.map((shape) => input(`${title}: ${shape.name}`, (bytes) => prepare(textOf(shape, bytes))));
    bench.measureAlike(inputs as [Input, ...Input[]]);
  };
  for (const start of ["/", "http://"]) measure("target", (text) => ask(start + text, "localhost"));
  measure("Host", (text) => ask("/healthz", text));
});

it("the fields are those that the proxy knows", () => {
  expect(fieldNames).toEqual(expect.arrayContaining(["accept", "connection", "via", "upgrade", "te", "keep-alive"]));
});

afterAll(() => {
  if (isLong || process.env.SHOW)
    console.log(["| part | inputs | worst | input |", "|---|---|---|---|", ...worst].join("\n"));
});
