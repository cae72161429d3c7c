/**
 * What is told of TLS towards clients: how handshakes went, when certificates end, and what became of those that changed.
 *
 * Handshakes that failed are closes with a reason (connection/reasons.ts), and are not counted a second time.
 */
import type { TlsServing } from "../net/tls/tls-serving.ts";

/** How a handshake that succeeded went. */
export const handshakeKinds = ["full", "resumed"] as const;
/** What became of a certificate whose files had changed. */
export const reloadResults = ["renewed", "kept"] as const;

/** As plain data, which can be added up. */
export interface TlsFigures {
  readonly handshakes: Readonly<Record<(typeof handshakeKinds)[number], number>>;
  readonly reloads: Readonly<Record<(typeof reloadResults)[number], number>>;
  readonly certificates: readonly CertificateFigures[];
}

export interface CertificateFigures {
  /** Its file. */
  readonly certificate: string;
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt_ms: number;
}

/** Nothing speaks TLS: undefined. */
export function tlsFiguresOf(servings: readonly TlsServing[]): TlsFigures | undefined {
  return servings
    .map(({ handshakes, reloads, certificates }): TlsFigures => {
      const told = certificates.map(({ file, names, expiresAt_ms }) => ({ certificate: file, names, expiresAt_ms }));
      return { handshakes: { ...handshakes }, reloads: { ...reloads }, certificates: told };
    })
    .reduce<TlsFigures | undefined>(tlsSum, undefined);
}

export function tlsSum(one: TlsFigures | undefined, other: TlsFigures | undefined): TlsFigures | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const certificates = new Map<string, CertificateFigures>();
  for (const certificate of [...one.certificates, ...other.certificates]) {
    const before = certificates.get(certificate.certificate);
    // Until every process has read it anew, the older one counts.
    const isOlder = before === undefined || certificate.expiresAt_ms < before.expiresAt_ms;
    if (isOlder) certificates.set(certificate.certificate, certificate);
  }
  return {
    handshakes: {
      full: one.handshakes.full + other.handshakes.full,
      resumed: one.handshakes.resumed + other.handshakes.resumed,
    },
    reloads: {
      renewed: one.reloads.renewed + other.reloads.renewed,
      kept: one.reloads.kept + other.reloads.kept,
    },
    certificates: [...certificates.values()],
  };
}

/** A certificate was read again, could not be, or ends soon. */
export interface CertificateEntry {
  readonly type: "certificate";
  readonly time: string;
  /** `kept`: what the files hold now cannot be used, so the one of before is. `expiring`: it ends within 14 days, or has ended. */
  readonly state: "renewed" | "kept" | "expiring";
  /** Its file. */
  readonly certificate: string;
  /** When the one in use ends; ISO 8601. */
  readonly expires: string;
  /** What is wrong, and what to do; one sentence. */
  readonly problem?: string;
}

/** The same in words. */
export function certificateText({ state, certificate, expires, problem = "" }: CertificateEntry): string {
  switch (state) {
    case "renewed":
      return `the certificate ${certificate} was read again: it is good until ${expires.slice(0, 10)}`;
    case "kept":
      return `the certificate ${certificate} stays as it was: ${problem}`;
    case "expiring":
      return problem;
  }
}
