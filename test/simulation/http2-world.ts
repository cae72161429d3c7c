/**
 * Worlds in which clients speak HTTP/2: most of them do, over connections beside which others speak HTTP/1. Their seeds are far from all
 * others, which so make the worlds that they made before.
 *
 * The protocol is the runtime's at both ends (`node:http2`), on simulated connections and under virtual time. Deliberately absent: how
 * clients play their plans (http2-client.ts).
 */
import type { Random } from "../../src/net/simulated/random.ts";
import type { PlanWishes } from "./client-plans.ts";
import { content } from "./content.ts";
import { makeTunnelRequest } from "./http2-tunnel-world.ts";
import { type RequestFacts, RequestRecord } from "./record.ts";
import { bodySize, forgedFields, gatewayHosts } from "./requests.ts";
import { closedPath } from "./routes.ts";

/** Every seed from here on. */
export const HTTP2_FROM = 70_000_000;

export function isHttp2(seed: number): boolean {
  return seed >= HTTP2_FROM;
}

/** How a client gives up on a stream; it does not: undefined. */
export interface Cancelling {
  /** So long after it has asked. */
  readonly after_ms: number;
}

export interface Http2Request {
  readonly record: RequestRecord;
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly cancelling: Cancelling | undefined;
  /** `never`: takes nothing of its body, so that its window closes; the others go on. */
  readonly reading: "steady" | "slow" | "late" | "never";
  /** What its body is in fact, if its length says something else. */
  readonly bodySent: string;
}

export interface Http2Plan {
  readonly requests: readonly RequestRecord[];
  readonly streams: readonly Http2Request[];
  /** Streams at once. */
  readonly depth: number;
  /** Of the whole connection: `never` takes nothing from some time on. */
  readonly reading: "steady" | "never";
  readonly pace: "at-once" | "pieces" | "dawdling";
  /** What it does when everything is answered. `goaway`: says so, right behind its last request. */
  readonly ending: "wait" | "close" | "goaway";
  readonly accident:
    | { readonly after_ms: number; readonly how: "reset" | "vanish" | "stall" | "half-close" }
    | undefined;
  readonly windowBytes: number;
  readonly think_ms: number;
  readonly pause_ms: number;
  readonly patience_ms: number;
}

export function makeHttp2Plan(random: Random, wishes: PlanWishes): Http2Plan {
  const { isCalm, mischief } = wishes;
  const count = random.between(1, 8);
  const goesWrong = !isCalm && random.chance(mischief);
  const streams = Array.from({ length: count }, () => makeStream(random, wishes, goesWrong));
  const how = random.weighted({ reset: 2, vanish: 2, stall: 1, "half-close": 1 });
  const depth = random.pick([1, 2, 4, 8]);
  const reading = goesWrong && random.chance(0.1) ? "never" : "steady";
  return {
    requests: streams.map(({ record }) => record),
    streams,
    // Many at once, or slowly, would wait for a small pool for longer than it lets anybody wait.
    depth: isCalm && wishes.roughCalm !== true ? 1 : depth,
    reading,
    pace: random.weighted({ "at-once": 6, pieces: 3, dawdling: isCalm ? 0 : 1 }),
    ending: random.pick(["wait", "close", "goaway"]),
    accident: goesWrong && random.chance(0.5) ? { after_ms: random.skewed(2_000), how } : undefined,
    windowBytes: Math.max(random.pick([1_024, 65_535, 65_535, 1_048_576]), isCalm ? 65_535 : 0),
    think_ms: isCalm ? 200 : random.pick([0, 50, 1_500, 2 * wishes.keepAliveTimeout_ms]),
    pause_ms: wishes.limit_ms * (random.chance(0.2) && !isCalm ? 1.3 : 0.5),
    patience_ms: random.pick([50, 1_000]),
  };
}

function makeStream(random: Random, wishes: PlanWishes, goesWrong: boolean): Http2Request {
  const { http2Tunnels = 0 } = wishes;
  if (http2Tunnels > 0 && random.chance(http2Tunnels)) return makeTunnelRequest(random, wishes, goesWrong);
  const request = makeRequest(wishes.nextId(), random, wishes, goesWrong && random.chance(0.15));
  return {
    ...request,
    cancelling: goesWrong && random.chance(0.3) ? { after_ms: random.skewed(1_000) } : undefined,
    reading: random.weighted({
      steady: 8,
      slow: wishes.isCalm ? 0 : 1.5,
      late: goesWrong ? 1 : 0,
      never: goesWrong ? 1.5 : 0,
    }),
  };
}

/** @param isEvil its body is not as long as it says */
function makeRequest(
  id: string,
  random: Random,
  { hosts, isRouted, bodyBytesMax }: PlanWishes,
  isEvil: boolean,
): Pick<Http2Request, "record" | "fields" | "trailers" | "bodySent"> {
  const method = isEvil ? "POST" : random.weighted({ GET: 8, HEAD: 2, POST: 5, PUT: 3, DELETE: 1, OPTIONS: 1 });
  const carriesBody = method === "POST" || method === "PUT" || (method === "DELETE" && random.chance(0.3));
  const framing = !carriesBody ? "none" : isEvil || random.chance(0.5) ? "length" : "chunked";
  const body = framing === "none" ? "" : content(id, 0, bodySize(random, bodyBytesMax));
  const expectsContinue = body !== "" && !isEvil && random.chance(0.25);
  const takesTrailers = random.chance(0.1);
  const host = random.pick((hosts ?? gatewayHosts) as readonly [string, ...string[]]);
  const closed = isRouted && framing === "none" ? closedPath(id) : undefined;
  const path = closed ?? `/r/${id}${random.pick(["", "?a=b&c=%20", isRouted ? "?" : "/../x?"])}`;
  const endFields: [string, string][] = [["x-end", `${id};q="a,b" \xe4`]];
  const fields: Record<string, string | string[]> = {
    ":method": method,
    ":scheme": "http",
    ":authority": host,
    ":path": path,
    "x-end": `${id};q="a,b" \xe4`,
  };
  if (random.chance(0.2)) {
    endFields.push(["x-end", "again"], ["x-empty", ""]);
    fields["x-end"] = [fields["x-end"] as string, "again"];
    fields["x-empty"] = "";
  }
  if (random.chance(0.1)) {
    const [name, value] = random.pick(forgedFields) as [string, string];
    fields[name.toLowerCase()] = value;
    if (hosts !== undefined) endFields.push([name.toLowerCase(), value]);
  }
  if (random.chance(0.2)) {
    fields.cookie = ["a=b", "c=d"];
    endFields.push(["cookie", "a=b; c=d"]);
  }
  if (takesTrailers) fields.te = "trailers";
  // A length of 0 is whole with its head, whatever comes behind it.
  if (framing === "length")
    fields["content-length"] = String(isEvil ? body.length + random.pick([-1, 1, 100]) || 2 : body.length);
  if (isEvil && body.length === 0) fields["content-length"] = "1";
  if (expectsContinue) fields.expect = "100-continue";
  const trailers: Record<string, string> = framing === "chunked" && random.chance(0.15) ? { "x-sum": "1" } : {};
  const facts: RequestFacts = {
    ...{ id, method, path, host, framing, body, expectsContinue, endFields, takesTrailers },
    ...{ minorVersion: 1, isHttp2: true, headText: "", bodyText: "", saysClose: false, saysKeepAlive: false },
    ...{ logsIn: false, wantsTunnel: false, mustNotComplete: isEvil, isClosed: closed !== undefined },
  };
  return { record: new RequestRecord(facts), fields, trailers, bodySent: body };
}
