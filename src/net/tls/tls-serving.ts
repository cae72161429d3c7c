/**
 * What clients' TLS connections of a proxy are secured with: certificates by name, the keys of their tickets, and what is known of
 * handshakes so far.
 *
 * Certificates are replaced as a whole, between two handshakes: connections that are open go on as they are, and tickets remain good
 * where the certificate is for the same names. Deliberately absent: files (config/certificate-files.ts), and the runtime's TLS
 * (net/node/tls-client-socket.ts).
 */
import { constants, createHash } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { ServerNames } from "./server-names.ts";
import { SESSION_S, TicketKeys } from "./ticket-keys.ts";

/** A certificate and its key, which were found to belong together. */
export interface Certificate {
  /** What it is called for people: the file it came from. */
  readonly file: string;
  /** For whom it is: names in lowercase, `*.example.com`, addresses. */
  readonly names: readonly string[];
  /** With those that issued it, PEM. */
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly expiresAt_ms: number;
  /** Whose certificates clients show under these names; they are asked for none: absent. */
  readonly clients?: ClientAuthorities;
}

export interface ClientAuthorities {
  /** Who may have issued them, PEM. */
  readonly ca: string;
  /** A client without one is refused. */
  readonly isRequired: boolean;
}

/** AEAD ciphers with a key exchange of their own (RFC 9325 section 4.2); those of TLS 1.3 have both anyway. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** Nothing that was agreed on can be changed behind the handshake (RFC 9325 section 3.4). */
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION;

/** How often a handshake was whole, and how often it went on with an earlier session. */
export interface HandshakeTally {
  full: number;
  resumed: number;
}

/** What became of certificates whose files had changed. */
export interface ReloadTally {
  renewed: number;
  kept: number;
}

export class ServedCertificate {
  readonly names: readonly string[];
  readonly certificate: Certificate;
  /** Sessions are good where this is the same. */
  readonly scope: string;
  private readonly tickets: TicketKeys;
  private readonly contexts = new Map<number, { readonly context: SecureContext; readonly keyName: string }>();

  constructor(certificate: Certificate, tickets: TicketKeys) {
    this.certificate = certificate;
    this.names = certificate.names;
    this.tickets = tickets;
    this.scope = scopeOf(certificate);
    this.contextOf(tickets.periodAt(Date.now()));
  }

  /** With the keys of the period before, where the client has a ticket of that time. */
  contextFor(ticketKeyNames: readonly string[]): SecureContext {
    const period = this.tickets.periodAt(Date.now());
    if (ticketKeyNames.length > 0) {
      const before = this.contextOf(period - 1);
      if (ticketKeyNames.includes(before.keyName)) return before.context;
    }
    return this.contextOf(period).context;
  }

  private contextOf(period: number): { readonly context: SecureContext; readonly keyName: string } {
    const known = this.contexts.get(period);
    if (known !== undefined) return known;
    for (const older of this.contexts.keys()) if (older < period - 1) this.contexts.delete(older);
    const ticketKeys = this.tickets.keys(period, this.scope);
    const context = createSecureContext({
      cert: this.certificate.cert,
      key: this.certificate.key,
      minVersion: "TLSv1.2",
      ciphers: CIPHERS,
      secureOptions: OPTIONS,
      ...(this.certificate.clients === undefined ? {} : { ca: this.certificate.clients.ca }),
      ticketKeys,
      sessionIdContext: this.scope,
      sessionTimeout: SESSION_S,
    });
    const made = { context, keyName: TicketKeys.nameOf(ticketKeys) };
    this.contexts.set(period, made);
    return made;
  }
}

/** Where names or authorities differ, no session is good that was made for the others. The runtime takes 32 characters. */
function scopeOf({ names, clients }: Certificate): string {
  const parts = [names.join(" "), clients?.ca ?? "", clients?.isRequired === true ? "required" : "optional"];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 32);
}

export class TlsServing {
  readonly handshakes: HandshakeTally = { full: 0, resumed: 0 };
  readonly reloads: ReloadTally = { renewed: 0, kept: 0 };
  /** Clients may settle on HTTP/2. */
  speaksHttp2 = false;
  /** What other listeners of the same proxy are served with. */
  beside: () => readonly TlsServing[] = () => [];
  /** Clients show certificates of others from now on: those who came in before were let in by what does not hold any more. */
  onClientsChanged: () => void = () => {};
  private readonly tickets: TicketKeys;
  private served: ServerNames<ServedCertificate>;
  private all: readonly Certificate[];

  /** @throws what the runtime says of a certificate that it cannot use */
  constructor(certificates: readonly [Certificate, ...Certificate[]], tickets: TicketKeys) {
    this.tickets = tickets;
    this.all = certificates;
    this.served = this.serve(certificates);
  }

  /** From now on handshakes are made with these. @throws what the runtime says of one that it cannot use; then those of before count */
  replace(certificates: readonly [Certificate, ...Certificate[]]): void {
    const before = this.clientAuthorities;
    this.served = this.serve(certificates);
    this.all = certificates;
    if (this.clientAuthorities !== before) this.onClientsChanged();
  }

  /** Whose certificates clients show, under any name. */
  get clientAuthorities(): string {
    const all = this.all.map(({ clients }) => (clients === undefined ? "" : `${clients.isRequired} ${clients.ca}`));
    return [...new Set(all)].sort().join("\n");
  }

  /** Goes on counting where one has counted that is not used any more. */
  inherit({ handshakes, reloads }: TlsServing): void {
    this.handshakes.full += handshakes.full;
    this.handshakes.resumed += handshakes.resumed;
    this.reloads.renewed += reloads.renewed;
    this.reloads.kept += reloads.kept;
  }

  get certificates(): readonly Certificate[] {
    return this.all;
  }

  /** By name, as long as they are not replaced. */
  get names(): ServerNames<ServedCertificate> {
    return this.served;
  }

  /**
   * Whether requests for a host may be served on a connection whose handshake was for a name (RFC 9110 section 7.4): under client
   * certificates for that name alone, and nowhere for a name that asks for them, be it on another listener: routes are the same for all.
   * Nobody is asked for any: undefined.
   */
  hostsServed(served: ServedCertificate, serverName: string | undefined): ((host: string) => boolean) | undefined {
    const others = this.beside().filter((one) => one !== this && one.asksClients);
    if (!this.asksClients && others.length === 0) return undefined;
    const asks = served.certificate.clients !== undefined;
    const asksElsewhere = (host: string) =>
      this.served.find(host) === undefined &&
      others.some(({ names }) => names.find(host)?.certificate.clients !== undefined);
    return (host) => {
      // What an origin could take for another name than the one that is judged here.
      if (!/^[a-z0-9._:-]*$/.test(host)) return false;
      if (asks && serverName !== undefined) return withoutLastDot(host) === withoutLastDot(serverName);
      const its = this.served.choose(host === "" ? undefined : host);
      if (asks) return its.scope === served.scope;
      return its.certificate.clients === undefined && !asksElsewhere(host);
    };
  }

  private get asksClients(): boolean {
    return this.all.some(({ clients }) => clients !== undefined);
  }

  private serve([first, ...others]: readonly [Certificate, ...Certificate[]]): ServerNames<ServedCertificate> {
    const serve = (certificate: Certificate) => new ServedCertificate(certificate, this.tickets);
    return new ServerNames([serve(first), ...others.map(serve)]);
  }
}

function withoutLastDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
