/**
 * Certificates and their keys, read from files and judged: a pair is taken only if everything about it is as it must be, so that
 * nobody finds out from a handshake.
 *
 * Deliberately absent: when they are read again (certificate-watch.ts), and which one a client is shown (net/tls/server-names.ts).
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Certificate } from "../net/tls/tls-serving.ts";
import { HopwiseError } from "./error.ts";
import { fileFault } from "./file-error.ts";
import { type Files, filesNow } from "./files.ts";
import { shown } from "./values.ts";

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** Whose certificates clients must show, or may; they are asked for none: absent. */
  readonly clients?: { readonly ca: string; readonly isRequired: boolean } | undefined;
}

/** How long before its end a certificate is warned of: those that are renewed by themselves are by then. */
export const EXPIRY_WARNING_MS = 14 * 24 * 3_600_000;

const CERTIFICATE_HOW = "write the path of a certificate in PEM, with those that issued it behind it";
const KEY_HOW = "write the path of the certificate's private key, in PEM";
const AUTHORITY_HOW = "write the path of the certificates, in PEM, of those who issue certificates to clients";
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/;

/** @throws HopwiseError `option-invalid`, for `tlsCert`, `tlsKey` or `clientCa`, that says which file, and what is wrong with it */
export function readCertificate(pair: CertificateFiles, now_ms: number, files: Files = filesNow): Certificate {
  const { clients } = pair;
  const { leaf, cert, key, expiresAt_ms } = readPair(pair, now_ms, files);
  const names = namesOf(leaf);
  if (names.length === 0) throw wrong("tlsCert", `${shown(pair.cert)} is for no name: ${CERTIFICATE_HOW}`);
  const asked = clients === undefined ? {} : { clients: { ...clients, ca: clientAuthoritiesIn(files, clients.ca) } };
  return { file: pair.cert, names, cert, key, expiresAt_ms, ...asked };
}

/** A certificate and its key, whomever it names. */
export interface ReadPair {
  readonly leaf: X509Certificate;
  readonly cert: string;
  readonly key: string;
  readonly expiresAt_ms: number;
}

/** @throws HopwiseError `option-invalid`, for `tlsCert` or `tlsKey` */
export function readPair(pair: Pick<CertificateFiles, "cert" | "key">, now_ms: number, files: Files): ReadPair {
  const { cert: certFile, key: keyFile } = pair;
  const cert = textOf(files, certFile, "tlsCert", CERTIFICATE_HOW);
  const key = textOf(files, keyFile, "tlsKey", KEY_HOW);
  const leaf = certificateIn(cert, certFile);
  const [from_ms, expiresAt_ms] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (expiresAt_ms <= now_ms) {
    throw wrong("tlsCert", `${shown(certFile)} has expired on ${dateOf(expiresAt_ms)}: renew it`);
  }
  if (from_ms > now_ms) {
    const advice = "look at this machine's clock, or wait";
    throw wrong("tlsCert", `${shown(certFile)} is not valid before ${new Date(from_ms).toISOString()}: ${advice}`);
  }
  if (!leaf.checkPrivateKey(keyIn(key, keyFile))) {
    const problem = `${shown(keyFile)} is not the key of ${shown(certFile)}`;
    throw wrong("tlsKey", `${problem}: name them in pairs, each certificate with its key`);
  }
  try {
    // For instance a key that is too short for the runtime's level of security.
    createSecureContext({ cert, key });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrong("tlsCert", `${shown(certFile)} cannot be used (${why}): ${CERTIFICATE_HOW}`, error);
  }
  return { leaf, cert, key, expiresAt_ms };
}

/** The same in every part, so that nothing changes where it takes another's place. */
export function isSame(one: Certificate, other: Certificate): boolean {
  return one.cert === other.cert && one.key === other.key && one.clients?.ca === other.clients?.ca;
}

