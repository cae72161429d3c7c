/**
 * Changes messages where it hurts: at octets, at lines, at numbers, and between two messages of the corpus.
 *
 * Deliberately absent: coverage guidance. The corpus holds the known ways to disagree; mutation looks around them.
 */
import { dictionary } from "./corpus.ts";
import type { Random } from "./random.ts";

/** Messages do not grow beyond this, so that each run stays short. */
const LENGTH_MAX = 1_200;

type Mutation = (text: string, random: Random, corpus: readonly string[]) => string;

const mutations: readonly Mutation[] = [
  // Octets.
  (text, random) => insert(text, random.below(text.length + 1), random.pick(dictionary)),
  (text, random) => insert(text, random.below(text.length + 1), random.pick(dictionary)),
  (text, random) => remove(text, random.below(text.length), 1 + random.below(3)),
  (text, random) => remove(text, random.below(text.length), random.below(text.length)),
  (text, random) => replaceAt(text, random.below(text.length), String.fromCharCode(random.below(256))),
  (text, random) => {
    const at = random.below(text.length);
    return replaceAt(text, at, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))));
  },
  (text, random) => {
    const at = random.below(text.length);
    const piece = text.slice(at, at + 1 + random.below(40));
    return insert(text, random.below(text.length + 1), piece);
  },
  (text, random) => text.slice(0, random.below(text.length)),
  // Edges of words: where grammar is.
  (text, random) => insert(text, edgeOf(text, random), random.pick(dictionary)),
  (text, random) => insert(text, edgeOf(text, random), random.pick(dictionary)),
  (text, random) => remove(text, edgeOf(text, random), 1),
  // Lines.
  (text, random) => onLines(text, random, (lines, at) => void lines.splice(at, 1)),
  (text, random) => onLines(text, random, (lines, at) => void lines.splice(at, 0, lines[at] as string)),
  (text, random) =>
    onLines(text, random, (lines, at) => void lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1))),
  (text, random) => onLines(text, random, (lines, at) => void lines.splice(at, 1, bareLineFeed(lines[at] as string))),
  (text, random) =>
    onLines(text, random, (lines, at) => void lines.splice(at, 1, oneCase(lines[at] as string, random))),
  // Numbers.
  (text, random) => onNumber(text, random, (digits) => String(Number(digits) + random.below(5) - 2)),
  (text, random) => onNumber(text, random, (digits) => `0${digits}`),
  (text, random) => onNumber(text, random, (digits) => digits + digits),
  // Two messages.
  (text, random, corpus) => text + random.pick(corpus),
  (text, random, corpus) => {
    const other = random.pick(corpus);
    return text.slice(0, random.below(text.length)) + other.slice(random.below(other.length));
  },
];

/** A message of the corpus after a few mutations, sometimes after none. */
export function mutated(corpus: readonly string[], random: Random): string {
  let text = random.pick(corpus);
  let count = 0;
  while (count < 6 && random.chance(count === 0 ? 0.97 : 0.45)) {
    text = random
      .pick(mutations)(text === "" ? "\r\n" : text, random, corpus)
      .slice(0, LENGTH_MAX);
    count++;
  }
  return text;
}

function insert(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at);
}

function remove(text: string, at: number, count: number): string {
  return text.slice(0, at) + text.slice(at + count);
}

function replaceAt(text: string, at: number, character: string): string {
  return text.slice(0, at) + character + text.slice(at + 1);
}

/** A position where a word begins or ends. */
function edgeOf(text: string, random: Random): number {
  const edges = [...text.matchAll(/\b|(?<=\n)|(?=\r)|(?=[,;:])|(?<=[,;:])/g)].map((match) => match.index);
  return edges.length === 0 ? 0 : random.pick(edges);
}

function onLines(text: string, random: Random, change: (lines: string[], at: number) => void): string {
  const lines = text.split(/(?<=\n)/);
  change(lines, random.below(lines.length));
  return lines.join("");
}

function onNumber(text: string, random: Random, change: (digits: string) => string): string {
  const numbers = [...text.matchAll(/[0-9]+/g)];
  if (numbers.length === 0) return text;
  const number = random.pick(numbers);
  return text.slice(0, number.index) + change(number[0]) + text.slice(number.index + number[0].length);
}

function oneCase(text: string, random: Random): string {
  return random.chance(0.5) ? text.toUpperCase() : text.toLowerCase();
}

function bareLineFeed(line: string): string {
  return line.replace("\r\n", "\n");
}
