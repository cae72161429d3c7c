/**
 * One attempt to connect with `node:net` or `node:tls`. For TLS a connection counts as open after its handshake, which resumes
 * what an earlier connection to the same place left (tls-sessions.ts).
 */
import { connect, isIP, type Socket as RawSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { AttemptHandler } from "../dialing.ts";
import type { Address, TlsTarget } from "../ports.ts";
import { keepAliveOptions, socketOptions } from "../socket-options.ts";
import { socketOn } from "./node-connection.ts";
import { NodeSocket } from "./node-socket.ts";
import { TlsSessions } from "./tls-sessions.ts";

type TcpAddress = Address & { readonly kind: "tcp" };

const sessions = new TlsSessions();

export function attemptOnNode(place: Address, handler: AttemptHandler): () => void {
  if (place.kind === "tcp" && place.tls !== undefined) return attemptOverTls(place, place.tls, handler);
  const raw = open(place);
  return follow(raw, raw, place, handler);
}

/**
 * The handshake begins behind what is said in the clear, on a connection that is known by itself: one that the runtime opens for TLS cannot
 * be reset.
 */
function attemptOverTls(place: TcpAddress, tls: TlsTarget, handler: AttemptHandler): () => void {
  const { host, port, preamble = "" } = place;
  const below = openPlain(host, port);
  const onFailed = (error: NodeJS.ErrnoException) => {
    discard(below);
    handler.onFailed(error.code ?? error.message);
  };
  let giveUp = () => {
    below.removeListener("error", onFailed);
    discard(below);
  };
  below.once("error", onFailed);
  below.once("connect", () => {
    below.removeListener("error", onFailed);
    // What ends the connection is told by the TLS above.
    below.on("error", () => {});
    if (preamble !== "") below.write(preamble, "latin1");
    giveUp = follow(openTls(host, port, tls, below), below, place, handler);
    handler.onReached();
  });
  return () => giveUp();
}

/** @param below what `raw` stands on; on nothing else: itself */
function follow(raw: RawSocket, below: RawSocket, place: Address, handler: AttemptHandler): () => void {
  const isTls = below !== raw;
  const readyEvent = isTls ? "secureConnect" : "connect";
  let isOver = false;
  const settle = () => {
    isOver = true;
    raw.removeListener("error", onFailed);
    raw.removeListener(readyEvent, onConnected);
  };
  const onFailed = (error: NodeJS.ErrnoException) => {
    settle();
    discard(raw);
    if (isTls && place.kind === "tcp" && place.tls !== undefined) sessions.forget(place.host, place.port, place.tls);
    handler.onFailed(error.code ?? error.message);
  };
  const onConnected = () => {
    settle();
    handler.onConnected(isTls ? NodeSocket.secured(raw, below) : socketOn(raw));
  };
  raw.once("error", onFailed);
  raw.once(readyEvent, onConnected);
  return () => {
    if (isOver) return;
    settle();
    discard(raw);
  };
}

function open(place: Address): RawSocket {
  return place.kind === "unix" ? connect({ ...socketOptions, path: place.path }) : openPlain(place.host, place.port);
}

function openPlain(host: string, port: number): RawSocket {
  return connect({ ...socketOptions, ...keepAliveOptions, host, port, noDelay: true });
}

/** @param below a connection that is open already */
function openTls(host: string, port: number, tls: TlsTarget, below: RawSocket): RawSocket {
  const session = sessions.take(host, port, tls);
  const raw = connectTls({
    ...socketOptions,
    socket: below,
    ...(session === undefined ? {} : { session: session.data }),
    host,
    port,
    // RFC 6066 section 3: an address is no server name. Without one the certificate is checked against `host`.
    ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : {}),
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.identity === undefined ? {} : { cert: tls.identity.cert, key: tls.identity.key }),
    ALPNProtocols: ["http/1.1"],
  });
  if (session !== undefined) {
    raw.once("secureConnect", () => {
      if (!raw.isSessionReused()) sessions.refused(host, port, tls, session);
    });
  }
  // Tickets of TLS 1.3 come behind the handshake, at any time.
  raw.on("session", (data) => sessions.keep(host, port, tls, data));
  return raw.setNoDelay(true);
}

function discard(raw: RawSocket): void {
  raw.on("error", () => {});
  raw.destroy();
}