function clientAuthoritiesIn(files: Files, file: string): string {
  return authoritiesIn(files, file, "clientCa", AUTHORITY_HOW);
}

/**
 * Those who may have issued a certificate; one that is its own issuer may be among them, since that is how it is trusted.
 *
 * @param option that names the file @param how to write it @throws HopwiseError `option-invalid`, for that option
 */
export function authoritiesIn(files: Files, file: string, option: string, how: string): string {
  const text = textOf(files, file, option, how);
  const all = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  for (const [index, one] of all.entries()) {
    try {
      const certificate = new X509Certificate(one);
      if (certificate.ca || (option !== "clientCa" && certificate.verify(certificate.publicKey))) continue;
    } catch {
      // Said below.
    }
    const what = all.length === 1 ? "its certificate" : `certificate ${index + 1} of ${all.length}`;
    throw wrong(option, `${shown(file)}: ${what} is not an authority's: ${how}`);
  }
  if (all.length === 0) throw wrong(option, `${shown(file)} holds no certificate: ${how}`);
  return text;
}

/** @throws HopwiseError where two of them are for one name */
export function refuseSharedNames(certificates: readonly Certificate[]): void {
  const files = new Map<string, string>();
  for (const { names, file } of certificates) {
    for (const name of names) {
      const other = files.get(name);
      if (other !== undefined) {
        throw wrong("tlsCert", `${shown(other)} and ${shown(file)} are both for ${shown(name)}: leave one of them out`);
      }
      files.set(name, file);
    }
  }
}

/** What an operator should know of a certificate that ends soon; otherwise undefined. */
export function expiryWarning({ file, expiresAt_ms }: Certificate, now_ms: number): string | undefined {
  const left_ms = expiresAt_ms - now_ms;
  if (left_ms > EXPIRY_WARNING_MS) return undefined;
  if (left_ms <= 0) return `the certificate ${shown(file)} has expired on ${dateOf(expiresAt_ms)}: renew it`;
  const days = Math.floor(left_ms / (24 * 3_600_000));
  const when = days === 0 ? "within a day" : `in ${days} ${days === 1 ? "day" : "days"}`;
  return `the certificate ${shown(file)} expires ${when}, on ${dateOf(expiresAt_ms)}: renew it`;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function textOf(files: Files, file: string, option: string, how: string): string {
  try {
    return files.text(file);
  } catch (error) {
    throw wrong(option, `${shown(file)} cannot be read (${fileFault(error, "read")}): ${how}`, error);
  }
}

function certificateIn(cert: string, file: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (error) {
    throw wrong("tlsCert", `${shown(file)} holds no certificate that can be read: ${CERTIFICATE_HOW}`, error);
  }
}

/** What is in the file is never repeated. */
function keyIn(key: string, file: string): KeyObject {
  if (ENCRYPTED.test(key)) {
    const advice = `write one without a passphrase, which this user alone may read (openssl pkey -in ${shown(file)})`;
    throw wrong("tlsKey", `${shown(file)} is encrypted: ${advice}`);
  }
  try {
    return createPrivateKey(key);
  } catch {
    throw wrong("tlsKey", `${shown(file)} holds no private key that can be read: ${KEY_HOW}`);
  }
}

/** Alternative names; without any, as before RFC 2818, the common name. */
function namesOf(leaf: X509Certificate): string[] {
  const names = (leaf.subjectAltName ?? "").split(", ").flatMap((written) => {
    const [, name] = /^(?:DNS|IP Address):([^"]+)$/.exec(written) ?? [];
    return name === undefined ? [] : [name.toLowerCase()];
  });
  if (names.length > 0) return names;
  const [, commonName] = /^CN=(.+)$/m.exec(leaf.subject) ?? [];
  return commonName === undefined ? [] : [commonName.toLowerCase()];
}

function wrong(option: string, problem: string, cause?: unknown): HopwiseError {
  return new HopwiseError("option-invalid", problem, option, cause);
}
