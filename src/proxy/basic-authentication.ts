/**
 * Basic authentication (RFC 7617) against names and hashed passwords.
 *
 * A hash is slow to check on purpose, so it is checked once: what came out is remembered, by a digest of the credentials
 * under a key of this process alone. Checks run one at a time beside the traffic, the same one never twice at once, few of
 * one client, in a bounded line: who sends wrong passwords without end burns one core at most and locks out nobody whose
 * password is known already. Deliberately absent: where names come from, see config/users.ts.
 */

import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import type { Authentication, Verdict } from "./authentication.ts";
import { decoyHash, matchesPassword, type PasswordHash } from "./password-hash.ts";

/** Credentials that are remembered, good ones and wrong ones each: more than users of one proxy, some hundred kilobytes. */
const REMEMBERED_MAX = 4_096;
/** Checks that wait: at twenty a second the last is done within about as long as clients wait to connect. */
const WAITING_MAX = 64;
/** Different credentials of one client that are being checked: a person has one, a shared address a few. */
const WAITING_OF_CLIENT_MAX = 4;

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
  readonly waiting: ((verdict: Verdict) => void)[];
}

export class BasicAuthentication implements Authentication {
  private users: Users;
  private key = randomBytes(32);
  private decoy: PasswordHash;
  private readonly verdicts = { good: new Set<string>(), wrong: new Set<string>() };
  /** By digest, in the order in which they are done; the first is being done. */
  private readonly checks = new Map<string, Check>();
  private isChecking = false;

  constructor(users: Users) {
    this.users = users;
    this.decoy = decoyHash(users.values());
  }

  /** From now on these are the users; nothing that was known before counts, nor what is being checked. */
  replaceUsers(users: Users): void {
    this.users = users;
    this.decoy = decoyHash(users.values());
    this.key = randomBytes(32);
    this.verdicts.good.clear();
    this.verdicts.wrong.clear();
  }

  judge(values: readonly string[], client: string, later: (verdict: Verdict) => void): Verdict | undefined {
    const credentials = values.length === 1 ? basicCredentials(values[0] ?? "") : undefined;
    if (credentials === undefined) return "proxy-authentication-required";
    const { name, password } = credentials;
    const digest = createHmac("sha256", this.key).update(`${name}:${password}`).digest("base64");
    if (this.verdicts.good.has(digest)) return "good";
    if (this.verdicts.wrong.has(digest)) return "proxy-authentication-required";
    return this.begin({ client, name, password, digest, waiting: [later] });
  }

  private begin(check: Check): Verdict | undefined {
    const same = this.checks.get(check.digest);
    if (same !== undefined) {
      same.waiting.push(...check.waiting);
      return undefined;
    }
    const all = [...this.checks.values()];
    const ofClient = all.filter(({ client }) => client === check.client).length;
    if (all.length >= WAITING_MAX || ofClient >= WAITING_OF_CLIENT_MAX) return "authentication-busy";
    this.checks.set(check.digest, check);
    if (!this.isChecking) void this.work();
    return undefined;
  }

  private async work(): Promise<void> {
    this.isChecking = true;
    for (const check of this.checks.values()) {
      const { digest, name, password, waiting } = check;
      const { users } = this;
      // A name that nobody has takes as long as one that somebody has.
      const expected = users.get(name);
      const matches = await matchesPassword(password, expected ?? this.decoy).catch(() => false);
      const isGood = matches && expected !== undefined;
      this.checks.delete(digest);
      if (users === this.users) remember(isGood ? this.verdicts.good : this.verdicts.wrong, digest);
      for (const tell of waiting) tell(isGood ? "good" : "proxy-authentication-required");
    }
    this.isChecking = false;
  }
}

function remember(digests: Set<string>, digest: string): void {
  digests.add(digest);
  if (digests.size <= REMEMBERED_MAX) return;
  const [oldest] = digests;
  if (oldest !== undefined) digests.delete(oldest);
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
  return { name: text.slice(0, colon).normalize("NFC"), password: text.slice(colon + 1) };
}
