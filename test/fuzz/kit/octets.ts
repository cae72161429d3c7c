/**
 * Octets for tests: text to octets and back, pieces of them, and text that can be pasted into a table.
 */
import type { Octets } from "../../../src/wire/octets.ts";

/** The octets of a latin1 text: what a table row says is what is on the wire. */
export function octets(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}

export function textOf(pieces: Iterable<Octets>): string {
  let text = "";
  for (const piece of pieces) text += piece.latin1Slice();
  return text;
}

/** A string literal that gives `text` back when it is pasted into a test. */
export function escaped(text: string): string {
  const body = text.replace(/[\\"]|[^\x20-\x7e]/g, (character) => {
    if (character === "\r") return "\\r";
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    if (character === "\\" || character === '"') return `\\${character}`;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${body}"`;
}

/** Cuts `all` at the given positions, in order. */
export function cutAt(all: Octets, positions: readonly number[]): Octets[] {
  const pieces: Octets[] = [];
  let from = 0;
  for (const position of positions) {
    if (position <= from || position >= all.length) continue;
    pieces.push(all.subarray(from, position));
    from = position;
  }
  pieces.push(all.subarray(from));
  return pieces;
}

export function octetByOctet(all: Octets): Octets[] {
  const pieces: Octets[] = [];
  for (let position = 0; position < all.length; position++) pieces.push(all.subarray(position, position + 1));
  return pieces;
}

/** Every way in which the tables of this project are run. */
export function* segmentations(all: Octets): Generator<{ readonly name: string; readonly pieces: Octets[] }> {
  yield { name: "whole", pieces: [all] };
  yield { name: "octet by octet", pieces: octetByOctet(all) };
  // A long text is split at as many places as a short one has: its ends and a stride between them.
  const stride = Math.max(1, Math.floor(all.length / 1_000));
  for (let position = 1; position < all.length; position += stride) {
    yield { name: `split at ${position}`, pieces: cutAt(all, [position]) };
  }
}
