/**
 * A connection from a balancer that passes TCP through, until the header of the PROXY protocol has come that says whose it is.
 *
 * It counts, gives way and is limited in time like any other that has not sent its head; from the header on it is the client's. Others
 * hear of it only then, so that nobody takes the balancer for the client. Over TLS the header comes in front of the handshake
 * (net/node/tls-client-socket.ts). Deliberately absent: reading it (wire/proxy-header.ts), and from whom it is believed (entrance.ts).
 */
import { confine } from "../connection/confining.ts";
import type { CloseReason } from "../connection/reasons.ts";
import { clientNameOf } from "../http1/client-names.ts";
import type { Preamble, Socket, SocketHandler } from "../net/ports.ts";
import type { Octets } from "../wire/octets.ts";
import { type ProxiedPeer, ProxyHeaderReader } from "../wire/proxy-header.ts";
import type { DownstreamConnection } from "./downstream.ts";

const reasons = {
  missing: "proxy-header-missing",
  malformed: "proxy-header-malformed",
} as const satisfies Record<string, CloseReason>;

export class ProxyHeaderWait implements Preamble, SocketHandler {
  private readonly connection: DownstreamConnection;
  private readonly reader = new ProxyHeaderReader();
  /** Called once: it is known whose connection it is, or that this will not be known. */
  private readonly onKnown: () => void;

  /** @param connection that has just been accepted, and has read nothing */
  constructor(connection: DownstreamConnection, onKnown: () => void) {
    this.connection = connection;
    this.onKnown = onKnown;
    this.socket.preamble = this;
    if (this.socket.isSecure !== true) this.socket.handler = this;
  }

  private get socket(): Socket {
    return this.connection.socket;
  }

  get isLocal(): boolean {
    return this.reader.isLocal;
  }

  take(octets: Octets): Octets | undefined {
    try {
      return this.read(octets);
    } catch (fault) {
      this.breakDown(fault);
      return undefined;
    }
  }

  private read(octets: Octets): Octets | undefined {
    const { reader, socket } = this;
    const end = reader.read(octets);
    if (end < 0) {
      if (reader.fault !== undefined) this.refuse(reasons[reader.fault]);
      return undefined;
    }
    socket.preamble = undefined;
    if (reader.source !== undefined) this.name(reader.source);
    // Somebody's, and it is not known whose: the balancer is believed what it says, not what they say through it.
    else if (!reader.isLocal) this.connection.isTrusted = false;
    this.onKnown();
    return octets.subarray(end);
  }

  private name({ address, port }: ProxiedPeer): void {
    const { connection, socket } = this;
    socket.remoteAddress = address;
    socket.remotePort = port;
    connection.isTrusted = connection.context.settings.isTrusted(address);
    connection.life.namePeer(clientNameOf(address), port);
  }

  onData(octets: Octets): void {
    const rest = this.take(octets);
    if (rest === undefined) return;
    this.socket.handler = this.connection;
    if (rest.length > 0) this.connection.onData(rest);
  }

  onEnd(): void {
    if (!this.reader.hasBegun) return this.connection.onEnd();
    this.connection.peerHasClosed = true;
    this.refuse("proxy-header-missing");
  }

  onDrain(): void {}

  onClose(fault: string | undefined): void {
    this.connection.onClose(fault);
  }

  breakDown(fault: unknown): void {
    this.connection.breakDown(fault);
  }

  /** In the clear it is said: somebody may have come past the balancer with a browser. */
  private refuse(reason: (typeof reasons)[keyof typeof reasons]): void {
    this.onKnown();
    if (this.socket.isSecure === true) this.connection.close(reason);
    else this.connection.refuse(reason, reason);
  }
}

confine(ProxyHeaderWait.prototype, "onData", "onEnd", "onClose");
