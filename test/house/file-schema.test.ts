/**
 * schema.json, with which editors check a file for `hopwise run`: it is what the schema says today (`npm run file:pages` writes it anew),
 * and takes and refuses what the command line does.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readGatewayConfig } from "../../src/config/gateway-config.ts";
import { gatewaySchema } from "../../src/config/gateway-schema.ts";
import { groupSchema } from "../../src/config/group-schema.ts";
import { withKinds } from "../../src/config/whole-secrets.ts";
import { type FileKey, fileKeys, fileSchema, type JsonSchema } from "./file-keys.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

it("is up to date", async () => {
  await expect(`${JSON.stringify(fileSchema(), undefined, 2)}\n`).toMatchFileSnapshot("../../schema.json");
});

// Defaults and descriptions are no constraints; unknown keywords would be a mistake.
const validate = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(fileSchema());
const faults = (text: string) => {
  validate(parse(text));
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
};

/** The smallest file that is worth having one for. */
const SMALLEST = `
listeners:
  - http: 127.0.0.1:8080
    redirect: https                      # everything on this one goes to https, port 443 (308)
  - https: 127.0.0.1:8443
    certificates: [{ cert: ./site.pem, key: ./site.key }]
groups:
  app:
    to: [http://127.0.0.1:3000, { url: "http://127.0.0.1:3001", weight: 2 }]
    ${"balance" in groupSchema.shape ? "balance: least-outstanding" : ""}
    ${"health" in groupSchema.shape ? "health: { path: /healthz, interval: 2s }" : ""}
routes:
  - match: { host: app.example.com, path: /api/* }
    to: app
    stripPrefix: /api
  - match: { path: /old }
    redirect: { to: /new, status: 308 }
  - match: { path: /hello }
    respond: { status: 200, body: "hello\\n" }
  - to: app                              # no match: everything else
admin: 127.0.0.1:9901
`;

describe("takes", () => {
  it("the smallest file", () => {
    expect(faults(SMALLEST)).toStrictEqual([]);
  });

  it("the files of the guide", () => {
    const guide = readFileSync(join(root, "docs/guide.md"), "utf8");
    const files = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
    const own = files.filter((text) => /^(?:listeners|routes|groups):/m.test(text));
    expect(own.length).toBeGreaterThan(0);
    expect(own.flatMap(faults)).toStrictEqual([]);
  });

  it("every example", () => {
    const files = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" });
    const own = files.filter((name) => /\.ya?ml$/.test(name) && !name.includes("node_modules"));
    expect(own.length).toBeGreaterThan(0);
    expect(own.flatMap((name) => faults(readFileSync(join(root, "examples", name), "utf8")))).toStrictEqual([]);
  });

  it.each([
    ["a name for secrets where something else would be a duration", "to: http://a\nheadTimeout: $" + "{HEAD_TIMEOUT}"],
    ["the place of the schema itself", "$schema: ./schema.json\nto: http://a"],
    ["a number of milliseconds", "to: http://a\nheadTimeout: 500"],
    [
      "names of secrets where something else would be a number, a switch, or one word of several",
      `
listeners: [{ https: "$\{PORT}", tls: "$\{TLS}" }, { http: 80, redirect: { to: https, port: "$\{PORT}" } }]
http2: $\{ON}
clientClose: $\{WORD}
groups:
  app:
    to: [{ url: http://a, weight: "$\{WEIGHT}", backup: "$\{ON}" }]
    sticky: $\{ON}
    health: { path: /x, healthy: "$\{COUNT}", status: "$\{STATUS}" }
    resolve: { family: "$\{WORD}" }
routes:
  - { match: { path: /a }, respond: { status: "$\{STATUS}" } }
  - { match: { path: /b }, redirect: { to: /c, status: "$\{STATUS}" } }
  - { match: { path: /d }, refuse: "$\{ON}" }
  - { to: app, users: { file: ./users, keepAuthorization: "$\{ON}" } }`,
    ],
    ["several places", "to: http://a\nlisten: [8080, 'https://[::1]:8443']"],
  ])("%s", (_what, text) => {
    expect(faults(text)).toStrictEqual([]);
  });
});

