/** One health check: what is asked, and what each answer means. */
import { expect, it } from "vitest";
import { FakeDialer, type FakeSocket, Later } from "../../test/fuzz/kit/net.ts";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { CheckResult } from "../connection/connection-record.ts";
import type { CheckPlan } from "../pool/group.ts";
import { parseOriginAddress } from "../pool/origin-address.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { http1Checks } from "./health-check.ts";

/** Everything that arrives here is delivered at once. */
class PromptClock extends ManualClock {
  /** What arrives in the very moment in which a timeout passes. */
  lastMoment = () => {};

  override afterArrivals(callback: () => void): void {
    this.lastMoment();
    callback();
  }
}

const usual: CheckPlan = {
  path: "/healthz?deep",
  host: undefined,
  interval_ms: 2_000,
  timeout_ms: 1_000,
  statuses: [
    [200, 399],
    [418, 418],
  ],
  healthy: 2,
  unhealthy: 3,
};

function play(plan: Partial<CheckPlan> = {}, url = "http://127.0.0.1:3000") {
  const clock = new PromptClock();
  const later = new Later();
  const dialer = new FakeDialer(later);
  const results: CheckResult[] = [];
  const faults: unknown[] = [];
  const limits = { headLimits: defaultHeadLimits, tolerates: new Set<never>() };
  const check = http1Checks({ clock, dialer, limits, internalError: (fault) => faults.push(fault) });
  const giveUp = check(parseOriginAddress(url), { ...usual, ...plan }, (result) => results.push(result));
  return { clock, later, dialer, results, faults, giveUp };
}

type Play = ReturnType<typeof play>;

/** What the endpoint does once it is connected, and how often its side sees which end. */
function answered(act: (socket: FakeSocket, it: Play) => void): Play & { readonly socket: FakeSocket } {
  const it = play();
  const socket = it.dialer.connects();
  act(socket, it);
  it.later.settle();
  return { ...it, socket };
}

it("it is a GET that asks for the connection to close, for the endpoint's own name unless another is said", () => {
  const { dialer } = play();
  expect(dialer.dialed).toStrictEqual(["127.0.0.1:3000"]);
  expect(dialer.connects().writes).toStrictEqual([
    "GET /healthz?deep HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nUser-Agent: hopwise\r\nConnection: close\r\n\r\n",
  ]);
  const named = play({ path: "/", host: "app.internal" }, "unix:/run/app.sock");
  expect(named.dialer.dialed).toStrictEqual(["/run/app.sock"]);
  expect(named.dialer.connects().writes[0]).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: app\.internal\r\n/);
});

const ok = "HTTP/1.1 200 OK\r\n";

it.each<[string, string, CheckResult]>([
  ["with a length", `${ok}Content-Length: 2\r\n\r\nok`, "passed"],
  ["without a body", "HTTP/1.1 204 No Content\r\n\r\n", "passed"],
  ["in chunks", `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, "passed"],
  ["of another status that is well", "HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n", "passed"],
  ["behind interim ones", `HTTP/1.1 103 Early Hints\r\n\r\n${ok}Content-Length: 0\r\n\r\n`, "passed"],
  ["in HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "passed"],
  ["with more behind it", `${ok}Content-Length: 2\r\n\r\nokHTTP`, "passed"],
  ["that is too long to read on", `${ok}Content-Length: 9000000\r\n\r\n${"x".repeat(70_000)}`, "passed"],
  [
    "of a status that is not",
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy",
    { failure: "status", detail: "503" },
  ],
  [
    "that switches protocols",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    { failure: "status", detail: "101" },
  ],
  [
    "that is ambiguous",
    `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
    { failure: "malformed", detail: "content-length-repeated" },
  ],
  ["that is not HTTP", "SSH-2.0-OpenSSH_9.6\r\n", { failure: "malformed", detail: "status-line-malformed" }],
  [
    "without an end of interim ones",
    "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(3_000),
    { failure: "malformed", detail: "too long" },
  ],
])("a response %s, in whatever pieces it comes", (_what, text, expected) => {
  const long = text.length > 5_000;
  for (const size of long ? [16_384] : [text.length, 1]) {
    const it = answered((socket) => {
      for (let from = 0; from < text.length; from += size) socket.sends(text.slice(from, from + size));
    });
    expect(it.results).toStrictEqual([expected]);
    expect([it.socket.acts, it.socket.isClosed, it.faults]).toStrictEqual([["destroy"], true, []]);
    it.clock.advance(10_000);
    expect(it.results).toHaveLength(1);
  }
});

