/**
 * Basic authentication (RFC 7617) against names and hashed passwords.
 *
 * A hash is slow to check on purpose, so it is checked once: what came out is remembered, by a digest of the credentials
 * under a key of this process alone. Checks run one at a time beside the traffic, the same one never twice at once, in
 * bounded lines in which networks take turns. Clients from whose address somebody has logged in have a line of their own,
 * so guesses from elsewhere do not keep them waiting; credentials that are known never wait. Every check costs the same,
 * whether there is such a user or not, and whatever the user's hash costs. Deliberately absent: where names come from, see
 * config/users.ts.
 */

import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import type { Authentication, Verdict } from "../exchange/authentication.ts";
import { clientKeyOf } from "../exchange/client-key.ts";
import { CheckLine } from "./check-line.ts";
import { decoyHashes, hasSameCost, isSameHash, matchesPassword, type PasswordHash } from "./password-hash.ts";

/** Wrong credentials, and clients that have logged in, that are remembered: some hundred kilobytes each. */
const REMEMBERED_MAX = 4_096;

/**
 * How long a check waits for its turn. Lines are short for hashes that take a twentieth of a second; where they take longer (they cost
 * more, or the processor is somebody else's) their clients have gone by the time that it is their turn, and all who come later wait for that.
 */
export const WAIT_MS_MAX = 10_000;

/**
 * Bytes of a name and a password together, as they are sent. Normalising them takes a time that grows with the square of their
 * length where accents are stacked without end (48 KiB: half a second), and nobody has been asked yet who they are.
 */
const CREDENTIALS_BYTES_MAX = 1_024;

export type Users = ReadonlyMap<string, PasswordHash>;

interface Check {
  readonly client: string;
  readonly name: string;
  readonly password: string;
  readonly digest: string;
  readonly since_ms: number;
  readonly waiting: ((verdict: Verdict) => void)[];
}

export class BasicAuthentication implements Authentication {
  private users: Users;
  private readonly key = randomBytes(32);
  /** For each cost of a user's hash one that no password has. */
  private decoys: readonly PasswordHash[];
  /** By name, the digest of the credentials that were right: one password is right at a time. */
  private readonly good = new Map<string, string>();
  private readonly wrong = new Set<string>();
  /** Clients from whose address somebody has logged in. */
  private readonly known = new Set<string>();
  /** By digest: those that wait, and the one that is being done. */
  private readonly checks = new Map<string, Check>();
  private readonly knownLine = new CheckLine<Check>();
  private readonly strangersLine = new CheckLine<Check>();
  private isChecking = false;
  private readonly now: () => number;

  constructor(users: Users, now: () => number = () => performance.now()) {
    this.users = users;
    this.now = now;
    this.decoys = decoyHashes(users.values());
  }

  /** From now on these are the users. Of what was known before, right passwords that have not changed still count. */
  replaceUsers(users: Users): void {
    for (const name of this.good.keys()) if (!isSameHash(users.get(name), this.users.get(name))) this.good.delete(name);
    this.wrong.clear();
    this.users = users;
    this.decoys = decoyHashes(users.values());
  }

  nameOf(values: readonly string[]): string | undefined {
    return basicCredentials(values[0] ?? "")?.name;
  }

  judge(values: readonly string[], client: string, later: (verdict: Verdict) => void): Verdict | undefined {
    const credentials = values.length === 1 ? basicCredentials(values[0] ?? "") : undefined;
    if (credentials === undefined) return "proxy-authentication-required";
    const { name, password } = credentials;
    const digest = createHmac("sha256", this.key).update(`${name}:${password}`).digest("base64");
    if (this.good.get(name) === digest) return "good";
    if (this.wrong.has(digest)) return "proxy-authentication-required";
    return this.begin({ client, name, password, digest, since_ms: this.now(), waiting: [later] });
  }

  private begin(check: Check): Verdict | undefined {
    const same = this.checks.get(check.digest);
    if (same !== undefined) {
      same.waiting.push(...check.waiting);
      return undefined;
    }
    const line = this.known.has(clientKeyOf(check.client)) ? this.knownLine : this.strangersLine;
    const without = line.add(check, check.client);
    if (without === check) return "authentication-busy";
    this.checks.set(check.digest, check);
    if (without !== undefined) this.turnAway(without);
    if (!this.isChecking) void this.work();
    return undefined;
  }

  /** Another client's check came first, or its turn not in time. Its connection hears of it outside of this one's event. */
  private turnAway({ digest, waiting }: Check): void {
    this.checks.delete(digest);
    queueMicrotask(() => {
      for (const tell of waiting) tell("authentication-busy");
    });
  }

  private async work(): Promise<void> {
    this.isChecking = true;
    let [line, other] = [this.knownLine, this.strangersLine];
    for (;;) {
      this.giveUpLate();
      const check = line.next();
      if (check !== undefined) {
        await this.finish(check);
        line.done();
      } else if (other.isEmpty) {
        break;
      }
      // One of each in turn: a guesser who has logged in once does not keep all strangers waiting either.
      [line, other] = [other, line];
    }
    this.isChecking = false;
  }

  private giveUpLate(): void {
    const since_ms = this.now() - WAIT_MS_MAX;
    const isLate = (check: Check) => check.since_ms < since_ms;
    for (const line of [this.knownLine, this.strangersLine])
      for (const late of line.giveUp(isLate)) this.turnAway(late);
  }

  private async finish(check: Check): Promise<void> {
    const { digest, name, password, client, waiting } = check;
    const { users } = this;
    const expected = users.get(name);
    let isGood = false;
    for (const decoy of this.decoys) {
      const isOwn = expected !== undefined && hasSameCost(expected, decoy);
      const matches = await matchesPassword(password, isOwn ? expected : decoy).catch(() => false);
      if (isOwn) isGood = matches;
    }
    this.checks.delete(digest);
    if (isGood) remember(this.known, clientKeyOf(client));
    if (isGood && isSameHash(expected, this.users.get(name))) this.good.set(name, digest);
    if (!isGood && users === this.users) remember(this.wrong, digest);
    for (const tell of waiting) tell(isGood ? "good" : "proxy-authentication-required");
  }
}

/** Forgets what was remembered longest ago, where there is too much. */
function remember(keys: Set<string>, key: string): void {
  keys.delete(key);
  keys.add(key);
  if (keys.size <= REMEMBERED_MAX) return;
  const [oldest] = keys;
  if (oldest !== undefined) keys.delete(oldest);
}

/** Name and password; anything but well-formed Basic credentials: undefined. A name holds no colon (RFC 7617 section 2). */
function basicCredentials(value: string): { name: string; password: string } | undefined {
  const token = /^basic +([a-z0-9+/\-._~]+=*)$/i.exec(value)?.[1];
  if (token === undefined) return undefined;
  const octets = Buffer.from(token, "base64");
  if (octets.length > CREDENTIALS_BYTES_MAX) return undefined;
  const text = octets.toString("utf8");
  const colon = text.indexOf(":");
  // RFC 7617 section 2: neither holds control characters.
  if (colon < 0 || /[\x00-\x1f\x7f]/.test(text)) return undefined;
  // What looks alike may be composed differently; RFC 7617 section 2.1 has both normalised.
  return { name: text.slice(0, colon).normalize("NFC"), password: text.slice(colon + 1).normalize("NFC") };
}
