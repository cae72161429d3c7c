/**
 * schema.json, with which editors check a file for `hopwise run`, beside `hopwise check`: the same files, each written otherwise in one
 * place, and what both say. An editor must not complain of what runs, and should of whatever cannot, as far as JSON Schema can say it.
 *
 * `TESTS_LONG=1` asks `check` of all that the schema takes; normally of each twenty-third.
 */
import { Ajv } from "ajv";
import { expect, it } from "vitest";
import { readGatewayConfig } from "../../src/config/gateway-config.ts";
import { fileKeys, fileSchema } from "./file-keys.ts";
import { mutantsOf, placesIn, rightFiles } from "./file-mutants.ts";

const validate = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(fileSchema());
const problemsOf = (file: unknown) =>
  (readGatewayConfig(file, "/", 10_000).problems ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

const isLong = process.env.TESTS_LONG === "1";
/** Each so many are asked about. */
const OF_TAKEN = isLong ? 1 : 23;
const OF_REFUSED = isLong ? 9 : 211;

/** What is wrong with values together, with a text as a quantity, or with a name that is somebody else's. */
const BEYOND = [
  /there is no group/,
  /is too (?:short|long|small|large): write at (?:least|most)/,
  /is longer than its interval/,
  /is given twice|where clients (?:connect|are served)/,
  /no endpoint gets requests/,
  /none of its endpoints has a name|none of its endpoints is reached over TLS/,
  /not all requests begin with it|keeps what is behind the path/,
  /needs a certificate: write --tls-cert|would redirect what is https already/,
  /^(?:port|redirectPort): .* no(?:t a)? port/,
  /is not a usual address|is the address [0-9.]+: write|has port 0/,
  /is not a valid Host/,
  /"399-200" is not a status|"bare-lf,control-characters" is not a kind/,
  /is said by each answer itself|is the proxy's own to say|Host cannot be changed here|would be taken for a field/,
];

it("the files are right, and say every key but those of files that would have to be there", () => {
  const said = new Set(
    rightFiles.flatMap((file) =>
      [...placesIn(file, [])].map((path) =>
        path
          .map((key) => (typeof key === "number" ? "[]" : key))
          .join(".")
          .replaceAll(".[]", "[]")
          .replace(/^groups\.g\b/, "groups.*"),
      ),
    ),
  );
  expect(
    rightFiles.flatMap((file) => [...(validate(file) ? [] : [JSON.stringify(file)]), ...problemsOf(file)]),
  ).toStrictEqual([]);
  const needFiles = /certificates|users|^tls(?:Cert|Key)$|^client(?:Ca|Cert)$|\.tls\.(?:ca|cert|key)$|^errorPages/;
  const unsaid = fileKeys().filter(({ path }) => !said.has(path) && !needFiles.test(path));
  expect(unsaid.map(({ path }) => path).filter((path) => !/^(?:tls|to|listeners|routes)$/.test(path))).toStrictEqual([
    "groups.*.balance.hash.field",
  ]);
});

it("the schema takes what check takes, and no more than JSON Schema cannot say", () => {
  const [counts, wrong] = [{ taken: 0, refused: 0 }, [] as string[]];
  for (const file of rightFiles) {
    for (const { text, value } of mutantsOf(file)) {
      const isTaken = validate(value);
      const at = isTaken ? counts.taken++ % OF_TAKEN : counts.refused++ % OF_REFUSED;
      if (at !== 0) continue;
      const problems = problemsOf(value);
      if (!isTaken && problems.length === 0) wrong.push(`refused by the schema alone: ${text}`);
      const known = problems.every((problem) => BEYOND.some((one) => one.test(problem)));
      if (isTaken && !known) wrong.push(`taken by the schema alone: ${text}: ${problems.join("; ")}`);
    }
  }
  expect(wrong).toStrictEqual([]);
  expect([counts.taken > 1_000, counts.refused > 10_000]).toStrictEqual([true, true]);
}, 300_000);
