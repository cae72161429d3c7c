/** What the system's two files say, and what needs neither. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../test/kit/manual-clock.ts";
import { ChangingFile } from "./changing-file.ts";
import { parseHosts } from "./hosts-file.ts";
import { candidatesFor, parseResolverConfig } from "./resolver-config.ts";
import { specialMeaning } from "./special-names.ts";

it("a hosts file: names and aliases in any case, several addresses, comments, and lines that say nothing", () => {
  const hosts = parseHosts(
    "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost\n# 10.9.9.9 no\n10.0.0.1  Build.Example build # old\nnonsense here\n10.0.0.1 build\n",
  );
  expect(Object.fromEntries(hosts)).toEqual({
    localhost: ["127.0.0.1", "::1"],
    "ip6-localhost": ["::1"],
    "build.example": ["10.0.0.1"],
    build: ["10.0.0.1"],
  });
});

describe("resolv.conf", () => {
  it("says which servers, for how long, and where short names are looked for", () => {
    const text =
      "domain old.example\nsearch a.example B.example.\nnameserver 10.0.0.53\nnameserver ::53\nnameserver x\n";
    expect(parseResolverConfig(`${text}options ndots:2 timeout:3 attempts:4 rotate\n`)).toEqual({
      ...{ servers: ["10.0.0.53", "::53"], search: ["a.example", "b.example"], ndots: 2, try_ms: 3_000, attempts: 4 },
    });
  });

  it("has bounds, and defaults where it is absent", () => {
    const many = Array.from({ length: 9 }, (_, i) => `nameserver 10.0.0.${i}\n`).join("");
    const bounded = parseResolverConfig(`${many}search ${"d ".repeat(20)}\noptions ndots:99 timeout:999 attempts:0\n`);
    expect([bounded.servers.length, bounded.search.length, bounded.ndots, bounded.try_ms, bounded.attempts]).toEqual([
      3, 6, 15, 30_000, 1,
    ]);
    expect(parseResolverConfig("")).toEqual({ servers: [], search: [], ndots: 1, try_ms: 2_000, attempts: 2 });
  });

  it("search domains are for names with fewer dots than ndots; a dot at the end means the name itself", () => {
    const config = { ...parseResolverConfig("search corp.example"), ndots: 1 };
    expect(candidatesFor("wiki", config)).toEqual(["wiki.corp.example", "wiki"]);
    expect(candidatesFor("wiki.", config)).toEqual(["wiki"]);
    expect(candidatesFor("example.com", config)).toEqual(["example.com"]);
    expect(candidatesFor("a.svc", { ...config, ndots: 5 })).toEqual(["a.svc.corp.example", "a.svc"]);
  });
});

it.each<[string, readonly string[] | "ENOTFOUND" | undefined]>([
  ["localhost", ["127.0.0.1", "::1"]],
  ["app.localhost.", ["127.0.0.1", "::1"]],
  ["nowhere.invalid", "ENOTFOUND"],
  ["hidden.onion", "ENOTFOUND"],
  ["127.1", ["127.0.0.1"]],
  ["0x7f000001", ["127.0.0.1"]],
  ["2130706433", ["127.0.0.1"]],
  ["017700000001.", ["127.0.0.1"]],
  ["1.2.3.4.5", "ENOTFOUND"],
  ["a..b", "ENOTFOUND"],
  ["a b", "ENOTFOUND"],
  [`${"a".repeat(64)}.test`, "ENOTFOUND"],
  ["_srv.example.com", undefined],
  ["1.example", undefined],
])("%s needs no name server, or does: %j", (name, meaning) => {
  expect(specialMeaning(name)).toEqual(meaning);
});

it("a file is read again when it has changed, looked for once a second, and may be absent or out of reach", () => {
  const directory = mkdtempSync(join(tmpdir(), "hopwise-names-"));
  try {
    const clock = new ManualClock();
    const path = join(directory, "hosts");
    const file = new ChangingFile(path, (text) => ({ text }), clock);
    expect(file.content().text).toBe("");
    writeFileSync(path, "one");
    expect(file.content().text).toBe("");
    clock.advance(1_000);
    const read = file.content();
    expect(read.text).toBe("one");
    clock.advance(1_000);
    expect(file.content()).toBe(read);
    writeFileSync(path, "another");
    clock.advance(1_000);
    expect(file.content().text).toBe("another");
    rmSync(path);
    clock.advance(1_000);
    expect(file.content().text).toBe("");
    const behindFile = new ChangingFile(join(directory, "file", "hosts"), (text) => ({ text }), clock);
    writeFileSync(join(directory, "file"), "in the way");
    symlinkSync(path, path);
    clock.advance(1_000);
    expect([file.content().text, behindFile.content().text]).toEqual(["", ""]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
