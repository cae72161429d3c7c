/** What a setting of some product was set to: a number in the setting's own unit, an amount with a unit, or a word. */
import { shown } from "../../config/values.ts";
import type { Setting } from "../products/product.ts";
import type { Amount } from "./hop.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  min: 60_000,
  m: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
};
const unitNames = { ms: "milliseconds", s: "seconds", min: "minutes" } as const;
/** A hundred years: more is a slip of the hand. */
const IDLE_MS_MAX = 3_155_760_000_000;

/** @returns what it comes to, in milliseconds where it is a time; or a text that says what to write */
export function readAmount(setting: Setting, text: string): { readonly amount: Amount } | { readonly problem: string } {
  const value = text
    .trim()
    .replace(/;$/, "")
    .replace(/^(["'])(.*)\1$/, "$2")
    .trim();
  const special = setting.special?.[value.toLowerCase()];
  if (special !== undefined) return { amount: special };
  const words = Object.keys(setting.special ?? {}).filter((word) => !/^\d+$/.test(word));
  const orWords = words.length === 0 ? "" : ` or ${words.join(", ")}`;
  if (setting.unit === "switch") return { problem: `"${shown(value)}" is not one of ${words.join(", ")}` };
  const [, digits, unit = ""] = /^(\d[\d_]*(?:\.\d+)?)\s*([a-z]*)$/i.exec(value) ?? [];
  if (digits === undefined) return { problem: `"${shown(value)}" is not an amount: ${howTo(setting)}${orWords}` };
  const number = Number(digits.replaceAll("_", ""));
  if (setting.unit === "count") {
    if (unit !== "" || !Number.isSafeInteger(number))
      return { problem: `"${shown(value)}" is not a count: write a whole number` };
    return { amount: setting.sets === "reuse" && number > 0 ? "on" : number };
  }
  const factor =
    unit === "" ? UNIT_MS[setting.unit] : UNIT_MS[unit.toLowerCase().replace(/(?<=ond|inute|our|sec|min)s$/, "")];
  if (factor === undefined) return { problem: `"${shown(unit)}" is not a unit of time: ${howTo(setting)}` };
  const amount = number * factor;
  return amount <= IDLE_MS_MAX ? { amount } : { problem: `"${shown(value)}" is longer than a hundred years` };
}

function howTo({ unit }: Setting): string {
  if (unit === "count" || unit === "switch") return "write a whole number";
  return `write a number of ${unitNames[unit]}, or one with a unit like 500ms, 75s or 2m`;
}