it.each<[string, (socket: FakeSocket, it: Play) => void, CheckResult]>([
  ["nothing, and closes", (socket) => socket.closesItsSide(), { failure: "closed", detail: "" }],
  ["nothing, and resets", (socket) => socket.fails(), { failure: "closed", detail: "ECONNRESET" }],
  ["nothing", (_socket, { clock }) => clock.advance(1_000), { failure: "timeout", detail: "ETIMEDOUT" }],
  [
    "in the very moment in which the time is over",
    (socket, { clock }) => {
      clock.lastMoment = () => socket.sends("HTTP/1.1 204 No Content\r\n\r\n");
      clock.advance(1_000);
    },
    "passed",
  ],
  [
    "a part of its body",
    (socket) => {
      socket.sends(`${ok}Content-Length: 2\r\n\r\no`);
      socket.closesItsSide();
    },
    { failure: "closed", detail: "" },
  ],
  [
    "a part of its body, and no more",
    (socket, { clock }) => {
      socket.sends(`${ok}Content-Length: 2\r\n\r\no`);
      clock.advance(1_000);
    },
    { failure: "timeout", detail: "ETIMEDOUT" },
  ],
  [
    "what only its close ends",
    (socket) => {
      socket.sends(`${ok}\r\nok`);
      socket.closesItsSide();
    },
    "passed",
  ],
  [
    "a byte now and then: the timeout is for all of it",
    (socket, { clock }) => {
      for (const byte of ok) {
        socket.sends(byte);
        clock.advance(100);
      }
    },
    { failure: "timeout", detail: "ETIMEDOUT" },
  ],
])("an endpoint that answers %s", (_what, act, expected) => {
  const it = answered(act);
  expect([it.results, it.socket.isClosed, it.faults]).toStrictEqual([[expected], true, []]);
});

it.each<[string, CheckResult]>([
  ["ECONNREFUSED", { failure: "connect-failed", detail: "ECONNREFUSED" }],
  ["EHOSTUNREACH", { failure: "connect-failed", detail: "EHOSTUNREACH" }],
  ["ENOENT", { failure: "connect-failed", detail: "ENOENT" }],
  ["ENOTFOUND", { failure: "name-unresolved", detail: "ENOTFOUND" }],
  ["EAI_AGAIN", { failure: "name-unresolved", detail: "EAI_AGAIN" }],
  ["CERT_HAS_EXPIRED", { failure: "tls-failed", detail: "CERT_HAS_EXPIRED" }],
  ["ERR_SSL_WRONG_VERSION_NUMBER", { failure: "tls-failed", detail: "ERR_SSL_WRONG_VERSION_NUMBER" }],
  ["EMFILE", { failure: "not-made", detail: "EMFILE" }],
])("no connection: %s", (fault, expected) => {
  const { dialer, clock, results } = play();
  dialer.refuses(fault);
  clock.advance(10_000);
  expect(results).toStrictEqual([expected]);
});

it.each([
  ["name", { failure: "name-unresolved", detail: "ETIMEOUT" }],
  ["connection", { failure: "timeout", detail: "ETIMEDOUT" }],
] as const)("nothing but silence while it waits for a %s", (stage, expected) => {
  const { dialer, clock, results } = play();
  dialer.waitsFor = stage;
  clock.advance(1_000);
  expect([results, dialer.pendingCount]).toStrictEqual([[expected], 0]);
});

it.each([false, true])("one that is given up leaves nothing and tells nothing; it was connected: %s", (isConnected) => {
  const { dialer, clock, later, results, giveUp } = play();
  const socket = isConnected ? dialer.connects() : undefined;
  giveUp();
  later.settle();
  clock.advance(10_000);
  expect([results, dialer.pendingCount, socket?.isClosed]).toStrictEqual([[], 0, isConnected ? true : undefined]);
});
