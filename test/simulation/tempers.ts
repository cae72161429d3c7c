/**
 * What origins are like: how they treat their connections, and what they do to single requests.
 *
 * A temper is data, drawn from the seed; origins.ts and responses.ts play it.
 */
import type { Random } from "../../src/net/simulated/random.ts";

/** What an origin does with one request. */
export type Act =
  | "answer" // in order and at once
  | "dawdle" // in pieces with pauses, within the limits
  | "stall" // in pieces with one pause that is too long
  | "never" // no answer at all
  | "close-before" // FIN or RST instead of an answer
  | "cut" // FIN or RST in the middle of the answer
  | "early" // answers before it has read the body, and reads on
  | "early-close" // answers before it has read the body, and closes
  | "interims" // 1xx responses first
  | "extra" // octets behind the response that nobody asked for
  | "malformed" // a head that is ambiguous or malformed
  | "malformed-body" // chunks that are malformed
  | "tunnel" // 101, when it is asked for
  | "switch" // 101, unasked
  | "deaf"; // does not read the request for a while

export interface Temper {
  readonly minorVersion: 0 | 1;
  /** HTTP/1.0: keeps connections whose client asks for it; nobody asks on this hop, but some servers do it anyway. */
  readonly keepsHttp10: boolean;
  /** Requests per connection; 0: no limit. */
  readonly requestsMax: number;
  /** Says `Connection: close` in the last response. */
  readonly announcesClose: boolean;
  /** How a connection is closed: FIN and reading on, or everything at once. */
  readonly closing: "fin" | "destroy" | "reset";
  /** How long a connection may idle; forever: undefined. */
  readonly idle_ms: number | undefined;
  /** `Keep-Alive: timeout=` that is promised; none: undefined. */
  readonly hintTimeout_s: number | undefined;
  /** Whether `requestsMax` is promised as `Keep-Alive: max=`. */
  readonly hintsMax: boolean;
  /** Whether the promised timeout is kept. */
  readonly isHonest: boolean;
  /** How often an idle connection gets octets that nobody asked for. */
  readonly unsolicited: number;
  readonly acts: Readonly<Record<Act, number>>;
  /** Dials that are refused, or never answered. */
  readonly refuses: number;
  readonly ignores: number;
}

const GOOD: Readonly<Record<Act, number>> = {
  answer: 1,
  dawdle: 0,
  stall: 0,
  never: 0,
  "close-before": 0,
  cut: 0,
  early: 0.1,
  "early-close": 0,
  interims: 0.1,
  extra: 0,
  malformed: 0,
  "malformed-body": 0,
  tunnel: 0,
  switch: 0,
  deaf: 0,
};

export const calmTemper: Temper = {
  minorVersion: 1,
  keepsHttp10: false,
  requestsMax: 0,
  announcesClose: false,
  closing: "fin",
  idle_ms: undefined,
  hintTimeout_s: undefined,
  hintsMax: false,
  isHonest: true,
  unsolicited: 0,
  acts: GOOD,
  refuses: 0,
  ignores: 0,
};

/** @param mischief how much goes wrong: 0 to 1 */
export function makeTemper(random: Random, mischief: number): Temper {
  const m = random.chance(0.3) ? 0 : mischief;
  const gives = random.chance(0.4);
  const isHonest = random.chance(0.6);
  const hintTimeout_s = gives ? random.between(0, 4) : undefined;
  const requestsMax = random.chance(0.3) ? random.between(1, 4) : 0;
  const own_ms = random.chance(0.5) ? random.between(1, 3_000) : undefined;
  const honest_ms = hintTimeout_s === undefined ? undefined : hintTimeout_s * 1_000 + 100;
  // Each origin has its own weaknesses, so that the others are seen undisturbed.
  const some = (weight: number) => (random.chance(0.4) ? weight * m : 0);
  return {
    minorVersion: random.chance(0.2) ? 0 : 1,
    keepsHttp10: random.chance(0.6),
    requestsMax,
    announcesClose: random.chance(0.6),
    closing: random.weighted({ fin: 3, destroy: 2, reset: 1 }),
    idle_ms: gives && isHonest ? honest_ms : own_ms,
    hintTimeout_s,
    hintsMax: gives && requestsMax > 0 && random.chance(0.6),
    isHonest,
    unsolicited: some(0.1),
    acts: {
      answer: 6,
      dawdle: 1,
      stall: some(0.3),
      never: some(0.3),
      "close-before": some(4),
      cut: some(1.5),
      early: 0.6,
      "early-close": some(0.6),
      interims: 0.8,
      extra: some(0.5),
      malformed: some(0.5),
      "malformed-body": some(0.4),
      tunnel: 0,
      switch: some(0.1),
      deaf: some(0.5),
    },
    refuses: some(0.4),
    ignores: some(0.2),
  };
}
