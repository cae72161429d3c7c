/**
 * The keys that seal session tickets (RFC 5077, RFC 8446 section 4.6.1). They follow from one secret and the time, so every process
 * that has the secret has the same keys at the same time, without a word, and they are the same behind a reload.
 *
 * A key seals for one period; what it has sealed is taken for another one, then nobody has that key any more: a secret that leaks
 * opens what was recorded in the last two periods, and only where the handshake had no key exchange of its own. Deliberately absent:
 * files with keys; a process that starts anew has clients make whole handshakes.
 */
import { hkdfSync, randomBytes } from "node:crypto";

const PERIOD_MS = 4 * 3_600_000;
/** What a ticket is good for at most. */
export const SESSION_S = PERIOD_MS / 1_000;
const SECRET_BYTES = 32;
/** As the runtime wants them: 16 bytes are the key's name, 16 its part for the checksum, 16 its part for the cipher. */
const KEYS_BYTES = 48;
const NAME_BYTES = 16;

export class TicketKeys {
  private readonly secret: Buffer;

  /** @param secret in hexadecimal, where processes share it */
  constructor(secret: string = newTicketSecret()) {
    this.secret = Buffer.from(secret, "hex");
  }

  /** Which period it is. @param date_ms milliseconds since 1970 */
  periodAt(date_ms: number): number {
    return Math.floor(date_ms / PERIOD_MS);
  }

  /** @param scope what else must be the same where a ticket is taken as where it was made */
  keys(period: number, scope: string): Buffer {
    return Buffer.from(hkdfSync("sha256", this.secret, String(period), `hopwise tickets ${scope}`, KEYS_BYTES));
  }

  /** The name of these keys as tickets begin with it. */
  static nameOf(keys: Buffer): string {
    return keys.toString("latin1", 0, NAME_BYTES);
  }
}

export function newTicketSecret(): string {
  return randomBytes(SECRET_BYTES).toString("hex");
}
