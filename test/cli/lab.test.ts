/** `hopwise lab`: what a reader sees, and what it says to those who mistype. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createProxy } from "../../src/index.ts";
import type { Play } from "../../src/lab/play.ts";
import { scenarios } from "../../src/lab/scenarios/all.ts";
import { freePort } from "../interop/support/listening.ts";
import { origin, run } from "./running.ts";

const simulated = ["--network", "simulated"];

describe("the lab", () => {
  it("lists its scenarios", async () => {
    const { code, out, err } = await run("lab", "--lang", "en");
    expect([code, err]).toStrictEqual([0, ""]);
    for (const { name, title } of scenarios) expect(out).toContain(`  ${name.padEnd(16)}  ${title.en}`);
  });

  it("plays one as a diagram: actors, octets, sentences, verdict, moral", async () => {
    const { code, out, err } = await run("lab", "dumb-proxy", "--lang", "en", ...simulated);
    expect([code, err]).toStrictEqual([0, ""]);
    expect(out).toMatch(/│─+ GET \/page HTTP\/1\.0 ─+▶│/);
    expect(out).toContain("Connection: Keep-Alive");
    expect(out).toContain("The client asks its neighbour to keep the connection");
    expect(out).toContain("✘ The second request hangs for 4.0 s");
    expect(out).toContain("✔ The second request is answered");
    expect(out).toMatch(/Moral: .*\n(?:.*\n)*RFC 9110 section 7\.6\.1/);
    expect(out).not.toContain("\u001b");
  });

  it("speaks Korean", async () => {
    const { code, out } = await run("lab", "dumb-proxy", "--lang", "ko", ...simulated);
    expect(code).toBe(0);
    expect(out).toContain("홉별(hop-by-hop)");
    expect(out).toContain("✘ 두 번째 요청은");
  });

  it("plays on real sockets unless told otherwise", async () => {
    const { code, out } = await run("lab", "no-agreement", "--lang", "en", "--rtt", "1ms");
    expect(code).toBe(0);
    expect(out).toContain("real sockets, round trip 1 ms");
    expect(out).toContain("hopwise agrees for its own hop");
    // Connections that open while the play is on are drawn between their actors, too.
    expect(out).toMatch(/│╌+ SYN port [1-9]\d+ ╌+▶│$/m);
    expect(out).not.toContain("port 0 ");
  });

  it("gives plays as data, as Mermaid, and as a page", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-lab-"));
    try {
      const file = join(folder, "story.html");
      const { code, out } = await run("lab", "keep-alive", "--lang", "ko", "--json", "--html", file, ...simulated);
      expect(code).toBe(0);
      const plays = JSON.parse(out) as Play[];
      expect(plays.map(({ scenario, proxy, outcome }) => [scenario, proxy, outcome])).toStrictEqual([
        ["keep-alive", "none", "works"],
        ["keep-alive", "hopwise", "works"],
      ]);
      expect(readFileSync(file, "utf8")).toMatch(/^<!doctype html>\n<html lang="ko"/i);
      const mermaid = await run("lab", "keep-alive", "--mermaid", "--proxy", "none", ...simulated);
      expect(mermaid.out).toMatch(/^sequenceDiagram\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  // One of the plays waits on real sockets, and a busy machine may spoil its timing.
  it("plays everything and ends with a table", { retry: 2 }, async () => {
    const { code, out } = await run("lab", "--all", "--lang", "en");
    expect(code).toBe(0);
    for (const { name } of scenarios) expect(out).toMatch(new RegExp(`^${name} `, "m"));
    expect(out).toMatch(/naive proxy \(node:http\) +✘/);
  });
});

describe("a real proxy takes part by its URL", () => {
  it("pointed at the lab's server", async () => {
    const port = String(await freePort());
    await using proxy = createProxy({ to: `http://127.0.0.1:${port}`, port: 0 });
    const { url } = await proxy.listen();
    const { code, out, err } = await run("lab", "dumb-proxy", "--lang", "en", "--proxy", url, "--origin-port", port);
    expect(code).toBe(0);
    expect(err).toBe(`point ${url} at http://127.0.0.1:${port}, where the lab's server is to listen`);
    expect(out).toContain("✔ The second request is answered");
  });

  it("that is not there: exit code 3, and what to look at", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, out, err } = await run("lab", "dumb-proxy", "--proxy", url);
    expect([code, out]).toStrictEqual([3, ""]);
    expect(err).toBe(
      `hopwise: --proxy: ${url} cannot be reached (ECONNREFUSED): is the proxy running, and is this its address?`,
    );
  });

  it("with the port of the lab's server taken: named, and exit code 2", async () => {
    const { url, host } = await origin((_request, response) => void response.end());
    const { code, err } = await run("lab", "dumb-proxy", "--proxy", url, "--origin-port", host.split(":")[1] ?? "");
    expect(code).toBe(2);
    expect(err).toMatch(/hopwise: --origin-port: 127\.0\.0\.1:\d+ is taken, by another process/);
  });
});

describe("a page that cannot be written", () => {
  it.each([
    ["in no folder", "/no/such/story.html", "there is no folder /no/such"],
    ["in the place of a folder", tmpdir(), "it is a folder"],
    ["below a file", join(fileURLToPath(import.meta.url), "story.html"), "is not a folder"],
  ])("%s: said before anything is played", async (_, file, why) => {
    const { code, out, err } = await run("lab", "dumb-proxy", "--lang", "en", "--html", file);
    expect([code, out]).toStrictEqual([2, ""]);
    expect(err).toContain(`hopwise: --html: ${file} cannot be written (`);
    expect(err).toContain(`${why}): write the path of a file in a folder that exists`);
  });
});

describe("wrong usage", () => {
  it.each([
    [["dumbproxy"], 'hopwise: "dumbproxy" is not a scenario of the lab; did you mean dumb-proxy?'],
    [["dumb-proxy", "--all"], "hopwise: --all plays every scenario: leave out dumb-proxy"],
    [
      ["dumb-proxy", "--proxy", "hopwize"],
      'hopwise: --proxy: "hopwize" is not a proxy of the lab; did you mean hopwise?',
    ],
    [
      ["dumb-proxy", "--proxy", "https://127.0.0.1"],
      /^hopwise: --proxy: the lab speaks http, not https: write none, dumb/,
    ],
    [
      ["dumb-proxy", "--proxy", "naive", "--network", "simulated"],
      "hopwise: --proxy: naive plays on real sockets only, which take their time: leave out --network simulated",
    ],
    [
      ["dumb-proxy", "--network", "token-ring"],
      'hopwise: --network: "token-ring" is not a kind of network: write sockets or simulated',
    ],
    [["dumb-proxy", "--rtt", "50"], 'hopwise: --rtt: "50" has no unit: write 50s or 50ms'],
    [
      ["dumb-proxy", "--speed", "fast"],
      'hopwise: --speed: "fast" is not a factor: write a number like 2 or 0.5; 0 is at once',
    ],
    [["dumb-proxy", "--lang", "fr"], 'hopwise: --lang: "fr" is not spoken here: write en or ko'],
    [["dumb-proxy", "--forward"], /^hopwise: --forward: it concerns real proxies: write --proxy/],
    [["dumb-proxy", "--origin-port", "9080"], /^hopwise: --origin-port: it concerns real proxies: write --proxy/],
    [["dumb-proxy", "--json", "--mermaid"], "hopwise: --json and --mermaid are two forms: choose one"],
  ])("hopwise lab %j", async (args, message) => {
    const { code, out, err } = await run("lab", ...args);
    expect([code, out]).toStrictEqual([2, ""]);
    if (typeof message === "string") expect(err).toBe(message);
    else expect(err).toMatch(message);
    expect(err).not.toContain("\n");
  });
});
