/**
 * Mutated messages, read by us and by Node. What we accept and Node reads otherwise is a finding, unless the difference
 * is known and has its reason; so is an input that we read differently when it arrives in pieces, an exception, and a
 * rewritten message that either of us reads otherwise than it was meant.
 *
 * `npm run fuzz -- --inputs 1000000 --seed 1` runs longer, from another seed. A finding is printed as a row for
 * regressions.test.ts.
 */
import { afterAll, describe, expect, it } from "vitest";
import { requestCorpus, responseCorpus } from "./kit/corpus.ts";
import { differenceBetween, knownRequestDifferences, knownResponseDifferences } from "./kit/differences.ts";
import { type Finding, type Input, Inspection, readWhole } from "./kit/inspection.ts";
import { mutated } from "./kit/mutator.ts";
import { type NodeOutcome, NodeServer, readResponses } from "./kit/node-parser.ts";
import { escaped } from "./kit/octets.ts";
import { Random } from "./kit/random.ts";
import type { StreamOutcome } from "./kit/reading.ts";
import { inputs, seed } from "./kit/settings.ts";

const BATCH = 500;

const server = new NodeServer();
const inspection = new Inspection();

interface Found {
  input: Input;
  number: number;
  detail: string;
  times: number;
}

/** Makes inputs and has them inspected; fails with each kind of finding and the shortest input that shows it. */
async function fuzz(
  total: number,
  inputOf: (random: Random) => Input,
  inspect: (batch: readonly Input[]) => Promise<Finding[]>,
): Promise<void> {
  const kinds = new Map<string, Found>();
  for (let begin = 0; begin < total; begin += BATCH) {
    const length = Math.min(BATCH, total - begin);
    const batch = Array.from({ length }, (_, i) => inputOf(Random.forInput(seed, begin + i)));
    for (const { index, what, detail } of await inspect(batch)) {
      const input = batch[index] as Input;
      const found = kinds.get(what);
      const times = (found?.times ?? 0) + 1;
      if (found !== undefined && found.input.text.length <= input.text.length) found.times = times;
      else kinds.set(what, { input, number: begin + index, detail, times });
    }
  }
  const shown = [...kinds].map(([what, { input, number, detail, times }]) => {
    const answers = input.answers === undefined ? "" : `, answers: "${input.answers}"`;
    const row = `{ name: "${what.replaceAll('"', "'")}", text: ${escaped(input.text)}${answers} },`;
    return `${times} times, the shortest is input ${number} of seed ${seed}\n  ${row}\n  ${detail}`;
  });
  expect(shown.join("\n"), `${kinds.size} kinds of findings`).toBe("");
}

afterAll(() => {
  const lines = [...inspection.counts].toSorted().map(([name, times]) => `  ${name}: ${times}`);
  console.log(`fuzzed ${inputs} inputs from seed ${seed}\n${lines.join("\n")}`);
});

describe("mutated messages", () => {
  it("requests", async () => {
    const inputOf = (random: Random) => ({ text: mutated(requestCorpus, random), random });
    await fuzz(Math.ceil(inputs * 0.6), inputOf, (batch) => inspection.requests(batch));
  });

  it("responses", async () => {
    const methods = ["GET", "GET", "POST", "HEAD"];
    const inputOf = (random: Random) => ({
      text: mutated(responseCorpus, random),
      random,
      answers: random.pick(methods),
    });
    await fuzz(Math.floor(inputs * 0.4), inputOf, (batch) => inspection.responses(batch));
  });
});

describe("known differences, each shown by an example", () => {
  for (const { name, reason, example, applies } of knownRequestDifferences) {
    it(`request, ${name}: ${reason}`, async () => {
      const [node] = await server.read([example]);
      const difference = differenceBetween(readWhole(example).outcome, node as NodeOutcome);
      expect(difference).toBeDefined();
      expect(difference !== undefined && applies(difference, example)).toBe(true);
    });
  }

  for (const { name, reason, example, applies, answers = "GET" } of knownResponseDifferences) {
    it(`response, ${name}: ${reason}`, async () => {
      const [node] = await readResponses([{ text: example, method: answers }]);
      const difference = differenceBetween(readWhole(example, { answers }).outcome, node as NodeOutcome);
      expect(difference).toBeDefined();
      expect(difference !== undefined && applies(difference, example)).toBe(true);
    });
  }
});

describe("the comparison bites", () => {
  const one = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  it("a body that Node reads longer", async () => {
    const text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    const [node] = await server.read([text]);
    const { outcome } = readWhole(text.replace("Length: 5", "Length: 4"));
    expect(differenceBetween(outcome, node as NodeOutcome)).toMatchObject({ kind: "fields" });
    const message = { ...outcome.messages[0], fields: node?.messages[0]?.fields };
    const same = { ...outcome, messages: [message] } as StreamOutcome;
    expect(differenceBetween(same, node as NodeOutcome)).toMatchObject({ kind: "framing", what: "body" });
  });

  it("a message that Node reads and we do not", async () => {
    const [node] = await server.read([one + one]);
    expect(differenceBetween(readWhole(one).outcome, node as NodeOutcome)).toMatchObject({ kind: "framing" });
    const nothing: StreamOutcome = { messages: [], end: "more", headOctets: 0 };
    expect(differenceBetween(nothing, node as NodeOutcome)).toMatchObject({ kind: "framing" });
  });

  it("a message that Node refuses", async () => {
    const [node] = await server.read(["GET / HTTP/1.1\nHost: a\r\n\r\n"]);
    expect(differenceBetween(readWhole(one).outcome, node as NodeOutcome)).toMatchObject({ kind: "laxer" });
  });
});
