/**
 * The server's side of a TLS handshake over a connection that was accepted, without a server of `node:tls`, which would tell
 * nothing of a connection before its handshake is over: until then it could neither count nor give way.
 *
 * `secure` and `_tlsError` are the events by which the runtime's own servers know how a handshake has gone. Neither is documented;
 * both are as they were in 2016. Deliberately absent: what is made of it (net/node/tls-client-socket.ts).
 */
import type { Socket as RawSocket } from "node:net";
import { type SecureContext, TLSSocket, type TLSSocketOptions } from "node:tls";
import type { HandshakeFailure } from "../../connection/reasons.ts";
import { socketOptions } from "../socket-options.ts";
import type { ClientAuthorities } from "../tls/tls-serving.ts";

/** Spoken behind the handshake (RFC 7301), the one that is liked best first. A client that names others only is refused by the runtime. */
const HTTP1 = ["http/1.1"];
const HTTP2_TOO = ["h2", "http/1.1"];

export interface HandshakeHandler {
  /** It is over; nothing has been read behind it. */
  onSecure(tls: TLSSocket): void;
  /** It has failed, and the connection is gone. */
  onFailed(failure: HandshakeFailure): void;
}

/** What was read from `transport` already is to be put back there. */
export function beginHandshake(
  transport: RawSocket,
  context: SecureContext,
  clients: ClientAuthorities | undefined,
  speaksHttp2: boolean,
  handler: HandshakeHandler,
): TLSSocket {
  const options = {
    ...socketOptions,
    ...{ isServer: true, secureContext: context, ALPNProtocols: speaksHttp2 ? HTTP2_TOO : HTTP1 },
    // The runtime ends the handshake of a client that shows none; whether one is good is to be asked for behind it.
    ...{ requestCert: clients !== undefined, rejectUnauthorized: clients?.isRequired === true },
  };
  const tls = new TLSSocket(transport, options as TLSSocketOptions);
  let isSecure = false;
  let failure: HandshakeFailure = "handshake-closed";
  tls.on("_tlsError", (error: NodeJS.ErrnoException) => {
    // Behind the handshake the runtime leaves it at that, where there is no server to be told.
    if (isSecure) tls.destroy(error);
    else failure = failureOf(error);
  });
  tls.once("secure", () => {
    isSecure = true;
    handler.onSecure(tls);
  });
  tls.on("error", () => {});
  // A client that goes in the middle of it: there is nobody to talk to, and nothing that could be incomplete.
  tls.once("end", () => isSecure || tls.destroy());
  tls.once("close", () => isSecure || handler.onFailed(failure));
  return tls;
}

/** Why the certificate that the client has shown is not good; it is: undefined. To be asked behind the handshake. */
export function certificateFault(tls: TLSSocket): string | undefined {
  const { ssl } = tls as unknown as {
    readonly ssl?: { verifyError?(): NodeJS.ErrnoException | null | undefined } | null;
  };
  if (typeof ssl?.verifyError !== "function") return "UNKNOWN";
  const error = ssl.verifyError();
  return error === null || error === undefined ? undefined : (error.code ?? error.message);
}

/** By what the TLS library calls it, in the order of their likelihood. */
const failures: readonly (readonly [RegExp, HandshakeFailure])[] = [
  [/^ECONNRESET$|^EPIPE$|UNEXPECTED_EOF/, "handshake-closed"],
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE/, "handshake-certificate-missing"],
  [/CERTIFICATE_VERIFY_FAILED/, "handshake-certificate-invalid"],
  [/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|WRONG_VERSION_NUMBER|VERSION_TOO_LOW/, "handshake-version"],
  [/NO_SHARED_CIPHER|NO_SHARED_GROUP|NO_SUITABLE_|NO_SHARED_SIGNATURE|HANDSHAKE_FAILURE/, "handshake-cipher"],
  [/NO_APPLICATION_PROTOCOL/, "handshake-protocol"],
  [/_ALERT_/, "handshake-refused"],
];

function failureOf({ code = "" }: NodeJS.ErrnoException): HandshakeFailure {
  return failures.find(([pattern]) => pattern.test(code))?.[1] ?? "handshake-malformed";
}
