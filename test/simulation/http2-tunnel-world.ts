/**
 * Worlds in which clients that speak HTTP/2 open tunnels beside their other requests: WebSocket to an origin that agrees (RFC 8441), and
 * CONNECT through a forward proxy, which every second of these worlds has. Their seeds are far from all others, which so make the worlds
 * that they made before.
 *
 * A tunnel's plan says what both of its ends do. Deliberately absent: how they do it (http2-tunnel-end.ts, tunnel-origin.ts).
 */
import { constants } from "node:http2";
import { Random } from "../../src/net/simulated/random.ts";
import type { PlanWishes } from "./client-plans.ts";
import { content } from "./content.ts";
import type { Http2Request } from "./http2-world.ts";
import { type RequestFacts, RequestRecord } from "./record.ts";
import { gatewayHosts } from "./requests.ts";
import { closedPath } from "./routes.ts";
import { TunnelRecord } from "./tunnel-record.ts";
import type { WorldShape } from "./world-shape.ts";

/** Every seed from here on. */
export const TUNNELS_FROM = 90_000_000;

export function hasTunnels(seed: number): boolean {
  return seed >= TUNNELS_FROM;
}

/** Every so many of these worlds are those of a forward proxy. */
export const FORWARD_TUNNELS_EVERY = 2;
/** Where CONNECT may lead; one origin has a pool for each. */
const PORTS: readonly [number, ...number[]] = [443, 443, 8443];
const FORBIDDEN_PORT = 25;
/** So that its first bytes say whose a tunnel is (tunnel-origin.ts). */
const BYTES_MIN = 24;
const SIZES: readonly [number, ...number[]] = [BYTES_MIN, 100, 300, 5_000, 9_000, 70_000, 300_000];

export function isTunnelPort(port: number): boolean {
  return (PORTS as readonly number[]).includes(port);
}

/** The same world with shorter limits for tunnels, some of the time, and with little memory now and then. */
export function asTunneling(seed: number, shape: WorldShape): WorldShape {
  const random = new Random(seed ^ 0x7c1e);
  const { forward } = shape.settings;
  const settings = {
    ...shape.settings,
    tunnelTimeout_ms: random.pick([700, 2_000, 5_000]),
    http2BytesMax: random.chance(0.15) ? 300_000 : shape.settings.http2BytesMax,
    ...(forward === undefined ? {} : { forward: { ...forward, mayConnectTo: isTunnelPort } }),
  };
  return { ...shape, settings };
}

/** What one end says, and how it ends. */
export interface TunnelPlay {
  /** All that it says, unless it ends before. */
  readonly text: string;
  readonly pace: "at-once" | "pieces";
  readonly pause_ms: number;
  /** `behind-other`: once the other end has. `silence`: never. */
  readonly ends: "half-close" | "behind-other" | "reset" | "silence";
  /** Of its text, where it resets. */
  readonly resetsAt: number;
  readonly reading: "steady" | "slow" | "late" | "never";
}

export interface TunnelPlan {
  /** What the CONNECT is to become; nothing, it is a plain one: undefined. */
  readonly protocol: "websocket" | "sim" | undefined;
  /** The client says something before it has an answer. */
  readonly isEarly: boolean;
  /** `wrong`: by something that is not an agreement. */
  readonly answers: "agree" | "decline" | "wrong";
  /** Why the client resets it (RFC 9113 section 7). */
  readonly code: number;
  readonly client: TunnelPlay;
  readonly origin: TunnelPlay;
  /** One of its ends does something else than to say all, hear all, and end. */
  readonly isRough: boolean;
}

const CODES: readonly [number, ...number[]] = [
  constants.NGHTTP2_CANCEL,
  constants.NGHTTP2_NO_ERROR,
  constants.NGHTTP2_INTERNAL_ERROR,
  constants.NGHTTP2_CONNECT_ERROR,
  constants.NGHTTP2_REFUSED_STREAM,
];

