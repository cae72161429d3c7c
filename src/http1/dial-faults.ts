/**
 * What a connection that could not be opened failed for, in the words of `Proxy-Status` (RFC 9209 section 2.3), and for
 * people: what kind of failure it is, and where to look.
 *
 * `dns_timeout` is told of a look-up that no name server answered in time. The system's own look-up, of names that operators
 * chose, ends with the same word whether servers are silent or have failed, so there it must outlast the time to connect.
 * Deliberately absent: addresses, and the system's own words; the ledger gets those.
 */

/** The runtime names alerts after OpenSSL: `ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION`; this one without the word. */
const ALERT = /^ERR_SSL_(?:.*_ALERT_|.*_UNRECOGNIZED_NAME$)/;
/** The results of verifying a certificate, and of comparing its names with the host. */
const CERTIFICATE =
  /CERT|^CRL_|^UNABLE_TO_|^INVALID_(?:CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|^KEYUSAGE_/;

/** By error type, what is told to whoever asked. */
const texts = {
  connection_refused:
    "Nothing accepts connections at the origin's address and port. Check that the origin runs, and its port.",
  connection_terminated: "The origin closed the connection while it was being opened. Check the origin's own log.",
  connection_timeout:
    "The origin's address does not answer. Check that it is right, and that no firewall drops connections to it.",
  destination_ip_unroutable: "No route leads to the origin's address. Check the address and the network between.",
  dns_error: "The origin's name cannot be resolved. Check its spelling and the name server.",
  dns_timeout: "No name server answered in time for the origin's name. Check the name servers, and the way to them.",
  proxy_internal_error:
    "This proxy has no file descriptor, memory or local port left for another connection. Raise its limits.",
  tls_alert_received:
    "The origin broke off the TLS handshake. Check which versions, names and certificates it accepts; its log says why.",
  tls_certificate_error:
    "The origin's certificate is not trusted, not valid now, or for another name. Check it, and who issued it.",
  tls_protocol_error: "The origin's port does not speak TLS as expected. Check that it is https, and its port.",
  destination_unavailable: "No connection to the origin could be opened. The proxy's log says why.",
} as const;
export type DialErrorType = keyof typeof texts;

/** Whether it is an alert of TLS, by which a peer ends its connection; from TLS 1.3 on also behind the handshake (RFC 8446 section 4.4.2.4). */
export function isAlert(fault: string): boolean {
  return ALERT.test(fault);
}

export function dialErrorText(type: DialErrorType): string {
  return texts[type];
}

/** @param fault the system's error code, or the runtime's; none: empty */
export function dialErrorType(fault: string): DialErrorType {
  switch (fault) {
    case "ECONNREFUSED":
      return "connection_refused";
    case "ECONNRESET":
    case "EPIPE":
      return "connection_terminated";
    case "ETIMEDOUT":
      return "connection_timeout";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
      return "destination_ip_unroutable";
    case "ENOTFOUND":
    case "ENODATA":
      return "dns_error";
    case "ETIMEOUT":
      return "dns_timeout";
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
    case "ENOMEM":
    case "EADDRNOTAVAIL":
      return "proxy_internal_error";
  }
  if (fault.startsWith("EAI_")) return "dns_error";
  if (isAlert(fault)) return "tls_alert_received";
  if (CERTIFICATE.test(fault)) return "tls_certificate_error";
  if (/^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(fault)) return "tls_protocol_error";
  return "destination_unavailable";
}
