/** The documents say what is so: their commands exist, and the map names every room. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { forwardOptionNames } from "../../src/config/forward-options.ts";
import { defaultText, flagOf, optionNames } from "../../src/config/schema.ts";
import { readDuration_ms } from "../../src/config/values.ts";
import {
  checkFailures,
  closeReasons,
  lookupFailures,
  openReasons,
  reuseRefusals,
} from "../../src/connection/reasons.ts";
import { answerMeaning, answerReasons } from "../../src/exchange/answers.ts";
import { refusalCodes } from "../../src/wire/refusals.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string) => readFileSync(join(root, name), "utf8");

const manifest = JSON.parse(read("package.json")) as {
  scripts: Record<string, string>;
  bin: Record<string, string>;
};
/** Commands of npm that need no script. */
const builtIn = new Set(["ci", "install", "i", "audit", "pack", "publish", "version", "exec"]);

/** Scripts that a text calls: `npm test`, `npm start`, `npm run NAME`. */
function scriptsIn(text: string): string[] {
  const calls = text.matchAll(/\bnpm (?:(?:run|run-script) (?:-s |--silent )?)?([a-z][a-z:-]*)/g);
  return [...new Set([...calls].map((match) => match[1] as string))].filter(
    (name) => !builtIn.has(name) && name !== "run",
  );
}

/** Pages that people work by. */
const howTo = [
  ...["guide", "one-file", "certificates", "behind-a-load-balancer", "blue-green"],
  ...["options", "troubleshooting", "from-nginx", "from-haproxy", "from-caddy", "from-http-proxy-middleware"],
].map((name) => `docs/${name}.md`);
const documents = ["README.md", "README.ko.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", ...howTo];

describe("commands that documents name are scripts of the package", () => {
  for (const name of documents) {
    it(name, () => {
      const text = read(name);
      const code = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([piece]) => piece).join("\n");
      expect(scriptsIn(code).filter((script) => !(script in manifest.scripts))).toStrictEqual([]);
    });
  }
});

it("README.md begins where everyone begins: commands that work", () => {
  for (const command of ["npm ci && npm start", "npm ci && npm test", "npm run proof"]) {
    for (const page of ["README.md", "README.ko.md"]) expect(read(page)).toContain(command);
  }
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(["start", "test", "proof"]));
});

it("ARCHITECTURE.md is a map, not a book: under 250 lines", () => {
  expect(read("ARCHITECTURE.md").split("\n").length).toBeLessThan(250);
});

