/**
 * A play as a Mermaid sequence diagram, as GitHub renders it in Markdown.
 *
 * Mermaid knows no time axis: times stand before what happens, and the hang is a coloured note over those who wait.
 * Deliberately absent: octets beyond the emphasised lines.
 */
import type { Language, NarratedStep, Play } from "../play.ts";
import { connectionOf, hangTitle, words } from "./sentences.ts";
import { duration, plain, visible } from "./text.ts";

export function mermaidOf(play: Play, language: Language): string {
  const ids = new Map(play.actors.map(({ id }, index) => [id, `a${index}`]));
  const idOf = (actor: string) => ids.get(actor) ?? "a0";
  return [
    "sequenceDiagram",
    ...play.actors.map(({ id, role, title }) => {
      const kind = role === "client" ? "actor" : "participant";
      return `  ${kind} ${idOf(id)} as ${safe(title[language])}`;
    }),
    ...play.steps.flatMap((step) => linesOf(play, step, language, idOf)),
    "",
  ].join("\n");
}

function linesOf(play: Play, step: NarratedStep, language: Language, idOf: (actor: string) => string): string[] {
  const at = duration(step.at_ms);
  switch (step.kind) {
    case "open": {
      const { from, to, port } = connectionOf(play, step.connection);
      return [`  ${idOf(from)}-->>${idOf(to)}: ${safe(`${at} · ${words.handshake[language]} :${port}`)}`];
    }
    case "message": {
      const marks = step.emphasis.map((line) => `<br/>${safe(line)}`).join("");
      return [`  ${idOf(step.from)}->>${idOf(otherEnd(play, step))}: ${safe(`${at} · ${step.title}`)}${marks}`];
    }
    case "close": {
      const arrow = step.how === "RST" ? "-x" : "--)";
      const what = step.reason === undefined ? step.how : `${step.how} · ${step.reason}`;
      return [`  ${idOf(step.from)}${arrow}${idOf(otherEnd(play, step))}: ${safe(`${at} · ${what}`)}`];
    }
    case "wait": {
      const note = (text: string) => `Note over ${idOf(step.actor)}: ${text}`;
      const words = safe(plain(step.text[language]));
      if (!step.isHang) return [`  ${note(words)}`];
      return [
        "  rect rgba(194, 47, 28, 0.25)",
        `  ${note(`${safe(hangTitle(step)[language])}<br/>${words}`)}`,
        "  end",
      ];
    }
    case "note":
      return [`  Note over ${idOf(step.actor)}: ${safe(plain(step.text[language]))}`];
  }
}

function otherEnd(play: Play, step: { readonly connection: string; readonly from: string }): string {
  const { from, to } = connectionOf(play, step.connection);
  return step.from === from ? to : from;
}

/** As entities of Mermaid: what would end a line, begin a comment or an entity, or be read as markup. */
function safe(text: string): string {
  return visible(text).replace(/[#;<>"%&{}\\`$]/g, (character) => `#${character.charCodeAt(0)};`);
}
