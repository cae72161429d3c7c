/**
 * Certificates for tests, made when they run: an authority, what it has issued, and files to hold them.
 *
 * Deliberately absent: a program that makes certificates; see config/x509.ts.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Issuer, type MadeCertificate, makeCertificate } from "../../src/config/x509.ts";

const DAY_MS = 24 * 3_600_000;

export interface Wanted {
  /** How long it is good for, from now on; negative: it has expired so long ago. */
  readonly days?: number;
  /** From when on it is good, in days from now. */
  readonly from?: number;
  /** Nobody but itself: `undefined`. Default: the authority of all tests. */
  readonly issuer?: Issuer | undefined;
}

export const authority: Issuer = authorityNamed("the authority of tests");

export function authorityNamed(subject: string): Issuer {
  const now = Date.now();
  const [from_ms, until_ms] = [now - DAY_MS, now + 365 * DAY_MS];
  return makeCertificate({ names: [], subject, from_ms, until_ms, isAuthority: true });
}

export function certificateFor(names: readonly string[], wanted: Wanted = {}): MadeCertificate {
  const { days = 90, from = Math.min(-1, days - 1) } = wanted;
  const issuer = "issuer" in wanted ? wanted.issuer : authority;
  const [from_ms, until_ms] = [Date.now() + from * DAY_MS, Date.now() + days * DAY_MS];
  const subject = names[0] ?? "nobody";
  return makeCertificate({ names, subject, from_ms, until_ms, ...(issuer === undefined ? {} : { issuer }) });
}

/** Files of certificates, in a folder of their own. */
export class CertificateFolder {
  readonly path = mkdtempSync(join(tmpdir(), "hopwise-tls-"));

  /** Writes such a pair under this name. @returns the paths */
  write(name: string, { cert, key }: MadeCertificate): { readonly cert: string; readonly key: string } {
    const paths = { cert: this.at(`${name}.pem`), key: this.at(`${name}.key`) };
    writeFileSync(paths.cert, cert);
    writeFileSync(paths.key, key);
    return paths;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