it("ARCHITECTURE.md names every room that exists", () => {
  const rooms = readdirSync(join(root, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  expect(rooms.length).toBeGreaterThan(10);
  expect(rooms.filter((room) => !new RegExp(`(?:\\b|src/)${room}/?\\b`).test(read("ARCHITECTURE.md")))).toStrictEqual(
    [],
  );
});

describe("docs/reasons.md says what every reason means, and knows no other", () => {
  const page = read("docs/reasons.md");
  const sections = page.split(/^## /m);
  const lists = {
    "Why connections close": closeReasons,
    "Why connections open": openReasons,
    "Why a health check failed": checkFailures,
    "Why a look-up failed": lookupFailures,
  };
  for (const [title, list] of Object.entries({ ...lists, "Why an idle connection was not reused": reuseRefusals })) {
    it(title, () => {
      const section = sections.find((text) => text.startsWith(title)) ?? "";
      const rows = [...section.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, reason]) => reason);
      expect(rows.toSorted()).toStrictEqual(Object.keys(list).toSorted());
    });
  }
});

it("docs/reasons.md says what every answer of hopwise's own means, and its status", () => {
  const section = read("docs/reasons.md")
    .split(/^## /m)
    .find((text) => text.startsWith("Why hopwise answers"));
  const rows = [...(section ?? "").matchAll(/^\| `([a-z0-9-]+)` \| (\d{3}) \|/gm)].map(([, ...row]) => row);
  // Rules of HTTP are told by the answers themselves.
  const own = answerReasons.filter((reason) => !refusalCodes.some((code) => code === reason));
  const expected = own.map((reason) => [reason, String(answerMeaning(reason).status)]);
  expect(rows.toSorted()).toStrictEqual(expected.toSorted());
});

describe("pages name only what exists", () => {
  const metrics = read("src/ledger/metrics.ts");
  const ownFlags = [...read("src/cli/program.ts").matchAll(/"(--[a-z0-9-]+)/g)].map(([, flag]) => flag as string);
  const flags = new Set([
    "--help",
    "--no-admin",
    "--no-http2",
    ...[...optionNames, ...forwardOptionNames].map(flagOf),
    ...ownFlags,
  ]);
  for (const page of ["README.md", "README.ko.md", "SECURITY.md", "docs/reasons.md", ...howTo]) {
    const text = read(page);
    it(`metrics in ${page}`, () => {
      const names = [...text.matchAll(/\b(?:hopwise_[a-z_]+|[a-z_]+_total)\b/g)].map(([name]) => name);
      // A histogram is asked for by its series.
      const known = (name: string) => metrics.includes(name.replace(/_(?:bucket|sum|count)$/, ""));
      expect(names.filter((name) => !known(name))).toStrictEqual([]);
    });

    it(`options in ${page}`, () => {
      const told = [...text.matchAll(/\bhopwise (?:proxy|forward|demo) [^\n]*|`--[^`\n]*`/g)].map(([piece]) => piece);
      const named = told.flatMap((piece) => piece.match(/(?<=^|[\s`])--[a-z0-9-]+/g) ?? []);
      expect(named.filter((flag) => !flags.has(flag))).toStrictEqual([]);
    });
  }
});

it("documents name only files that exist", () => {
  const pages = ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
  for (const name of readdirSync(join(root, "docs"))) if (name.endsWith(".md")) pages.push(`docs/${name}`);
  const gone = pages.flatMap((page) =>
    [...read(page).matchAll(/`((?:[a-z0-9-]+\/)+[a-z0-9-]+(?:\.test)?\.(?:ts|mjs))`/g)]
      .map(([, file]) => file as string)
      .filter((file) => !["", "src/"].some((folder) => existsSync(join(root, folder, file))))
      .map((file) => `${page}: ${file}`),
  );
  expect(gone).toStrictEqual([]);
});

describe("the units for systemd", () => {
  const service = read("examples/systemd/hopwise.service");

  it("stand in the guide as they are in examples", () => {
    const blocks = [...read("docs/guide.md").matchAll(/^```ini\n# \/etc\/systemd\/system\/(\S+)\n([\s\S]*?)^```$/gm)];
    expect(blocks.map(([, name]) => name)).toStrictEqual(["hopwise.socket", "hopwise.service"]);
    for (const [, name, text] of blocks) expect(text, name).toBe(read(`examples/systemd/${name}`));
  });

  it("leave hopwise the time that a drain may take, also where one-file.md has it run a file", () => {
    const [, limit_s = "0"] = /^TimeoutStopSec=(\d+)$/m.exec(service) ?? [];
    const normally_ms = (name: string) => readDuration_ms(defaultText(name).split(",")[0] ?? "", 0);
    expect(Number(limit_s) * 1_000).toBeGreaterThan(normally_ms("drainDelay") + normally_ms("drainTimeout"));
    // And behind a balancer, whose page has a longer delay.
    const [, delay = ""] = /^drainDelay: (\S+)/m.exec(read("docs/behind-a-load-balancer.md")) ?? [];
    const behindBalancer_ms = readDuration_ms(delay, 0) + normally_ms("drainTimeout");
    expect(Number(limit_s) * 1_000).toBeGreaterThan(behindBalancer_ms);
  });

  it("are not started where a group has their name, so the one that reads keys has another", () => {
    expect(service).toContain("DynamicUser=yes");
    const page = read("docs/certificates.md");
    const groups = [
      ...page.matchAll(/install [^\n]*-g (\S+)|SupplementaryGroups=([\w-]+)|groupadd --system ([\w-]+)/g),
    ];
    const names = new Set(groups.map(([, owner, extra, made]) => owner ?? extra ?? made));
    expect([...names]).toStrictEqual(["hopwise-tls"]);
  });
});

it("every script that runs a file runs one that exists, built or written", () => {
  const files = Object.values(manifest.scripts).flatMap((script) =>
    [...script.matchAll(/\bnode ([\w./-]+)/g)].map((m) => m[1] as string),
  );
  const missing = files.filter((file) => !existsSync(join(root, file.replace(/^dist\/(.*)\.js$/, "src/$1.ts"))));
  expect(missing).toStrictEqual([]);
});
