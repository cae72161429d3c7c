/**
 * Who the clients are: what each of their connections will send, how fast, how it reads, and how it misbehaves.
 *
 * A plan is data, drawn from the seed; clients.ts plays it.
 */

import type { Random } from "../../src/net/simulated/random.ts";
import type { RequestRecord } from "./record.ts";
import { makeRequest } from "./requests.ts";
import { evilBody, evilHead } from "./smuggling.ts";

export interface ClientPlan {
  readonly requests: readonly RequestRecord[];
  /** Requests that are sent before the first of them is answered. */
  readonly depth: number;
  /** All at once, in pieces, or in pieces with long pauses. */
  readonly pace: "at-once" | "pieces" | "dawdling";
  /** `late`: pauses for long and reads on. `never`: stops reading for good. */
  readonly reading: "steady" | "slow" | "late" | "never";
  /** What it does when everything is answered. `half-close`: right behind the last request. */
  readonly ending: "wait" | "close" | "half-close";
  /** After so many octets the client does something else for good. */
  readonly accident:
    | { readonly atOctet: number; readonly how: "reset" | "vanish" | "stall" | "half-close" }
    | undefined;
  /** Sent last: it is refused as a whole. */
  readonly evil: string | undefined;
  /** Up to this long between an answer and the next request. */
  readonly think_ms: number;
  /** How long a pause while sending or reading may be. */
  readonly pause_ms: number;
  readonly patience_ms: number;
}

export interface PlanWishes {
  readonly nextId: () => string;
  /** What requests to a forward proxy are for; to a gateway: undefined. */
  readonly hosts: readonly string[] | undefined;
  readonly isCalm: boolean;
  /** Whether a request may be sent before the one before is answered. */
  readonly mayPipeline: boolean;
  /** How much goes wrong: 0 to 1. */
  readonly mischief: number;
  readonly bodyBytesMax: number;
  /** Whether its first request logs in. */
  readonly logsIn: boolean;
  readonly isRouted: boolean;
  /** The share of clients who want a tunnel in the end. */
  readonly tunnels: number;
  /** The share of streams of HTTP/2 that are to be tunnels. */
  readonly http2Tunnels?: number;
  /** When all is calm there is room for tunnels that go wrong, and for more than one at once. */
  readonly roughCalm?: boolean;
  /** The shortest limit of time that a dawdler must keep. */
  readonly limit_ms: number;
  readonly keepAliveTimeout_ms: number;
}

export function makePlan(random: Random, wishes: PlanWishes): ClientPlan {
  const { isCalm, mischief, hosts, isRouted } = wishes;
  const minorVersion = random.chance(0.25) ? 0 : 1;
  const saysKeepAlive = random.chance(minorVersion === 0 ? 0.7 : 0.25);
  // A forward proxy keeps no HTTP/1.0 connection.
  const isPersistent = minorVersion === 1 || (saysKeepAlive && hosts === undefined);
  const count = isPersistent ? random.between(1, 5) : 1;
  const wantsTunnel = minorVersion === 1 && random.chance(wishes.tunnels);
  const closesLast = !wantsTunnel && random.chance(0.2);
  const requests: RequestRecord[] = [];
  for (let index = 0; index < count; index++) {
    const saysClose = closesLast && index === count - 1;
    const { bodyBytesMax } = wishes;
    const logsIn = wishes.logsIn && index === 0;
    requests.push(
      makeRequest(wishes.nextId(), random, {
        ...{ minorVersion, saysKeepAlive, saysClose, bodyBytesMax, hosts, logsIn, isRouted },
      }),
    );
  }
  if (wantsTunnel) {
    const saysClose = false;
    const bodyBytesMax = 0;
    requests.push(
      makeRequest(wishes.nextId(), random, {
        minorVersion,
        saysKeepAlive,
        saysClose,
        bodyBytesMax,
        wantsTunnel,
        hosts,
        isRouted,
      }),
    );
  }
  const goesWrong = !isCalm && random.chance(mischief);
  const hasEvil = goesWrong && isPersistent && !closesLast && !wantsTunnel && random.chance(0.4);
  if (hasEvil && random.chance(0.4)) requests.push(evilBody(wishes.nextId(), random, hosts?.[0]));
  const evil = hasEvil && !requests.some(({ mustNotComplete }) => mustNotComplete) ? evilHead(random) : undefined;
  // What comes behind a last request is not read, and must not cost the answer to what came before.
  const hasBehind = evil === undefined && closesLast && wishes.mayPipeline && minorVersion === 1 && random.chance(0.5);
  if (hasBehind) {
    const nothing = { minorVersion, saysKeepAlive: false, saysClose: false, bodyBytesMax: 0, hosts, isRouted } as const;
    const behind = makeRequest(wishes.nextId(), random, nothing);
    behind.mustNotArrive = true;
    requests.push(behind);
  }
  const octets = requests.reduce((sum, { facts }) => sum + facts.headText.length + facts.bodyText.length, 0);
  const isPipelining = minorVersion === 1 && !wantsTunnel && wishes.mayPipeline && random.chance(0.35);
  const reading = random.weighted({
    steady: 8,
    slow: isCalm ? 0 : 1.5,
    late: goesWrong ? 1.5 : 0,
    never: goesWrong ? 2 : 0,
  });
  return {
    requests,
    depth: hasBehind ? requests.length : isPipelining ? random.between(2, 4) : 1,
    pace: random.weighted({ "at-once": 6, pieces: 3, dawdling: isCalm ? 0 : 1 }),
    reading,
    ending: random.weighted({ wait: 3, close: 3, "half-close": wantsTunnel ? 0 : isPersistent ? 1 : 0.5 }),
    accident:
      goesWrong && !hasEvil && random.chance(0.7)
        ? {
            atOctet: random.between(1, octets),
            how: random.weighted({ reset: 2, vanish: 2, stall: 2, "half-close": 1 }),
          }
        : undefined,
    evil,
    think_ms: isCalm ? 200 : random.pick([0, 50, 1_500, 2 * wishes.keepAliveTimeout_ms]),
    pause_ms: wishes.limit_ms * (random.chance(0.2) && !isCalm ? 1.3 : 0.5),
    patience_ms: random.pick([50, 1_000]),
  };
}
