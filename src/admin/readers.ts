/**
 * Who may read what the admin server shows: anyone who reaches it, or those who know a token.
 *
 * Programs send the token with each request (`Authorization: Bearer`). A browser sends it once, in a form, and gets a cookie of its own
 * making, which is forgotten with the process. Deliberately absent: the token in URLs, where logs and histories keep it.
 */
import { createHash, randomBytes } from "node:crypto";
import { clientKeyOf } from "../exchange/client-key.ts";
import type { Clock } from "../net/ports.ts";
import type { AdminToken } from "./token.ts";

const SESSION_BYTES = 32;
/** Browsers that have logged in; the oldest gives way. */
const SESSIONS_MAX = 100;
/** A working day. */
const SESSION_MS = 12 * 60 * 60 * 1_000;
/** From one client; each IPv6 network of 64 bits is one. A slip of the pen or a script with last week's token need fewer. */
const WRONG_TRIES_MAX = 10;
const WRONG_TRIES_MS = 60_000;
/** Clients whose wrong tries are counted at once; the oldest is forgotten. */
const CLIENTS_MAX = 1_000;
/**
 * A token like this cannot be found by trying, at whatever rate this server answers, so there is nothing to protect it from, and it is
 * let in also from an address whose tries are used up: otherwise anyone behind the same address, or each user of this machine, could lock
 * its operator out with ten requests a minute. The limit is for tokens that people thought of, and those wait: were they let in, too,
 * all guesses would be judged, and nothing limited. Ours have 43 characters; `openssl rand -hex 16` makes 32 of 16 kinds.
 */
const UNGUESSABLE_LENGTH = 32;
const UNGUESSABLE_KINDS = 8;

/** Why somebody may not; `too-many-tries`: whatever is tried now, but for the right token where it cannot be guessed. */
export type ReadRefusal = "unauthorized" | "too-many-tries";

export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  /** The address that asks. */
  readonly client?: string | undefined;
}

export class Readers {
  private readonly clock: Clock;
  private readonly sessions = new Map<string, number>();
  private readonly wrongTries = new Map<string, { readonly tokens: Set<string>; readonly until_ms: number }>();
  private token: AdminToken | undefined;

  /** @param token nothing: anyone may read */
  constructor(clock: Clock, token: AdminToken | undefined) {
    this.clock = clock;
    this.token = token;
  }

  /** Whether a token is asked for. */
  get areFew(): boolean {
    return this.token !== undefined;
  }

  /**
   * From now on this token counts. Those who have logged in with another one have to do so again.
   *
   * @returns whether a token is asked for that was not asked for before
   */
  replaceToken(token: AdminToken | undefined): boolean {
    const isOther = token?.isSame(this.token) !== true;
    if (isOther) this.sessions.clear();
    this.token = token;
    return isOther && token !== undefined;
  }

  /**
   * @param isGoodOtherwise whether another token than that for reading allows it, too
   * @param cookieName under which a browser keeps that it has logged in
   * @returns nothing: it may
   */
  refusal(
    { authorization, cookie, client }: Credentials,
    cookieName: string,
    isGoodOtherwise: (authorization: string | undefined) => boolean = () => false,
  ): ReadRefusal | undefined {
    if (this.token === undefined || this.hasSession(cookie, cookieName)) return undefined;
    return this.tried(authorization, client, (given) => this.token?.isIn(given) === true || isGoodOtherwise(given));
  }

  /** The same of any token that requests carry. */
  tried(
    authorization: string | undefined,
    client: string | undefined,
    isGood: (authorization: string | undefined) => boolean,
  ): ReadRefusal | undefined {
    const areUsedUp = this.areTriesUsedUp(client);
    if (isGood(authorization) && (!areUsedUp || isUnguessable(authorization))) return undefined;
    if (areUsedUp) return "too-many-tries";
    if (authorization !== undefined) this.noteWrongTry(authorization, client);
    return "unauthorized";
  }

  /** @returns the value of a cookie with which the browser may read from now on */
  logIn(token: string, client: string | undefined): { readonly session: string } | ReadRefusal {
    const refusal = this.tried(`Bearer ${token}`, client, (given) => this.token?.isIn(given) === true);
    if (refusal !== undefined) return refusal;
    const session = randomBytes(SESSION_BYTES).toString("base64url");
    this.sessions.set(digest(session), this.clock.now() + SESSION_MS);
    forgetOldest(this.sessions, SESSIONS_MAX);
    return { session };
  }

  private hasSession(cookie: string | undefined, name: string): boolean {
    return sessionsIn(cookie, name).some((session) => (this.sessions.get(digest(session)) ?? 0) > this.clock.now());
  }

  private areTriesUsedUp(client: string | undefined): boolean {
    const tries = this.wrongTries.get(clientKeyOf(client ?? ""));
    return tries !== undefined && tries.until_ms > this.clock.now() && tries.tokens.size >= WRONG_TRIES_MAX;
  }

  /** The same one again is no guess: a program with last week's token asks all day. */
  private noteWrongTry(authorization: string, client: string | undefined): void {
    const token = digest(authorization);
    const key = clientKeyOf(client ?? "");
    const tries = this.wrongTries.get(key);
    if (tries !== undefined && tries.until_ms > this.clock.now()) {
      tries.tokens.add(token);
      return;
    }
    this.wrongTries.delete(key);
    this.wrongTries.set(key, { tokens: new Set([token]), until_ms: this.clock.now() + WRONG_TRIES_MS });
    forgetOldest(this.wrongTries, CLIENTS_MAX);
  }
}

/** Asked of tokens that are right alone. */
function isUnguessable(authorization = ""): boolean {
  const token = authorization.replace(/^\S+ +/, "");
  return token.length >= UNGUESSABLE_LENGTH && new Set(token).size >= UNGUESSABLE_KINDS;
}

/** What other servers of this machine have set under the same name comes along: cookies know no ports. */
function sessionsIn(cookie: string | undefined, name: string): readonly string[] {
  const pairs = cookie?.split(";").map((pair) => pair.trim()) ?? [];
  return pairs.flatMap((pair) => (pair.startsWith(`${name}=`) ? [pair.slice(name.length + 1)] : []));
}

/** What is kept is no secret, and looking for it tells nothing of it. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function forgetOldest(map: Map<string, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
