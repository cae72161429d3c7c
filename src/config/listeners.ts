/**
 * Where a proxy listens, and what each listener speaks: in the clear, or TLS with certificates.
 *
 * Flags name places and certificates apart, so every listener that speaks TLS has all certificates. Deliberately absent: what the
 * system says about a place, see listen-error.ts.
 */
import type { Certificate } from "../net/tls/tls-serving.ts";
import { type CertificateFiles, readCertificate, refuseSharedNames } from "./certificate-files.ts";
import { marksOf } from "./certificate-watch.ts";
import { HopwiseError } from "./error.ts";
import { type Files, filesNow } from "./files.ts";
import { type Balancers, balancersIn } from "./proxy-protocol-options.ts";
import { SELF_SIGNED, selfSigned } from "./self-signed.ts";
import { formatAuthority, type ListenAddress, type ListenPlace } from "./values.ts";

/** In place of a file: nothing is asked for. */
const NO_AUTHORITY = "none";

export interface TlsConfig {
  readonly files: readonly CertificateFiles[];
  /** By which a change of the files shows. */
  readonly marks: string;
  /** As they were when the options were read. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
}

export interface ListenerConfig extends ListenAddress {
  /** By which a socket that is handed over finds it. */
  readonly name?: string;
  /** In the clear: undefined. */
  readonly tls: TlsConfig | undefined;
  /** Everybody is sent to https, at this port; they are served: absent. */
  readonly redirectPort?: number;
  /** Whose connections begin with a header of the PROXY protocol; nobody's: absent. */
  readonly balancers?: Balancers;
}

