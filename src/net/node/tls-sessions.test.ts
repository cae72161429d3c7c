import { expect, it } from "vitest";
import type { TlsTarget } from "../ports.ts";
import { TlsSessions } from "./tls-sessions.ts";

const tls: TlsTarget = { serverName: "origin.example", rejectUnauthorized: true };

/** Sessions, with the place left out that most tests are about. */
function kept(...sessions: readonly string[]) {
  const all = new TlsSessions();
  const keep = (session: string, target = tls) => all.keep("192.0.2.1", 443, target, Buffer.from(session));
  const take = (host = "192.0.2.1", port = 443, target = tls) => all.take(host, port, target)?.data.toString();
  for (const session of sessions) keep(session);
  return { all, keep, take };
}

it("each is offered once, the newest first, and the last one again and again", () => {
  const { take } = kept("a", "b");
  expect([take(), take(), take()]).toEqual(["b", "a", "a"]);
});

it("what was offered is not offered again where there is another", () => {
  const { keep, take } = kept("a");
  expect([take(), take()]).toEqual(["a", "a"]);
  keep("b");
  expect([take(), take()]).toEqual(["b", "b"]);
});

it.each<[string, string, number, TlsTarget]>([
  ["address", "192.0.2.2", 443, tls],
  ["port", "192.0.2.1", 8443, tls],
  ["name", "192.0.2.1", 443, { ...tls, serverName: "other.example" }],
  ["authorities", "192.0.2.1", 443, { ...tls, ca: "other" }],
  ["certificate", "192.0.2.1", 443, { ...tls, identity: { cert: "mine", key: "secret" } }],
  ["strictness", "192.0.2.1", 443, { ...tls, rejectUnauthorized: false }],
])("another %s has sessions of its own", (_what, host, port, target) => {
  const { take } = kept("a");
  expect([take(host, port, target), take()]).toEqual([undefined, "a"]);
});

it("other authorities, once used, leave nothing of the ones before", () => {
  const other = { ...tls, ca: "other" };
  const { keep, take } = kept("a");
  keep("b", other);
  expect([take(), take("192.0.2.1", 443, other)]).toEqual([undefined, "b"]);
});

it("nothing is offered again where a handshake failed", () => {
  const { all, take } = kept("a", "b");
  expect(take()).toBe("b");
  all.forget("192.0.2.1", 443, tls);
  expect(take()).toBeUndefined();
});

it("nothing older is offered again where one was refused, but what came since is", () => {
  const { all, keep, take } = kept("a", "b", "c");
  const offered = all.take("192.0.2.1", 443, tls);
  if (offered === undefined) throw new Error("nothing was offered");
  keep("d");
  all.refused("192.0.2.1", 443, tls, offered);
  expect([take(), take()]).toEqual(["d", "d"]);
});

it("16 sessions of a place are kept, and 64 places: the oldest go", () => {
  const { all, take } = kept(...Array.from({ length: 20 }, (_, i) => `session ${i}`));
  const taken = Array.from({ length: 17 }, () => take());
  expect([taken[0], taken[15], taken[16]]).toEqual(["session 19", "session 4", "session 4"]);
  for (let port = 1; port <= 65; port++) all.keep("192.0.2.1", port, tls, Buffer.from("x"));
  expect([take("192.0.2.1", 1), take("192.0.2.1", 2), take("192.0.2.1", 65)]).toEqual([undefined, "x", "x"]);
});
