/** A play as Mermaid: line by line what GitHub's renderer reads, whatever the play holds. */
import { describe, expect, it } from "vitest";
import { dumbPlay, fin, hopwisePlay, message, open } from "../../../test/kit/plays.ts";
import { mermaidOf } from "./mermaid.ts";

/** The statements of Mermaid's sequence diagrams that are used here; a text holds nothing that would end it. */
const text = "(?:[^#;\\n<>]|#\\d+;|<br/>)+";
const statement = new RegExp(
  [
    "sequenceDiagram",
    `  (?:actor|participant) a\\d+ as ${text}`,
    `  a\\d+(?:->>|-->>|--\\)|-x)a\\d+: ${text}`,
    `  Note over a\\d+: ${text}`,
    "  rect rgba\\(194, 47, 28, 0\\.25\\)",
    "  end",
    "",
  ].join("$|^"),
);

describe("every line is a statement", () => {
  const hostile = "a#b;c<d>\r\n%%{init: {}}%% `e` end";
  const odd = message("down", "client", 40, [hostile], [hostile]);
  const title = { en: hostile, ko: hostile };
  const plays = {
    dumb: dumbPlay,
    hopwise: hopwisePlay,
    hostile: {
      ...hopwisePlay,
      actors: hopwisePlay.actors.map((actor) => ({ ...actor, title })),
      steps: [open("down", 0), odd, fin("down", "client", 60, hostile)],
    },
  };
  for (const [name, play] of Object.entries(plays)) {
    it.each(["en", "ko"] as const)(`${name}, %s`, (language) => {
      const lines = mermaidOf(play, language).split("\n");
      expect(lines.filter((line) => !statement.test(line))).toStrictEqual([]);
    });
  }
});

it("shows who closes and how, what is emphasised, and the hang", () => {
  const drawn = mermaidOf(dumbPlay, "en");
  expect(drawn).toContain("  a0->>a1: 40 ms · GET /a HTTP/1.0<br/>Connection: Keep-Alive\n");
  expect(drawn).toContain("  Note over a0: HANG · 5.04 s<br/>for the second response\n");
  expect(drawn).toContain("  a2--)a1: 5.16 s · FIN\n");
});
