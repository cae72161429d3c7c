/** Checking credentials: once each, one at a time, in a bounded line, and nobody can keep the others waiting. */
import { scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../exchange/authentication.ts";
import { BasicAuthentication, WAIT_MS_MAX } from "./basic-authentication.ts";
import type { PasswordHash } from "./password-hash.ts";

/** As cheap as they come: how long a check takes is no matter here. */
function hashOf(password: string): PasswordHash {
  const salt = Buffer.from("salt");
  return { ln: 1, r: 1, p: 1, salt, hash: scryptSync(password, salt, 32, { N: 2, r: 1, p: 1 }) };
}

const hash = hashOf("secret");
const basic = (credentials: string) => [`Basic ${Buffer.from(credentials).toString("base64")}`];

/** What is told at once, or later. */
class Asking {
  readonly authentication: BasicAuthentication;

  /** What time it is. */
  now = 0;

  constructor(users: Readonly<Record<string, PasswordHash>> = { alice: hash }) {
    this.authentication = new BasicAuthentication(new Map(Object.entries(users)), () => this.now);
  }

  /** The verdict, and whether it was known at once. */
  ask(values: readonly string[], client = "192.0.2.1"): Promise<{ verdict: Verdict; isAtOnce: boolean }> {
    return new Promise((resolve) => {
      const verdict = this.authentication.judge(values, client, (late) => resolve({ verdict: late, isAtOnce: false }));
      if (verdict !== undefined) resolve({ verdict, isAtOnce: true });
    });
  }
}

const good = { verdict: "good", isAtOnce: false };
const wrong = { verdict: "proxy-authentication-required", isAtOnce: false };

describe("credentials", () => {
  it("that are good are checked once, and known from then on", async () => {
    const asking = new Asking();
    expect(await asking.ask(basic("alice:secret"))).toEqual(good);
    expect(await asking.ask(basic("alice:secret"))).toEqual({ ...good, isAtOnce: true });
    expect(await asking.ask(["bAsIc  YWxpY2U6c2VjcmV0"])).toEqual({ ...good, isAtOnce: true });
  });

  it("that are wrong are checked once, too", async () => {
    const asking = new Asking();
    for (const credentials of ["alice:wrong", "bob:secret", "alice:", ":secret", "alice:secret "]) {
      expect(await asking.ask(basic(credentials))).toEqual(wrong);
      expect(await asking.ask(basic(credentials))).toEqual({ ...wrong, isAtOnce: true });
    }
  });

  it.each([
    [[]],
    [["Basic"]],
    [["Basic !"]],
    [basic("alice")],
    [basic("alice:sec\u0000ret")],
    [["Bearer x"]],
  ])("%j are none", async (values) => {
    expect(await new Asking().ask(values)).toEqual({ ...wrong, isAtOnce: true });
  });

  it("are a name and a password of 1,024 bytes together at most: longer ones are not even looked at", async () => {
    const asking = new Asking({ a: hashOf("\u00e9".repeat(511)) });
    expect(await asking.ask(basic(`a:${"\u00e9".repeat(511)}`))).toEqual(good);
    expect(await asking.ask(basic(`a:${"\u00e9".repeat(511)}x`))).toEqual({ ...wrong, isAtOnce: true });
  });

  it("may be in UTF-8, and hold colons in the password", async () => {
    const asking = new Asking({ "zo\u00eb": hashOf("a:\u20ac") });
    expect(await asking.ask(basic("zo\u00eb:a:\u20ac"))).toEqual(good);
  });
});

describe("checks", () => {
  it("of the same credentials at the same time are one", async () => {
    const asking = new Asking();
    const all = await Promise.all(Array.from({ length: 100 }, () => asking.ask(basic("alice:secret"))));
    expect(all).toEqual(all.map(() => good));
  });

  it("of one client are few at once; others are still served", async () => {
    const asking = new Asking();
    const guesses = Array.from({ length: 10 }, (_, index) => asking.ask(basic(`alice:${index}`), "198.51.100.1"));
    const other = asking.ask(basic("alice:secret"), "192.0.2.1");
    const verdicts = (await Promise.all(guesses)).map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === "authentication-busy")).toHaveLength(6);
    expect(await other).toEqual(good);
  });

  it("wait in a bounded line, and who is known need not wait", async () => {
    const asking = new Asking();
    await asking.ask(basic("alice:secret"));
    const guesses = Array.from({ length: 70 }, (_, index) => asking.ask(basic(`x:${index}`), `198.51.100.${index}`));
    expect(await asking.ask(basic("alice:secret"))).toEqual({ ...good, isAtOnce: true });
    const atOnce = (await Promise.all(guesses.slice(64))).map(({ verdict, isAtOnce }) => [verdict, isAtOnce]);
    expect(atOnce).toEqual(atOnce.map(() => ["authentication-busy", true]));
  });

  it("of a network with many addresses do not keep others waiting", async () => {
    const asking = new Asking();
    const guesses = Array.from({ length: 70 }, (_, index) => asking.ask(basic(`x:${index}`), `2001:db8:0:${index}::1`));
    expect(await asking.ask(basic("alice:secret"), "192.0.2.1")).toEqual(good);
    const verdicts = (await Promise.all(guesses)).map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === "authentication-busy")).toHaveLength(7);
  });

  it("whose turn does not come in time are given up, so that those who come later are served", async () => {
    const asking = new Asking();
    const asked = [0, 1, 2].map((index) => asking.ask(basic(`x:${index}`), `198.51.${index}.1`));
    // The first is being checked, and takes this long.
    asking.now = WAIT_MS_MAX + 1;
    const later = asking.ask(basic("alice:secret"), "192.0.2.1");
    const busy = { verdict: "authentication-busy", isAtOnce: false };
    expect(await Promise.all(asked)).toEqual([wrong, busy, busy]);
    expect(await later).toEqual(good);
    // And may come again.
    expect(await asking.ask(basic("x:1"), "198.51.1.1")).toEqual(wrong);
  });

  it("of clients that have logged in do not wait for those of strangers, from however many networks", async () => {
    const asking = new Asking({ alice: hash, carol: hashOf("word") });
    await asking.ask(basic("alice:secret"), "192.0.2.1");
    const order: string[] = [];
    const guesses = Array.from({ length: 100 }, async (_, index) => {
      await asking.ask(basic(`x:${index}`), `10.0.${index}.1`);
      order.push("guess");
    });
    const known = asking.ask(basic("carol:word"), "192.0.2.1").then((told) => {
      order.push("known");
      return told;
    });
    expect(await known).toEqual(good);
    await Promise.all(guesses);
    // 36 found no place, and one was being checked already.
    expect(order.indexOf("known")).toBe(37);
  });

  it("of strangers go on beside those of a client that has logged in and guesses", async () => {
    const asking = new Asking({ alice: hash, carol: hashOf("word") });
    await asking.ask(basic("alice:secret"), "192.0.2.1");
    let isOver = false;
    let guesses = 0;
    const guess = async (): Promise<void> => {
      while (!isOver) await asking.ask(basic(`alice:${guesses++}`), "192.0.2.1");
    };
    const guessing = [guess(), guess(), guess(), guess()];
    expect(await asking.ask(basic("carol:word"), "198.51.100.1")).toEqual(good);
    isOver = true;
    await Promise.all(guessing);
    expect(guesses).toBeLessThan(12);
  });

  it("of a password count once, however its letters are composed", async () => {
    const asking = new Asking({ alice: hashOf("caf\u00e9") });
    expect(await asking.ask(basic("alice:caf\u00e9"))).toEqual(good);
    expect(await asking.ask(basic("alice:cafe\u0301"))).toEqual({ ...good, isAtOnce: true });
  });

  it("outlive a change of other users: rotating a log makes nobody log in again", async () => {
    const asking = new Asking();
    expect(await asking.ask(basic("alice:secret"))).toEqual(good);
    expect(await asking.ask(basic("carol:word"))).toEqual(wrong);
    asking.authentication.replaceUsers(
      new Map([
        ["alice", { ...hash }],
        ["carol", hashOf("word")],
      ]),
    );
    expect(await asking.ask(basic("alice:secret"))).toEqual({ ...good, isAtOnce: true });
    expect(await asking.ask(basic("carol:word"))).toEqual(good);
    asking.authentication.replaceUsers(new Map([["carol", hashOf("word")]]));
    expect(await asking.ask(basic("alice:secret"))).toEqual(wrong);
  });

  it.each([
    ["alice:secret", good, wrong],
    ["alice:other", wrong, good],
  ])("do not outlive the users they were for: %s", async (credentials, before, after) => {
    const asking = new Asking();
    const late = asking.ask(basic(credentials));
    asking.authentication.replaceUsers(new Map([["alice", hashOf("other")]]));
    expect(await late).toEqual(before);
    expect(await asking.ask(basic(credentials))).toEqual(after);
  });

  it("are forgotten with the password they were for", async () => {
    const asking = new Asking();
    expect(await asking.ask(basic("alice:secret"))).toEqual(good);
    asking.authentication.replaceUsers(new Map([["alice", hashOf("other")]]));
    expect(await asking.ask(basic("alice:secret"))).toEqual(wrong);
    expect(await asking.ask(basic("alice:other"))).toEqual(good);
  });
});
