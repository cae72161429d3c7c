/**
 * Texts that make readers work: one or two characters over and over, within something that does not match in the end.
 *
 * An expression that tries again from each position, or a loop within a loop, shows on one of these, whatever the field that
 * holds it means. Deliberately absent: what is right to answer; the conformance suite says it.
 */

export interface Shape {
  readonly name: string;
  /** In the short form each part gets one of so many of these, and the next part others. */
  readonly turn: number;
  /** A value of about `bytes` bytes, never more. */
  value(bytes: number): string;
}

/** What lists, parameters, comments, quotes, hosts, numbers and tokens are made of. */
const CHARACTERS = [...' \t,;="\\():./[]%0a-_'];

/** Around them: what ends a run of them without a match, and what opens something that is never closed. */
const FRAMES: readonly (readonly [before: string, behind: string])[] = [
  ["a", "b"],
  ["", ""],
  ['"', ""],
  ["(", ""],
  ["[", "]"],
];

/** Longer units: members, parameters, quoted pairs and nested comments as they occur, and then too often. */
const UNITS = [
  "a, ",
  "a ,",
  "a\t;q=0,",
  ";q=0",
  "; \t",
  ";q=0.000 ",
  'a="b",',
  '"\\"",',
  '"\\',
  '",',
  "(()",
  "())",
  "(\\)",
  "(\\",
  "1.1 a:0,",
  "1.1 a (b), ",
  "::1,",
  "%41",
  "[::]:",
  "a/b,",
  "trailers;",
  "100-continue,",
  "keep-alive,",
  "close,",
  "timeout=1,",
  "chunked,",
  "for=a;",
  ";a=b",
  ';a="b"',
  "http://",
  "url=",
  "a:b@",
  "\x01",
  // What only some readers take for the end of a line, and what goes on behind it.
  "\n ",
  "\r",
  "\xff",
  // Accents, alternately above and below, in UTF-8.
  "\xcc\x81\xcc\xa3",
];

function repeated(unit: string, before: string, behind: string, turn = 1): Shape {
  const frame =
    before === "" && behind === "" ? "" : ` between ${JSON.stringify(before)} and ${JSON.stringify(behind)}`;
  return {
    name: `${JSON.stringify(unit)} over and over${frame}`,
    turn,
    value(bytes) {
      const times = Math.floor((bytes - before.length - behind.length) / unit.length);
      return before + unit.repeat(times) + behind;
    },
  };
}

/** Members that all differ, as many as there is room for. */
function different(separator: string): Shape {
  return {
    name: `different words with ${JSON.stringify(separator)} between them`,
    turn: 1,
    value(bytes) {
      const members: string[] = [];
      for (let length = 0, index = 0; ; index++) {
        const member = `a${index.toString(36)}`;
        length += member.length + separator.length;
        if (length > bytes) return members.join(separator);
        members.push(member);
      }
    },
  };
}

function pairsOf(characters: readonly string[]): string[] {
  return characters.flatMap((one, index) => characters.slice(index + 1).map((other) => one + other));
}

/** Most of what a character does to a reader it does in the first frame. */
const FRAMES_TURN = 2;

/** Nothing that means anything: what costs more costs it for what it says. */
const plain = repeated("b", "", "");

/** A plain one first, then each character in each frame, and longer units. */
export const shapes: readonly Shape[] = [
  plain,
  ...CHARACTERS.flatMap((character) =>
    FRAMES.map(([before, behind], frame) => repeated(character, before, behind, frame === 0 ? 1 : FRAMES_TURN)),
  ),
  ...UNITS.map((unit) => repeated(unit, "a", "b")),
  ...[",", ", ", ";", "."].map(different),
];

/** Each alternation of two in each frame, too, and longer units in each. */
export const moreShapes: readonly Shape[] = [
  ...shapes,
  ...UNITS.flatMap((unit) => FRAMES.slice(1).map(([before, behind]) => repeated(unit, before, behind))),
  ...pairsOf(CHARACTERS).flatMap((pair) => FRAMES.map(([before, behind]) => repeated(pair, before, behind))),
];
