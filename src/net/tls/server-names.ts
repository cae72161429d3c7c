/**
 * Which of several certificates a client is shown, by the name that it asks for: the one for exactly that name, else the one for all
 * names a level below (`*.example.com`, RFC 6125 section 6.4.3), else the first, which is the default.
 *
 * Deliberately absent: what a certificate is, and that no two are for one name (config/certificate-files.ts).
 */

export interface Named {
  /** In lowercase; addresses, too, though no client asks for one by name. */
  readonly names: readonly string[];
}

export class ServerNames<Certificate extends Named> {
  private readonly byName = new Map<string, Certificate>();
  private readonly first: Certificate;

  constructor(certificates: readonly [Certificate, ...Certificate[]]) {
    [this.first] = certificates;
    for (const certificate of certificates) {
      for (const name of certificate.names) if (!this.byName.has(name)) this.byName.set(name, certificate);
    }
  }

  /** @param serverName in lowercase; none: undefined */
  choose(serverName: string | undefined): Certificate {
    return (serverName === undefined ? undefined : this.find(serverName)) ?? this.first;
  }

  /** The one for this name; there is none: undefined. */
  find(serverName: string): Certificate | undefined {
    // A name with a dot at its end is the same name (RFC 6066 section 3 has clients leave it out).
    const name = serverName.endsWith(".") ? serverName.slice(0, -1) : serverName;
    const dot = name.indexOf(".");
    const wildcard = dot > 0 ? this.byName.get(`*${name.slice(dot)}`) : undefined;
    return this.byName.get(name) ?? wildcard;
  }
}
