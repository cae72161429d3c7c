/**
 * Makes certificates (RFC 5280): a key of P-256, and what says whose it is, signed by itself or by another.
 *
 * The runtime reads certificates and signs bytes, but writes no certificates. What is written here is for development and tests,
 * where a program that makes them may not be installed. Deliberately absent: requests, revocation, and everything that an authority
 * which strangers trust would need.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";
import { isIP, isIPv4 } from "node:net";

export interface CertificateRequest {
  /** What it is for: names, `*.example.com`, addresses. */
  readonly names: readonly string[];
  /** What it is called: its common name. */
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly from_ms: number;
  readonly until_ms: number;
  /** It may issue others. */
  readonly isAuthority?: boolean;
  /** Who signs it; itself: absent. */
  readonly issuer?: Issuer;
}

/** A certificate of an authority, and its key. */
export interface Issuer {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** PEM. */
export type MadeCertificate = Issuer;

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const BOOLEAN = 0x01;
const SERIAL_BYTES = 16;

/** What is used of names for things, as it is encoded. */
const ids = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  keyUsage: "551d0f",
  alternativeName: "551d11",
  basicConstraints: "551d13",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
} as const;

export function makeCertificate(request: CertificateRequest): MadeCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { issuer } = request;
  const signingKey: KeyObject | string = issuer?.key ?? privateKey;
  const subject = nameOf(request.subject);
  // As the issuer's own certificate has it, of which the common name is all.
  const issuerName = issuer === undefined ? subject : nameOf(commonNameOf(issuer.cert));
  const algorithm = der(SEQUENCE, id(ids.ecdsaWithSha256));
  const content = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serialNumber()),
    algorithm,
    issuerName,
    der(SEQUENCE, time(request.from_ms), time(request.until_ms)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(SEQUENCE, ...extensionsOf(request))),
  );
  const signature = sign("sha256", content, signingKey);
  const certificate = der(SEQUENCE, content, algorithm, bits(signature));
  return {
    cert: new X509Certificate(certificate).toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function extensionsOf({ names, isAuthority = false }: CertificateRequest): Buffer[] {
  const isCritical = der(BOOLEAN, Buffer.from([0xff]));
  const extension = (what: string, content: Buffer, ...critical: Buffer[]) =>
    der(SEQUENCE, id(what), ...critical, der(OCTET_STRING, content));
  const constraints = der(SEQUENCE, ...(isAuthority ? [isCritical] : []));
  // Bits from the left: digital signature is the first, signing certificates the sixth.
  const usage = isAuthority ? Buffer.from([0x02, 0x84]) : Buffer.from([0x07, 0x80]);
  return [
    extension(ids.basicConstraints, constraints, isCritical),
    extension(ids.keyUsage, der(BIT_STRING, usage), isCritical),
    ...(isAuthority ? [] : [extension(ids.extendedKeyUsage, der(SEQUENCE, id(ids.serverAuth), id(ids.clientAuth)))]),
    ...(names.length === 0 ? [] : [extension(ids.alternativeName, der(SEQUENCE, ...names.map(alternativeName)))]),
  ];
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 0) return der(0x82, Buffer.from(name, "latin1"));
  return der(0x87, isIPv4(name) ? Buffer.from(name.split(".").map(Number)) : ipv6(name));
}

function ipv6(address: string): Buffer {
  const [before = "", after] = address.split("::");
  const groupsOf = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groupsOf(before), groupsOf(after ?? "")];
  const groups = after === undefined ? first : [...first, ...Array(8 - first.length - last.length).fill(0), ...last];
  const octets = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) octets.writeUInt16BE(group, 2 * index);
  return octets;
}

function nameOf(commonName: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, id(ids.commonName), der(UTF8_STRING, Buffer.from(commonName)))));
}

function commonNameOf(cert: string): string {
  return new X509Certificate(cert).subject.replace(/^CN=/, "");
}

/** Positive, and of the shortest form: it begins with a bit that is not set, and not with a byte of 0. */
function serialNumber(): Buffer {
  const octets = randomBytes(SERIAL_BYTES);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets;
}

/** Until 2049 with two digits for the year, then with four (RFC 5280 section 4.1.2.5). */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  const year = Number(text.slice(0, 4));
  return year < 2050 ? der(UTC_TIME, Buffer.from(text.slice(2))) : der(GENERALIZED_TIME, Buffer.from(text));
}

function bits(octets: Buffer): Buffer {
  return der(BIT_STRING, Buffer.from([0]), octets);
}

function id(hex: string): Buffer {
  return der(OBJECT_IDENTIFIER, Buffer.from(hex, "hex"));
}

/** A value of ASN.1: what it is, how long it is, and its parts. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
