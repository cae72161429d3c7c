/**
 * TLS for the neighbours of tests: a certificate for this machine that nobody else trusts, and the server's end over a raw
 * connection, which can be reset or cut off below it.
 *
 * The key is public, so the certificate is good for nothing else. Deliberately absent: a program that makes certificates.
 */
import type { Socket as RawSocket } from "node:net";
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
  type TLSSocketOptions,
} from "node:tls";
import type { TlsTarget } from "../../src/net/ports.ts";
import type { Certificate } from "../../src/net/tls/tls-serving.ts";

/** For `localhost` and `127.0.0.1`, until 2126. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBozCCAUmgAwIBAgIUImUvaG6DY3GChpMoYV0yN0uEzZUwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNaG9wd2lzZSB0ZXN0czAgFw0yNjExMjkxNTMyMTZaGA8yMTI2
MTEwNTE1MzIxNlowGDEWMBQGA1UEAwwNaG9wd2lzZSB0ZXN0czBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABHxxAPxuA7GuEwgLV/d99hyLXZbniKuXHAg11iCbX+De
I2bNMV9fRl5PH9ZQbg/V4/rxrdjwdlgvHa1qIDu/DZCjbzBtMB0GA1UdDgQWBBTC
+nqT3ZXURvyJBeL08fVYxQrPiDAfBgNVHSMEGDAWgBTC+nqT3ZXURvyJBeL08fVY
xQrPiDAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEAkjEE2Q9Qai1USoFLY11nAhYGm5LeAP/qhV4m
dENGK4wCIAG/huESyYD40C1sG50haawMnw5l4Fw1iUcxWsLpTe5g
-----END CERTIFICATE-----
`;

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQAxEY42PpqFlbswv
f5NiyAIKekfks0dv4CAOPyDn1DKhRANCAAR8cQD8bgOxrhMIC1f3ffYci12W54ir
lxwINdYgm1/g3iNmzTFfX0ZeTx/WUG4P1eP68a3Y8HZYLx2taiA7vw2Q
-----END PRIVATE KEY-----
`;

/** As hopwise serves it. */
export const SERVED: Certificate = {
  file: "test.pem",
  names: ["localhost", "127.0.0.1"],
  cert: CERTIFICATE,
  key: KEY,
  expiresAt_ms: Date.UTC(2126, 10, 5),
};

/** With the certificate, and what else a server chooses. */
export function contextOf(options: SecureContextOptions = {}): SecureContext {
  return createSecureContext({ key: KEY, cert: CERTIFICATE, ...options });
}

/** One for all, since tickets are good where they were made. */
const secureContext = contextOf();

/** How to dial a peer that is `overTls`. */
export const tlsTarget: TlsTarget = { serverName: "127.0.0.1", ca: CERTIFICATE, rejectUnauthorized: true };

/** The server's end of TLS over `raw`, in whose place it is used from now on. */
export function overTls(raw: RawSocket, options: TLSSocketOptions = {}): TLSSocket {
  raw.on("error", () => {});
  return new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"], ...options });
}
