/**
 * Mutated requests, framed by us and by the installed nginx. What both accept and frame differently is a finding, unless
 * the difference is known and has its reason.
 *
 * `npm run fuzz -- --nginx --inputs 200000 --seed 1` runs longer, from another seed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathOf } from "../interop/support/programs.ts";
import { requestCorpus } from "./kit/corpus.ts";
import { readWhole } from "./kit/inspection.ts";
import { mutated } from "./kit/mutator.ts";
import { knownNginxDifferences, nginxDifference } from "./kit/nginx-differences.ts";
import { NginxReader } from "./kit/nginx-parser.ts";
import { escaped } from "./kit/octets.ts";
import { Random } from "./kit/random.ts";
import { nginxInputs, seed } from "./kit/settings.ts";

const BATCH = 1_000;

describe.skipIf(pathOf("nginx") === undefined)("nginx frames as we do (skipped where nginx is not installed)", () => {
  let nginx: NginxReader;
  beforeAll(async () => {
    nginx = await NginxReader.start();
  });
  afterAll(() => nginx.stop());

  it("mutated requests", async () => {
    const counts = new Map<string, number>();
    const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
    const findings = new Map<string, string>();
    for (let begin = 0; begin < nginxInputs; begin += BATCH) {
      const texts = Array.from({ length: Math.min(BATCH, nginxInputs - begin) }, (_, i) =>
        mutated(requestCorpus, Random.forInput(seed, begin + i)),
      );
      const outcomes = await nginx.read(texts);
      for (const [index, text] of texts.entries()) {
        const { outcome } = readWhole(text);
        let theirs = outcomes[index] ?? { requests: [], refusal: undefined };
        const weAccept = outcome.messages.some(({ isComplete }) => isComplete);
        if (weAccept) count("accepted by us");
        else if (theirs.requests.length > 0) count("accepted by nginx only");
        let difference = nginxDifference(outcome, theirs);
        if (typeof difference === "object" && difference.what === "nginx waits") {
          // On a busy machine nginx's time may end before the octets arrive: read once more, alone.
          count("read again, alone");
          theirs = (await nginx.read([text]))[0] ?? theirs;
          difference = nginxDifference(outcome, theirs);
        }
        if (difference === undefined) continue;
        if (difference === "refused") {
          count("accepted by us, refused by nginx");
          continue;
        }
        const known = knownNginxDifferences.find(({ applies }) => applies(difference));
        if (known !== undefined) {
          count(`known: ${known.name}`);
          continue;
        }
        const ours = outcome.messages.map(({ start, body }) => [...start, body]);
        const shown = `input ${begin + index} of seed ${seed}: ${escaped(text)}\n  ours ${JSON.stringify(ours)}, ${outcome.end}\n  nginx ${JSON.stringify(theirs)}`;
        const shortest = findings.get(difference.what);
        if (shortest === undefined || shown.length < shortest.length) findings.set(difference.what, shown);
        count(`FINDING: ${difference.what}`);
      }
    }
    const lines = [...counts].toSorted().map(([name, times]) => `  ${name}: ${times}`);
    console.log(`fuzzed ${nginxInputs} inputs against nginx from seed ${seed}\n${lines.join("\n")}`);
    expect([...findings].map((finding) => finding.join(": ")).join("\n")).toBe("");
  });

  for (const { name, reason, example, applies } of knownNginxDifferences) {
    it(`known difference, ${name}: ${reason}`, async () => {
      const [theirs] = await nginx.read([example]);
      const difference = theirs && nginxDifference(readWhole(example).outcome, theirs);
      expect(typeof difference === "object" && applies(difference)).toBe(true);
    });
  }

  const post = "POST / HTTP/1.1\r\nHost: a\r\n";

  it("bites when Content-Length is read one short", async () => {
    const text = `${post}Content-Length: 5\r\n\r\nhello`;
    const [theirs] = await nginx.read([text]);
    expect(theirs && nginxDifference(readWhole(text).outcome, theirs)).toBeUndefined();
    const { outcome } = readWhole(text.replace("Length: 5", "Length: 4"));
    expect(theirs && nginxDifference(outcome, theirs)).toMatchObject({ what: "body" });
  });

  it("bites when chunks are not taken for framing", async () => {
    const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
    const raw = `${post}Content-Length: 15\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
    const [theirs] = await nginx.read([chunked]);
    expect(theirs && nginxDifference(readWhole(chunked).outcome, theirs)).toBeUndefined();
    expect(theirs && nginxDifference(readWhole(raw).outcome, theirs)).toMatchObject({ what: "body" });
  });
});
