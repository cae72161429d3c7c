/**
 * Passwords as they are kept: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, salt and hash in base64 without padding.
 *
 * The form tells its own cost (PHC string format), so that it can be raised later without new passwords. Deliberately
 * absent: when a password is checked, and how often; see basic-authentication.ts.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

export interface PasswordHash {
  /** N = 2^ln, RFC 7914 section 2. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export type Cost = Pick<PasswordHash, "ln" | "r" | "p">;

/** 32 MiB and about a twentieth of a second: an attacker with the file is slow, and a login is not. */
const COST = { ln: 15, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Of a new password, in UTF-8; a check takes a name and a password of 1,024 bytes together (basic-authentication.ts). */
export const PASSWORD_BYTES_MAX = 512;
const HASH_BYTES_MAX = 64;
/** What a file may ask for: beyond, a typing error would take all memory and minutes. */
const LN_MAX = 20;
const R_MAX = 32;
const P_MAX = 16;
const MEMORY_BYTES_MAX = 1_073_741_824;

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Reads what `formatPasswordHash` writes; anything else: undefined. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, ln = "", r = "", p = "", salt = "", hash = ""] = FORM.exec(text) ?? [];
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (cost.ln < 1 || cost.ln > LN_MAX || cost.r < 1 || cost.r > R_MAX || cost.p < 1 || cost.p > P_MAX) return undefined;
  if (128 * cost.r * 2 ** cost.ln > MEMORY_BYTES_MAX) return undefined;
  return { ...cost, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

export function formatPasswordHash({ ln, r, p, salt, hash }: PasswordHash): string {
  const text = (octets: Buffer) => octets.toString("base64").replace(/=+$/, "");
  return `$scrypt$ln=${ln},r=${r},p=${p}$${text(salt)}$${text(hash)}`;
}

/** Makes the hash of a new password. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  return { ...COST, salt, hash: await derive(password, { ...COST, salt }, HASH_BYTES) };
}

/** Hashes that no password has, one of each cost that `hashes` have: what is checked for names that nobody has. */
export function decoyHashes(hashes: Iterable<PasswordHash>): PasswordHash[] {
  const costs = new Map([...hashes].map((hash) => [costOf(hash), hash]));
  const decoy = ({ ln, r, p }: Cost) => ({ ln, r, p, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) });
  return costs.size === 0 ? [decoy(COST)] : [...costs.values()].map(decoy);
}

export function hasSameCost(one: Cost, other: Cost): boolean {
  return costOf(one) === costOf(other);
}

function costOf({ ln, r, p }: Cost): string {
  return `${ln},${r},${p}`;
}

export function isSameHash(one: PasswordHash | undefined, other: PasswordHash | undefined): boolean {
  return one !== undefined && other !== undefined && formatPasswordHash(one) === formatPasswordHash(other);
}

/** Whether a password is the one. Takes the same time whichever octets differ, and however long the hash is. */
export async function matchesPassword(password: string, expected: PasswordHash): Promise<boolean> {
  const derived = await derive(password, expected, HASH_BYTES_MAX);
  // A shorter key is the beginning of a longer one (RFC 7914 section 6 ends with PBKDF2).
  return timingSafeEqual(derived.subarray(0, expected.hash.length), expected.hash);
}

function derive(
  password: string,
  { ln, r, p, salt }: Cost & Pick<PasswordHash, "salt">,
  bytes: number,
): Promise<Buffer> {
  const N = 2 ** ln;
  // What scrypt itself needs (RFC 7914 section 6), and as much again for the library's bookkeeping.
  const maxmem = 2 * 128 * r * (N + p);
  return new Promise((resolve, reject) => {
    // Passwords that look alike may be composed differently; RFC 7617 section 2.1 has them normalised.
    scrypt(password.normalize("NFC"), salt, bytes, { N, r, p, maxmem }, (error, derived) => {
      // No error: null on Node, undefined on Bun.
      if (error) reject(error);
      else resolve(derived);
    });
  });
}
