/**
 * What a connection that could not be opened failed for, in the words of `Proxy-Status` (RFC 9209 section 2.3).
 *
 * Deliberately absent: addresses, and the system's own words; the ledger gets those. And `dns_timeout`: `getaddrinfo` does
 * not tell a name server that is silent from one that has failed.
 */

/** The runtime names alerts after OpenSSL: `ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION`; this one without the word. */
const ALERT = /^ERR_SSL_(?:.*_ALERT_|.*_UNRECOGNIZED_NAME$)/;
/** The results of verifying a certificate, and of comparing its names with the host. */
const CERTIFICATE =
  /CERT|^CRL_|^UNABLE_TO_|^INVALID_(?:CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|^KEYUSAGE_/;

/** @param fault the system's error code, or the runtime's; none: empty */
export function dialErrorType(fault: string): string {
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
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
    case "ENOMEM":
    case "EADDRNOTAVAIL":
      return "proxy_internal_error";
  }
  if (fault.startsWith("EAI_")) return "dns_error";
  if (ALERT.test(fault)) return "tls_alert_received";
  if (CERTIFICATE.test(fault)) return "tls_certificate_error";
  if (/^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(fault)) return "tls_protocol_error";
  return "destination_unavailable";
}
