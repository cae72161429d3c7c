/**
 * What can be said of a step without a narrator, in both languages: who, to whom, what, how long.
 *
 * Arrows stand in for verbs, so that no Korean particle has to agree with a name. Deliberately absent: why it happened;
 * that is the narration's.
 */
import type { Actor, Connection, Language, Outcome, Play, Step, Text } from "../play.ts";
import { duration } from "./text.ts";

export const languages: readonly Language[] = ["en", "ko"];

export function inBoth(say: (language: Language) => string): Text {
  return { en: say("en"), ko: say("ko") };
}

export function actorOf(play: Play, id: string): Actor {
  return play.actors.find((actor) => actor.id === id) ?? { id, role: "proxy", title: { en: id, ko: id } };
}

export function connectionOf(play: Play, id: string): Connection {
  return play.connections.find((connection) => connection.id === id) ?? { id, from: "", to: "", port: 0 };
}

/** "client → dumb proxy". */
export function directionOf(play: Play, step: Step, language: Language): string {
  if (step.kind === "wait" || step.kind === "note") return actorOf(play, step.actor).title[language];
  const { from, to } = connectionOf(play, step.connection);
  const sender = step.kind === "open" ? from : step.from;
  const recipient = sender === from ? to : from;
  return `${actorOf(play, sender).title[language]} → ${actorOf(play, recipient).title[language]}`;
}

/** What happens, in a few words. */
export function eventOf(play: Play, step: Step, language: Language): string {
  switch (step.kind) {
    case "open":
      return `${words.handshake[language]} :${connectionOf(play, step.connection).port}`;
    case "message":
      return step.title;
    case "close":
      return step.reason === undefined ? step.how : `${step.how} · ${step.reason}`;
    case "wait":
      return step.isHang ? `${hangTitle(step)[language]}: ${step.text[language]}` : step.text[language];
    case "note":
      return step.text[language];
  }
}

export function sentenceOf(play: Play, step: Step, language: Language): string {
  return `${directionOf(play, step, language)}: ${eventOf(play, step, language)}`;
}

export function hangTitle({ at_ms, until_ms }: { readonly at_ms: number; readonly until_ms: number }): Text {
  return { en: `HANG · ${duration(until_ms - at_ms)}`, ko: `멈춤 · ${duration(until_ms - at_ms)}` };
}

export const words = {
  handshake: { en: "new connection", ko: "새 연결" },
  done: { en: "all done", ko: "모두 끝" },
  failed: { en: "over: it failed", ko: "실패로 끝남" },
} as const satisfies Record<string, Text>;

export const outcomeWords: Readonly<Record<Outcome, Text>> = {
  works: { en: "works", ko: "잘 됩니다" },
  "works at a price": { en: "works, at a price", ko: "되지만 대가가 있습니다" },
  fails: { en: "fails", ko: "실패합니다" },
};

/** What stands in the middle of this play. */
export function castOf(play: Play): Text {
  switch (play.proxy) {
    case "none":
      return { en: "no proxy", ko: "프록시 없음" };
    case "dumb":
      return { en: "dumb proxy", ko: "멍청한 프록시" };
    case "naive":
      return { en: "naive proxy", ko: "단순한 프록시" };
    case "lenient":
      return { en: "lenient proxy", ko: "관대한 프록시" };
    default:
      return { en: play.proxy, ko: play.proxy };
  }
}
