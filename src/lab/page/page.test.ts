/** The page stands alone, lets nothing out or in, and says all in both languages. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { dumbPlay, hopwisePlay, message, open } from "../../../test/kit/plays.ts";
import { pictureOf } from "../drawing/svg.ts";
import { escaped } from "../drawing/text.ts";
import type { Play } from "../play.ts";
import { pageOf } from "./page.ts";

const page = pageOf([hopwisePlay, dumbPlay]);

const poison = `</script><script>alert(1)</script><img src="http://x.test/" onerror='alert(2)'>`;
const text = { en: poison, ko: poison };
const hostile: Play = {
  ...hopwisePlay,
  scenario: poison,
  title: text,
  proxy: poison,
  actors: hopwisePlay.actors.map((actor) => ({ ...actor, title: text })),
  steps: [
    open("down", 0),
    { ...message("down", "client", 40, [poison], [poison]), narration: text },
    { kind: "close", at_ms: 60, until_ms: 70, connection: "down", from: "client", how: "RST", reason: poison },
    { kind: "note", at_ms: 80, until_ms: 80, actor: "proxy", text },
    { kind: "wait", at_ms: 100, until_ms: 5000, actor: "client", isHang: true, text },
  ],
  verdict: text,
  measures: [{ name: text, value: 1, unit: poison }],
  moral: text,
  sources: [poison],
};

describe("octets of plays are harmless", () => {
  it.each([
    ["page", pageOf([hostile])],
    ["picture", pictureOf([hostile], "en")],
  ])("in the %s", (_, markup) => {
    expect(markup.match(/<script\b/g) ?? []).toHaveLength(markup.startsWith("<!doctype") ? 1 : 0);
    expect(markup).not.toContain("<img");
    expect(markup).not.toContain("alert(1)<");
    expect(markup).toContain("&#60;/script&#62;");
  });
});

describe("nothing leaves the page", () => {
  it("its policy allows its own style and script by their hashes, and nothing else", () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    const hash = (of: string) => `'sha256-${createHash("sha256").update(of).digest("base64")}'`;
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
    expect(policy.split("; ")).toStrictEqual([
      "default-src 'none'",
      `script-src ${hash(script)}`,
      `style-src ${hash(style)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it("it refers to nothing that a browser would fetch", () => {
    expect(page).not.toMatch(/<(?:link|img|iframe|script src|source|video|audio|object|embed)\b|@import|url\(/);
    for (const [, address] of page.matchAll(/(?:href|src)="([^"]*)"/g)) {
      expect(address).toMatch(/^https:\/\/www\.rfc-editor\.org\/rfc\/rfc\d+(?:#section-[\d.]+)?$/);
    }
  });
});

describe("both languages", () => {
  it("are in the page, each marked as what it is", () => {
    expect([dumbPlay, hopwisePlay].map(({ steps }) => steps.some(({ narration }) => narration))).toEqual([true, true]);
    for (const play of [dumbPlay, hopwisePlay]) {
      for (const { narration } of play.steps) {
        if (narration === undefined) continue;
        for (const language of ["en", "ko"] as const) {
          const said = `<span lang="${language}">${escaped(narration[language])}</span>`;
          expect(page.includes(said), said).toBe(true);
        }
      }
    }
  });

  it("have no more in the one than in the other", () => {
    const count = (language: string) => page.split(`<span lang="${language}"`).length;
    expect(count("en")).toBe(count("ko"));
  });
});

it("hopwise stands last, whatever the order of the plays", () => {
  expect(page.indexOf('data-play="0"><figcaption><span lang="en">dumb proxy')).toBeGreaterThan(-1);
});

it("what cannot be measured in one play is no figure there", () => {
  const other = { ...dumbPlay, measures: [] };
  expect(pageOf([other, hopwisePlay])).toContain("<td>–</td>");
});

it("a play without steps is still a page", () => {
  expect(pageOf([{ ...dumbPlay, steps: [] }])).toContain("</html>");
  expect(pageOf([])).toContain("</html>");
});
