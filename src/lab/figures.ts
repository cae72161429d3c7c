/** A figure that was measured, as people say it. Times are the drawing's business: each shows them in its own way. */
import type { Language, Measure } from "./play.ts";

/** In Korean units follow their number; in English what is counted is often named already. */
const koreanUnits: Readonly<Record<string, string>> = {
  connections: "개",
  requests: "개",
  "round trips": "회 왕복",
  bytes: "바이트",
};

export function figureText({ name, value, unit }: Measure, language: Language): string {
  const number = String(Number(value.toFixed(2)));
  if (language === "ko") return `${number}${koreanUnits[unit] ?? ` ${unit}`}`.trimEnd();
  if (unit === "" || name.en.includes(unit)) return number;
  return `${number} ${value === 1 && unit !== "ms" ? unit.replace(/s$/, "") : unit}`;
}