describe("refuses", () => {
  it.each([
    ["a key that is not known", "to: http://a\nheadTimeot: 5s", [" additionalProperties"]],
    ["a wrong type", "to: http://a\nheadTimeout: [5s]", ["/headTimeout type"]],
    ["a duration without a unit", "to: http://a\nheadTimeout: '5'", ["/headTimeout pattern"]],
    ["a size in words", "to: http://a\nmaxHeadSize: much", ["/maxHeadSize pattern"]],
    ["a word that is none of several", "to: http://a\nclientClose: maybe", undefined],
    ["a group without endpoints", "groups: { app: {} }\nroutes: [{ to: app }]", ["/groups/app required"]],
    ["a weight below 0", "groups: { app: { to: [{ url: http://a, weight: -1 }] } }\nroutes: [{ to: app }]", undefined],
    ["a listener that is neither", "listeners: [{ redirect: https }]\nto: http://a", undefined],
    ["a route that does nothing", "routes: [{ match: { path: /a } }]", undefined],
    ["a route that does two things", "routes: [{ to: http://a, refuse: true }]", undefined],
    ["a file that leads nowhere", "headTimeout: 5s", undefined],
  ])("%s", (_what, text, expected) => {
    const told = faults(text);
    if (expected === undefined) expect(told.length).toBeGreaterThan(0);
    else expect(told).toStrictEqual(expected);
  });
});

describe("says", () => {
  const keys = new Map(fileKeys().map((key) => [key.path, key]));
  const at = (path: string) => keys.get(path) as FileKey;

  it("what each key means, as the interfaces of the library do, nested ones too", () => {
    expect(at("headTimeout").meaning).toMatch(/^A whole request head arrives within this/);
    expect(at("routes[].match.path").meaning).toMatch(/^`\/login`/);
    expect(at("groups.*.to[].weight").meaning).toMatch(/^Its part of the requests/);
    expect(at("headTimeout").schema.default).toBe("30s");
    expect(at("groups.*.to").isRequired).toBe(true);
    // Deeper than the interfaces say something, how to write it is all.
    const silent = [...keys.values()].filter(
      ({ meaning, how, path }) => meaning === "" && how === "" && !path.includes("."),
    );
    expect(silent).toStrictEqual([]);
  });

  it("each key that is read, and no other", () => {
    expect(Object.keys(gatewaySchema.shape).filter((key) => !keys.has(key))).toStrictEqual([]);
  });
});

/** A file in which only that key is said. */
function fileWith(path: string, value: unknown): Record<string, unknown> {
  const keys = path.replaceAll("[]", ".[]").replaceAll("*", "name").split(".");
  return keys.reduceRight<unknown>((below, key) => (key === "[]" ? [below] : { [key]: below }), value) as Record<
    string,
    unknown
  >;
}

describe("every key", () => {
  // What the library for schemas says by itself is for programmers, and does not say what to write.
  it("tells in our own words what to write instead of what it cannot be", () => {
    const wrong = [[], {}, true, -1, 1.5, 1e12, "", null, [[]], [{}]];
    const told = fileKeys().flatMap(({ path }) =>
      wrong.flatMap((value) => readGatewayConfig(fileWith(path, value), "/", 10_000).problems ?? []),
    );
    expect(told.length).toBeGreaterThan(500);
    const foreign = told.filter(({ message }) => /Invalid|Too (?:small|big)|expected|something else/.test(message));
    expect(foreign).toStrictEqual([]);
  });

  // The environment has texts alone.
  it("takes the name of a secret for its whole value, also where that is a number or a switch", () => {
    const words = fileKeys().flatMap(({ path, schema }) => {
      const [word] = wordsOf(schema);
      return word === undefined ? [] : [{ path, word }];
    });
    expect(words.length).toBeGreaterThan(15);
    for (const { path, word } of words) {
      const place = path.replaceAll("[]", ".0").replaceAll("*", "name").split(".");
      expect(withKinds(fileWith(path, String(word)), [place], gatewaySchema), path).toStrictEqual(fileWith(path, word));
    }
  });
});

/** Values that are not text, where text would be refused. */
function wordsOf({ type, const: word, minimum, enum: words, anyOf = [] }: JsonSchema): readonly unknown[] {
  const types = [type].flat();
  if (types.includes("string") || words !== undefined) return [];
  if (anyOf.some((one) => [one.type].flat().includes("string") && one.const === undefined)) return [];
  if (word !== undefined) return typeof word === "string" ? [] : [word];
  if (types.includes("boolean")) return [true, false];
  if (types.includes("integer") || types.includes("number")) return [minimum ?? 1];
  return anyOf.flatMap(wordsOf);
}
