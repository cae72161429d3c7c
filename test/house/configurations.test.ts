/**
 * Every configuration that stands in the documents and the examples can run: it is read as `hopwise run` reads it.
 *
 * Certificates, secrets and users that it names are put where it looks for them. Deliberately absent: what the examples do, see
 * test/cli/example-files.test.ts and test/interop/site.test.ts.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readConfigFile } from "../../src/config/config-file.ts";
import { readGatewayConfig } from "../../src/config/gateway-config.ts";
import { formatPasswordHash, hashPassword } from "../../src/forward/password-hash.ts";
import { authority, certificateFor } from "../kit/certificates.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What other YAML has at its top, and a configuration has not: Kubernetes, Compose, Prometheus; chains for the doctor. */
const OTHERS = ["apiVersion", "spec", "services", "scrape_configs", "hops"];

interface Configuration {
  /** Where it stands, for people. */
  readonly place: string;
  readonly text: string;
}

function filesIn(folder: string, ending: RegExp): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => ending.test(name) && !name.includes("node_modules")).map((name) => join(folder, name));
}

const pages = [...readdirSync(root).filter((name) => name.endsWith(".md")), ...filesIn("docs", /\.md$/)];
const inPages = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)].map(({ 1: block = "", index }) => ({
    place: `${page}:${text.slice(0, index).split("\n").length + 1}`,
    text: block,
  }));
});
const examples = filesIn("examples", /\.(?:ya?ml|json)$/).map((file) => ({
  place: file,
  text: readFileSync(join(root, file), "utf8"),
}));

/** What is at its top; nothing that could be told: none. */
function keysOf(text: string): readonly string[] {
  try {
    return Object.keys(parse(text) as object);
  } catch {
    return [];
  }
}

function isOurs({ text }: Configuration): boolean {
  return !keysOf(text).some((key) => OTHERS.includes(key));
}

/** A page may show listeners, groups or routes alone: to run, that needs a route, or the groups that its routes name. */
function whole(text: string): string {
  const keys = keysOf(text);
  if (keys.length === 0 || keys.includes("to")) return text;
  if (!keys.includes("routes")) return `${text}routes: [{ refuse: true }]\n`;
  if (keys.includes("groups")) return text;
  const { routes } = parse(text) as { readonly routes: readonly { readonly to?: string }[] };
  const names = routes.flatMap(({ to }) => (to === undefined || /:\/\/|^unix:/.test(to) ? [] : [to]));
  const groups = Object.fromEntries(names.map((name) => [name, { to: "http://127.0.0.1:1" }]));
  return `${text}groups: ${JSON.stringify(groups)}\n`;
}

describe("configurations that people copy can run", () => {
  let folder: string;
  let users: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hopwise-configurations-"));
    users = `ada:${formatPasswordHash(await hashPassword("secret"))}\n`;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** All that is wrong with it. */
  async function faultsOf({ text }: Configuration): Promise<readonly string[]> {
    const own = mkdtempSync(join(folder, "one-"));
    const file = join(own, "hopwise.config.yaml");
    writeFileSync(file, withFiles(whole(text), own, users));
    try {
      const { value } = await readConfigFile(file, everyVariable);
      const { problems = [] } = readGatewayConfig(value, own);
      return problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
    } catch (error) {
      return [String(error).replaceAll(own, "")];
    }
  }

  it("there are some to judge, in pages and in examples", () => {
    expect([inPages.filter(isOurs).length > 0, examples.length > 0]).toStrictEqual([true, true]);
  });

  for (const configuration of [...inPages, ...examples].filter(isOurs)) {
    it(configuration.place, async () => expect(await faultsOf(configuration)).toStrictEqual([]));
  }

  it("one that could not run would be found", async () => {
    const text =
      "groups: {}\nroutes: [{ to: nowhere }]\nlisteners: [{ https: 443, certificates: [{ cert: a.pem, key: a.key }] }]\n";
    expect(await faultsOf({ place: "", text })).toStrictEqual([
      'routes.0.to: there is no group "nowhere"; there are: none',
    ]);
  });
});

it("docs/one-file.md shows the example as it stands, part by part", () => {
  const example = readFileSync(join(root, "examples/site/hopwise.config.yaml"), "utf8");
  const shown = inPages.filter(({ place }) => place.startsWith("docs/one-file.md:")).slice(0, 3);
  expect(shown.map(({ text }) => keysOf(text))).toStrictEqual([["listeners"], ["groups"], ["routes"]]);
  expect(shown.filter(({ text }) => !example.includes(text)).map(({ place }) => place)).toStrictEqual([]);
});

/** Whatever it asks of the environment is there. */
const everyVariable: NodeJS.ProcessEnv = new Proxy({}, { get: () => "secret" });

/** The same text, whose certificates, secrets and users are files in `folder`. */
function withFiles(text: string, folder: string, users: string): string {
  let count = 0;
  const put = (content: string): string => {
    const name = `file-${++count}`;
    writeFileSync(join(folder, name), content);
    return name;
  };
  return text
    .replace(/\bcert: ([^\s,}]+)([\s,]+)key: ([^\s,}]+)/g, (_all, _cert: string, between: string) => {
      // Each for a name of its own: two for one name are a mistake.
      const { cert, key } = certificateFor([`host${count}.example.com`]);
      return `cert: ${put(cert)}${between}key: ${put(key)}`;
    })
    .replace(/\b(users|file): ([./][^\s,}]*)/g, (_all, key: string) => `${key}: ${put(users)}`)
    .replace(/\b(clientCa|ca): [^\s,}]+/g, (_all, key: string) => `${key}: ${put(authority.cert)}`)
    .replace(/: (\.\/[^\s,}]+\.html)/g, (_all, name: string) => {
      writeFileSync(join(folder, basename(name)), "<h1>sorry</h1>\n");
      return `: ./${basename(name)}`;
    })
    .replace(/\$\{file:[^}]+\}/g, () => `\${file:${put("secret\n")}}`);
}
