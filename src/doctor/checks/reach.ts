/** That the target is there, what it speaks, and what its TLS says. */
import { isIP } from "node:net";
import { connect, type PeerCertificate } from "node:tls";
import { type Check, type Result, unknown } from "../check.ts";
import type { Kit } from "../probe/kit.ts";
import { outcomeWords, plural, seconds } from "../words.ts";

const DAY_MS = 86_400_000;
/** Certificates that renew themselves are renewed by then. */
const DAYS_MIN = 14;

const answers: Check = {
  id: "HW001",
  section: "reach",
  claim: "The target answers in HTTP/1.1.",
  reference: "RFC 9112 section 2.3",
  consequence:
    "Without HTTP/1.1 there are no persistent connections by default, no chunks, and no Host to tell sites apart.",
  takes: "moment",
  async run(kit) {
    const begun_ms = kit.now();
    const { connection, outcome } = await kit.openAndAsk();
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    const values = {
      status: outcome.status,
      http_minor_version: outcome.minorVersion,
      took_ms: Math.round(kit.now() - begun_ms),
    };
    const measured = `HTTP/1.${outcome.minorVersion} ${outcome.status} within ${seconds(values.took_ms)}${aside(outcome.status)}`;
    return {
      verdict: outcome.minorVersion === 1 ? "pass" : "advice",
      measured,
      values,
      fix: "persistence-off",
      evidence: [connection],
    };
  },
};

/** That it is not the page itself that is examined: most servers treat connections otherwise behind an error. */
function aside(status: number): string {
  if (status >= 300 && status < 400) return ": a redirect, and it is the redirect that is examined";
  if (status === 401) return `: it is this refusal that is examined; credentials go with --header "Authorization: ..."`;
  if (status >= 400) return ": it is this error that is examined; write a URL that is answered well to examine that";
  return "";
}

const tls: Check = {
  id: "HW002",
  section: "reach",
  claim: "TLS is 1.2 or newer, and the certificate is trusted and not about to expire.",
  reference: "RFC 9110 section 4.3.4",
  consequence: "When the certificate expires, all clients fail at once.",
  needs: "https",
  takes: "moment",
  async run(kit) {
    const facts = await handshake(kit);
    if (typeof facts === "string") return unknown(facts);
    const { version, alpn, daysLeft, distrust } = facts;
    const values: Result["values"] = {
      tls_version: version,
      alpn,
      certificate_days_left: daysLeft,
      is_trusted: distrust === "",
    };
    const parts = [
      version,
      alpn === "" ? "no ALPN" : `ALPN chose ${alpn} of h2 and http/1.1`,
      `certificate for ${plural(daysLeft, "more day")}`,
      ...(distrust === "" ? [] : [`not trusted (${distrust})`]),
    ];
    return {
      verdict: daysLeft < DAYS_MIN ? "advice" : "pass",
      measured: parts.join(", "),
      values,
      fix: "certificate-expires",
    };
  },
};

interface TlsFacts {
  readonly version: string;
  readonly alpn: string;
  readonly daysLeft: number;
  readonly distrust: string;
}

/** The one place that speaks to the runtime's TLS itself: the dialer of hopwise offers http/1.1 alone. */
function handshake(kit: Kit): Promise<TlsFacts | string> {
  const { target, settings, examination, pace } = kit;
  examination.cost.connections++;
  return new Promise((resolve) => {
    const socket = connect({
      host: examination.address ?? target.host,
      port: target.port,
      ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    const settle = (result: TlsFacts | string) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(pace.dial_ms, () => settle("the handshake takes too long"));
    socket.on("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    socket.on("close", () => settle("closed during the handshake"));
    socket.once("secureConnect", () => {
      const certificate: Partial<PeerCertificate> = socket.getPeerCertificate();
      const expires_ms = Date.parse(certificate.valid_to ?? "");
      settle({
        version: socket.getProtocol() ?? "",
        alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? "" : socket.alpnProtocol,
        daysLeft: Math.floor((expires_ms - kit.examination.ports.clock.date()) / DAY_MS),
        distrust: socket.authorized ? "" : String(socket.authorizationError),
      });
    });
  });
}

export const reachChecks: readonly Check[] = [answers, tls];
