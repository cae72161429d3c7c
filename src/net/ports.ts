/**
 * The ports through which hopwise meets the world: sockets, dialing, listening and time.
 *
 * Node and Bun have an implementation each (runtime.ts chooses), the simulated network is another. Handlers are never called from within a call to the
 * port: what a port has to say, it says later. Deliberately absent: HTTP.
 */
import type { Octets } from "../wire/octets.ts";
import type { TlsServing } from "./tls/tls-serving.ts";

/** What a socket tells its handler. After `onClose` nothing follows. */
export interface SocketHandler {
  /** Octets arrived. They are valid during this call only: what is kept is copied, what is written need not be. */
  onData(octets: Octets): void;
  /**
   * The peer closed its side (FIN). Ours stays open until `end`.
   *
   * @param isCutOff over TLS, and without the closure alert: it may have been somebody else (RFC 9112 section 9.8)
   */
  onEnd(isCutOff?: boolean): void;
  /** What was written has left, after `write` returned false. */
  onDrain(): void;
  /** The socket is gone. `fault`: the system's error code (`ECONNRESET`); none: it was closed in order. */
  onClose(fault: string | undefined): void;
}

export interface Socket {
  /** Who is told; it may be replaced at any time, for instance when a tunnel begins. */
  handler: SocketHandler;
  /** Peer's address; for a Unix socket an empty string. A balancer may say that it is another's (`preamble`). */
  remoteAddress: string;
  remotePort: number;
  /** What must come in front of everything else, TLS too; nothing, or it has come: absent. */
  preamble?: Preamble | undefined;
  /** Whether it is secured by TLS; not: absent. */
  readonly isSecure?: boolean;
  /** What the handshake with a client has settled; there is none, or it is not over: absent. */
  readonly security?: Security | undefined;
  /** It was to be secured by TLS, and the client speaks in the clear: nothing may be served there. */
  readonly isInTheClear?: boolean;
  /** Its listener sends everybody to https, at this port; it serves them: absent. */
  redirectPort?: number;
  readonly localPort: number;
  /** The address that the peer has connected to; not known: absent or empty. */
  readonly localAddress?: string;
  /** Octets written that have not all been handed to the system yet. */
  readonly unsentBytes: number;
  /** Whether the system has taken any of what was unsent since this was asked last. For timeouts: a peer reads slowly. */
  tookSome(): boolean;
  /** Writes octets, or text as latin1. False: more than the high-water mark is unsent; `onDrain` follows. */
  write(data: string | Octets): boolean;
  /** Gathers what is written until `uncork` into one write. */
  cork(): void;
  uncork(): void;
  /** Closes our side once everything written has left. */
  end(): void;
  /** Ends both sides at once with RST, dropping what is unsent. */
  reset(): void;
  /** Ends both sides at once. */
  destroy(): void;
  pause(): void;
  resume(): void;
}

/** Reads what a connection begins with, before anything else is made of it. Over TLS the socket asks; in the clear its handler does. */
export interface Preamble {
  /** Whether it says that nothing else is to follow, and that this is in order. */
  readonly isLocal: boolean;
  /** Takes what has come. @returns what is behind it; it is not whole, or was refused: undefined */
  take(octets: Octets): Octets | undefined;
  /** The peer has closed its side before it was whole. */
  onEnd(): void;
}

/** What is known of a client's TLS connection behind its handshake. */
export interface Security {
  /** The name that the client asked for (SNI), in lowercase; it named none: undefined. */
  readonly serverName: string | undefined;
  /** `TLSv1.3` */
  readonly version: string;
  /** What is spoken behind it. */
  readonly protocol: "h2" | "http/1.1";
  /** It goes on with the session of an earlier connection. */
  readonly isResumed: boolean;
  /** Clients are asked for certificates under this name, so what others say of one does not count. */
  readonly asksClients: boolean;
  /** The client's own, which was found good: its DER form, in base64; it has shown none: undefined. */
  readonly clientCertificate: string | undefined;
  /** Whether requests for this host may be served on it; any may: absent. @param host in lowercase, without a port */
  readonly serves?: ((host: string) => boolean) | undefined;
}

/** Where to dial. */
export type Address = (
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls?: TlsTarget }
  | { readonly kind: "unix"; readonly path: string }
) & {
  /** What is sent in front of everything else, TLS too, as latin1 text; nothing: absent. */
  readonly preamble?: string;
};

export interface TlsTarget {
  /** Name that the certificate must be for. */
  readonly serverName: string;
  /** Who may have issued its certificate, PEM; absent: whom the runtime trusts. */
  readonly ca?: string;
  /** The certificate that is shown there, with its key, PEM; none: absent. */
  readonly identity?: { readonly cert: string; readonly key: string };
  /** Whether an untrusted certificate is refused. */
  readonly rejectUnauthorized: boolean;
}

/** Why an address is not dialed, or a name not looked up, although the system would. */
export type DialRefusal = "address-not-public" | "address-protected" | "loop-detected" | "too-many-lookups";

const dialRefusals: ReadonlySet<string> = new Set<DialRefusal>([
  "address-not-public",
  "address-protected",
  "loop-detected",
  "too-many-lookups",
]);

export function isDialRefusal(fault: string): fault is DialRefusal {
  return dialRefusals.has(fault);
}

/** No name server answered in time: the word of the runtime's resolver. */
export const LOOKUP_TIMEOUT = "ETIMEOUT";

export interface DialHandler {
  /** Over TLS: an address has answered, and the handshake begins. */
  onReached?(): void;
  onConnected(socket: Socket): void;
  /** `fault`: the system's error code (`ECONNREFUSED`), the resolver's (`ENOTFOUND`), or a `DialRefusal`. */
  onFailed(fault: string): void;
}

/** Gives up; after that neither handler is called. Returns what was waited for, where that is known. */
export type GiveUp = () => DialStage | undefined;

/** `name`: for name servers. `connection`: for an address to answer, or for the TLS handshake. */
export type DialStage = "name" | "connection";

export interface Dialer {
  /**
   * Opens a connection. Nothing here limits how long that takes: the caller gives up.
   *
   * @param client on whose behalf, where clients choose names
   */
  dial(address: Address, handler: DialHandler, client?: string): GiveUp;
}

export interface Listener {
  /** `host:port` that is listened on, with the real port. */
  readonly address: { readonly host: string; readonly port: number };
  /** Accepts no more; open connections stay. Settled once nobody can come any more. */
  close(): void | Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** `::` without the addresses of IPv4, which the system counts among its own. */
  readonly isIpv6Only?: boolean | undefined;
  /** A socket that this process was given, and that listens already, or may: instead of `host` and `port`. */
  readonly fd?: number | undefined;
  /** Other processes listen there, too, and the system divides the connections; see `canSharePort` (runtime.ts). */
  readonly sharesPort?: boolean;
  /** What connections are secured with; in the clear: absent. Looked at for each, so that it may change. */
  readonly tls?: TlsServing | undefined;
  readonly onSocket: (socket: Socket) => void;
  /** A connection could not be accepted (`EMFILE` for instance); listening goes on. */
  readonly onFault: (code: string) => void;
}

export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number;
  /** Wall-clock milliseconds since 1970. */
  date(): number;
  /** Calls back after `delay_ms`; returns how to give up. Does not keep the process alive. */
  after(delay_ms: number, callback: () => void): () => void;
  /** Calls back once everything that has arrived on any socket by now was delivered. */
  afterArrivals(callback: () => void): void;
}