export interface ListenValues {
  readonly listen: readonly [ListenPlace, ...ListenPlace[]];
  /** Where everybody is sent to https. */
  readonly redirect?: readonly [ListenPlace, ...ListenPlace[]] | undefined;
  readonly redirectPort?: number | undefined;
  /** Of the first place, apart. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly tlsCert?: readonly string[] | undefined;
  readonly tlsKey?: readonly string[] | undefined;
  readonly tls?: "self-signed" | undefined;
  readonly clientCa?: readonly string[] | undefined;
  readonly clientCert?: "required" | "optional" | undefined;
  readonly proxyProtocol?: readonly string[] | undefined;
}

/**
 * @param own the certificate that was made at the start of another process with the same options, where there is one
 * @throws HopwiseError `option-missing` or `option-invalid`, for the first thing that is wrong, in the files, too
 */
export function readListeners(
  values: ListenValues,
  own?: Certificate,
  files: Files = filesNow,
): readonly [ListenerConfig, ...ListenerConfig[]] {
  const { listen, host = listen[0].host, port = listen[0].port } = values;
  if (port > 65_535) {
    throw new HopwiseError("option-invalid", `${port} is not a port: write one from 0 to 65535`, "port");
  }
  const [first, ...others] = listen;
  const places: readonly [ListenPlace, ...ListenPlace[]] = [{ ...first, host, port }, ...others];
  const saysHttps = places.some(({ scheme }) => scheme === "https");
  if (values.clientCa !== undefined && values.tlsCert === undefined) {
    const problem = "there are no certificates with which clients could be asked: write --tls-cert and --tls-key";
    throw new HopwiseError("option-invalid", problem, "clientCa");
  }
  const tls = values.tls === undefined ? readTls(values, files) : ownCertificate(values, places, own);
  const listener = ({ host, port, scheme }: ListenPlace): ListenerConfig => {
    const isSecure = scheme === "https" || (scheme === undefined && tls !== undefined && !saysHttps);
    if (!isSecure) return { host, port, tls: undefined };
    if (tls !== undefined) return { host, port, tls };
    const problem = `https://${formatAuthority(host, port)} needs a certificate: write --tls-cert FILE --tls-key FILE, or --tls self-signed`;
    throw new HopwiseError("option-invalid", problem, "listen");
  };
  const listeners = [listener(places[0]), ...others.map(listener)] as const;
  if (tls !== undefined && listeners.every((one) => one.tls === undefined)) {
    const tlsOption = values.tls === undefined ? "tlsCert" : "tls";
    throw new HopwiseError("option-invalid", "nothing listens for https: write --listen https://HOST:PORT", tlsOption);
  }
  const balancers = balancersIn(values.proxyProtocol);
  const behind = (config: ListenerConfig) => (balancers === undefined ? config : { ...config, balancers });
  return apart([behind(listeners[0]), ...[...listeners.slice(1), ...redirects(values, listeners)].map(behind)]);
}

/** `::` takes the addresses of IPv4 as well, unless it is told not to: then `0.0.0.0` beside it would be taken already. */
export function apart<Place extends ListenAddress>(places: readonly [Place, ...Place[]]): readonly [Place, ...Place[]] {
  const [first, ...others] = places.map((place) => {
    const hasIpv4 = places.some(({ host, port }) => host === "0.0.0.0" && port === place.port && port !== 0);
    return hasIpv4 && isAnyIpv6(place.host) ? { ...place, isIpv6Only: true as const } : place;
  });
  return [first as Place, ...others];
}

/** However it is spelled. */
function isAnyIpv6(host: string): boolean {
  return host.includes(":") && /^[0:]+$/.test(host);
}

/**
 * Which place of before each of these is, by its number; none of them: undefined. Any free port is a place that nobody else asks for:
 * the first takes the first.
 */
export function keptPlaces(
  before: readonly ListenAddress[],
  after: readonly ListenAddress[],
): readonly (number | undefined)[] {
  const left = new Set(before.keys());
  return after.map(({ host, port, isIpv6Only }) => {
    const kept = [...left].find((index) => {
      const place = before[index];
      return place?.host === host && place.port === port && place.isIpv6Only === isIpv6Only;
    });
    if (kept !== undefined) left.delete(kept);
    return kept;
  });
}

function redirects(
  { redirect, redirectPort = 443 }: ListenValues,
  others: readonly ListenerConfig[],
): ListenerConfig[] {
  return (redirect ?? []).map(({ host, port, scheme }) => {
    const place = formatAuthority(host, port);
    if (scheme === "https") {
      const problem = `https://${place} would redirect what is https already: write ${place}`;
      throw new HopwiseError("option-invalid", problem, "redirect");
    }
    if (port !== 0 && others.some((other) => other.host === host && other.port === port)) {
      throw new HopwiseError("option-invalid", `${place} is where clients are served: write another port`, "redirect");
    }
    return { host, port, tls: undefined, redirectPort };
  });
}

function readTls(values: ListenValues, readFrom: Files): TlsConfig | undefined {
  const { tlsCert = [], tlsKey = [], clientCa = [], clientCert } = values;
  if (tlsCert.length !== tlsKey.length) {
    const isKeyMissing = tlsKey.length < tlsCert.length;
    const what = isKeyMissing ? "write a --tls-key for each --tls-cert" : "write a --tls-cert for each --tls-key";
    const found = `there are ${count(tlsCert.length, "certificate")} and ${count(tlsKey.length, "key")}`;
    throw new HopwiseError(
      "option-invalid",
      `${found}: ${what}, in the same order`,
      isKeyMissing ? "tlsKey" : "tlsCert",
    );
  }
  if (clientCa.length > 1 && clientCa.length !== tlsCert.length) {
    const found = `there are ${count(tlsCert.length, "certificate")} and ${clientCa.length} of these`;
    const what = "write one for all certificates, or one for each, in the same order";
    throw new HopwiseError("option-invalid", `${found}: ${what}`, "clientCa");
  }
  const isRequired = clientCert !== "optional";
  const files = tlsCert.map((cert, index): CertificateFiles => {
    const ca = clientCa.length === 1 ? clientCa[0] : clientCa[index];
    const asked = ca === undefined || ca === NO_AUTHORITY ? {} : { clients: { ca, isRequired } };
    return { cert, key: tlsKey[index] ?? "", ...asked };
  });
  return readCertificates(files, readFrom);
}

function ownCertificate(
  { tlsCert, tlsKey }: ListenValues,
  places: readonly ListenPlace[],
  own: Certificate | undefined,
): TlsConfig {
  if (tlsCert !== undefined || tlsKey !== undefined) {
    throw new HopwiseError("option-invalid", "there are files of certificates, too: leave one of both out", "tls");
  }
  return ownTls(places, own);
}

/** One certificate, which is made now unless it was already. */
export function ownTls(places: readonly ListenAddress[], own: Certificate | undefined): TlsConfig {
  const hosts = places.map(({ host }) => host);
  return { files: [], marks: "", certificates: [own ?? selfSigned(hosts, Date.now())] };
}

/** The certificate that was made at the start; all are from files: undefined. */
export function ownCertificateOf(listeners: readonly ListenerConfig[]): Certificate | undefined {
  return listeners.flatMap(({ tls }) => tls?.certificates ?? []).find(({ file }) => file === SELF_SIGNED);
}

/** @throws HopwiseError `option-invalid` */
export function readCertificates(
  files: readonly CertificateFiles[],
  readFrom: Files = filesNow,
): TlsConfig | undefined {
  const marks = marksOf(files, readFrom);
  const [first, ...others] = files.map((pair) => readCertificate(pair, readFrom.readAt_ms(pair.cert), readFrom));
  if (first === undefined) return undefined;
  const certificates = [first, ...others] as const;
  refuseSharedNames(certificates);
  return { files, marks, certificates };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
