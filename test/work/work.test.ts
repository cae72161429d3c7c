/**
 * Work is linear in the bytes received, whatever they say (law 6): 64 KiB of head cost 5 ms of processor time at most, and
 * eight times the bytes at most sixteen times the time, the least of five runs each.
 *
 * Every field that is recognised or asked for, and every other part of a message, is filled with every shape and goes
 * through a whole proxy, gateway and forward. The short form plays messages of 8 KiB, and large ones where the small one
 * took long, and in turn for all others; `HOPWISE_LONG=1 npm run test:work` plays all, and prints what was worst.
 */
import { afterAll, describe, expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { adminAnswer } from "./compiled.ts";
import { fieldNames, type Play, parts, ROOM_BYTES } from "./inputs.ts";
import { Bench, HEAD_LIMIT_MS, type Input, LARGE_BYTES, SMALL_BYTES } from "./measure.ts";
import { moreShapes, type Shape, shapes } from "./shapes.ts";
import { type Mode, WorkStage } from "./stage.ts";
import { inputs as streams } from "./streams.ts";

/** In the short form, of how many inputs one is played where others stand for them, or is played at its large size. */
const TURN = 16;
const FORWARD_TURN = 4;

const stages: Readonly<Record<Mode, WorkStage>> = {
  gateway: new WorkStage("gateway"),
  forward: new WorkStage("forward"),
  "forward, with users": new WorkStage("forward, with users"),
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
      const { request, response } = play(bytes);
      return () => stage.play(request, response);
    },
  };
}

const worst: string[] = [];

/** Measures what `inputs` gives, and says what takes too long. */
function judge(title: string, fill: (bench: Bench) => void): void {
  it(title, { timeout: isLong ? 3_600_000 : 60_000 }, () => {
    const bench = new Bench();
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
  Object.keys(kinds).find((kind) => kinds[kind]?.test(name)) ?? "start-lines, names, chunks, trailers, credentials";

describe("64 KiB of a head", () => {
  for (const kind of [...Object.keys(kinds), kindOf("")]) {
    judge(kind, (bench) => {
      for (const [index, part] of parts.entries()) {
        if (kindOf(part.name) !== kind) continue;
        for (const [order, mode] of part.modes.entries()) {
          for (const [turn, shape] of played.entries()) {
            const every =
              part.isBrief && (order === 0 || part.modes.length === 1) ? 1 : part.isBrief ? FORWARD_TURN : TURN;
            if (!isLong && (index + turn) % every !== 0) continue;
            const play = (bytes: number) => part.play(textOf(shape, bytes));
            const input = inputOf(`${part.name}: ${shape.name}`, mode, HEAD_LIMIT_MS, play);
            bench.measure(input, isLong || (7 * index + turn) % TURN === 0);
          }
        }
      }
    });
  }
});

describe("lines, chunks, messages and reads", () => {
  for (const { name, limit_ms, play } of streams) {
    judge(name, (bench) => {
      for (const mode of ["gateway", "forward"] as const) bench.measure(inputOf(name, mode, limit_ms, play), true);
    });
  }
});

const source = { isDraining: false, figures: () => Promise.reject(new Error("no figures are asked for")) };

judge("target and Host of a request to the admin server", (bench) => {
  for (const [turn, shape] of played.entries()) {
    for (const before of ["/", "http://"]) {
      const ask = (target: string, host: string) => () => {
        void adminAnswer({ method: "GET", target, hosts: [host] }, { source, host: "localhost" });
      };
      const input = (name: string, prepare: Input["prepare"]) => ({ name, limit_ms: HEAD_LIMIT_MS, prepare });
      const isThorough = isLong || turn % TURN === 0;
      bench.measure(
        input(`target: ${shape.name}`, (bytes) => ask(before + textOf(shape, bytes), "localhost")),
        isThorough,
      );
      bench.measure(
        input(`Host: ${shape.name}`, (bytes) => ask("/healthz", textOf(shape, bytes))),
        isThorough,
      );
    }
  }
});

it("the fields are those that the proxy knows", () => {
  expect(fieldNames).toEqual(expect.arrayContaining(["accept", "connection", "via", "upgrade", "te", "keep-alive"]));
});

afterAll(() => {
  if (isLong || process.env.SHOW)
    console.log(["| part | inputs | worst | input |", "|---|---|---|---|", ...worst].join("\n"));
});