export function makeTunnelRequest(random: Random, wishes: PlanWishes, goesWrong: boolean): Http2Request {
  const { hosts, isCalm, isRouted } = wishes;
  const id = wishes.nextId();
  const isPlain = hosts !== undefined && random.chance(0.7);
  const protocol = isPlain ? undefined : random.pick(["websocket", "websocket", "sim"] as const);
  const plan = makePlan(id, protocol, random, wishes, goesWrong);
  const closed = !isPlain && isRouted ? closedPath(id) : undefined;
  const isForbidden = isPlain && !isCalm && random.chance(0.05);
  const named = random.pick((hosts ?? gatewayHosts) as readonly [string, ...string[]]);
  const port = isForbidden ? FORBIDDEN_PORT : random.pick(PORTS);
  const host = isPlain ? `${named.replace(/:[0-9]+$/, "")}:${port}` : named;
  const path = isPlain ? "" : (closed ?? `/r/${id}${random.pick(["", "?a=b&c=%20"])}`);
  const endFields: [string, string][] = isPlain ? [] : [["x-end", `${id};q="a,b" \xe4`]];
  if (protocol === "websocket") endFields.push(["sec-websocket-version", "13"]);
  const asked = isPlain ? {} : { ":protocol": protocol as string, ":scheme": "http", ":path": path };
  const fields = { ":method": "CONNECT", ":authority": host, ...asked, ...Object.fromEntries(endFields) };
  const facts: RequestFacts = {
    ...{ id, method: isPlain ? "CONNECT" : "GET", path, host, framing: "none", body: "", endFields },
    ...{ minorVersion: 1, isHttp2: true, headText: "", bodyText: "", saysClose: false, saysKeepAlive: false },
    ...{ logsIn: false, wantsTunnel: true, expectsContinue: false, takesTrailers: false, mustNotComplete: false },
    ...{ protocol, isClosed: closed !== undefined || isForbidden },
  };
  const record = new RequestRecord(facts);
  record.tunnel = new TunnelRecord(id, plan);
  const cancelling = goesWrong && random.chance(0.1) ? { after_ms: random.skewed(1_000) } : undefined;
  return { record, fields, trailers: {}, cancelling, reading: "steady", bodySent: "" };
}

function makePlan(
  id: string,
  protocol: TunnelPlan["protocol"],
  random: Random,
  { isCalm, bodyBytesMax, roughCalm }: PlanWishes,
  goesWrong: boolean,
): TunnelPlan {
  // When all is calm what befalls one of them must not harm what is beside it, if there is room for it to go on for long.
  const isRough = isCalm ? roughCalm === true && random.chance(0.3) : goesWrong && random.chance(0.7);
  const [one, other] = [1, 2].map((side) => {
    const size = Math.min(random.pick(SIZES), Math.max(BYTES_MIN, bodyBytesMax));
    const text = content(id, side * 100, size);
    return {
      text,
      pace: random.pick(["at-once", "pieces", "pieces"]),
      pause_ms: isCalm ? 10 : random.pick([10, 400, 1_500]),
      ends: random.pick(["half-close", "half-close", "behind-other"]),
      resetsAt: 0,
      reading: isCalm ? "steady" : random.pick(["steady", "steady", "steady", "slow"]),
    } satisfies TunnelPlay;
  }) as [TunnelPlay, TunnelPlay];
  // Both would wait for each other.
  const client: TunnelPlay = other.ends === "behind-other" && !isRough ? { ...one, ends: "half-close" } : one;
  const roughens = random.pick(["client", "origin", "both"]);
  return {
    protocol,
    isEarly: random.chance(0.3),
    answers: random.weighted({ agree: 8, decline: isCalm ? 0 : 2, wrong: isCalm || protocol === undefined ? 0 : 1 }),
    code: random.pick(CODES),
    client: isRough && roughens !== "origin" ? roughened(client, random, isCalm) : client,
    origin: isRough && roughens !== "client" ? roughened(other, random, isCalm) : other,
    isRough,
  };
}

function roughened(play: TunnelPlay, random: Random, isCalm: boolean): TunnelPlay {
  return {
    ...play,
    // What holds its place for long would keep others waiting.
    ends: isCalm ? "reset" : random.weighted({ "half-close": 1, "behind-other": 1, reset: 4, silence: 2 }),
    resetsAt: random.chance(0.2) ? play.text.length : random.below(play.text.length),
    reading: isCalm ? "steady" : random.weighted({ steady: 4, slow: 1, late: 1, never: 1 }),
  };
}
