/**
 * The socket port for a client's connection that TLS is to secure, from its first byte on: so it counts, is limited in time and gives
 * way like any other while its handshake is not over, and says why if it never is.
 *
 * What the client sends first decides: its name for us chooses the certificate; a client that speaks in the clear is listened to, so
 * that it can be told (`isInTheClear`). Until the handshake is over nothing can be said, so what is written then is dropped, and an end
 * is the end. Deliberately absent: the handshake (node-handles/tls-accepting.ts), and everything behind it (node-socket.ts).
 */
import { Socket as RawSocket, type SocketConstructorOpts } from "node:net";
import type { TLSSocket } from "node:tls";
import type { HandshakeFailure } from "../../connection/reasons.ts";
import type { Octets } from "../../wire/octets.ts";
import type { SocketHandle } from "../node-handles/accepting.ts";
import { beginHandshake, certificateFault } from "../node-handles/tls-accepting.ts";
import type { Preamble, Security, Socket, SocketHandler } from "../ports.ts";
import { nobody, socketOptions } from "../socket-options.ts";
import { type ClientHello, ClientHelloReader } from "../tls/client-hello.ts";
import type { ServedCertificate, TlsServing } from "../tls/tls-serving.ts";
import { NodeSocket } from "./node-socket.ts";

/** Pieces of a first message that are held as they came; of more of them, which are small, one is made. */
const PIECES_MAX = 64;

/** Takes a connection that was accepted, here or in another process, and is to be secured. */
export function secure(handle: SocketHandle, serving: TlsServing): Socket {
  return new TlsClientSocket(new RawSocket({ ...socketOptions, handle } as SocketConstructorOpts), serving);
}

export class TlsClientSocket implements Socket {
  remoteAddress: string;
  remotePort: number;
  preamble: Preamble | undefined;
  isSecure = true;
  isInTheClear = false;
  security: Security | undefined;
  private readonly transport: RawSocket;
  private readonly serving: TlsServing;
  /** What it is behind the handshake, or in the clear. */
  private inner: NodeSocket | undefined;
  private early: SocketHandler = nobody;
  private reader: ClientHelloReader | undefined = new ClientHelloReader();
  private held: Buffer[] = [];
  private tls: TLSSocket | undefined;
  /** Why there will be no handshake; the client's doing: undefined. */
  private failure: HandshakeFailure | undefined;
  /** We have ended it. */
  private isGone = false;
  private isPaused = false;
  /** What came in front said that the peer only looks whether somebody is there, and nothing came behind. */
  private isExpectedToLeave = false;

  constructor(transport: RawSocket, serving: TlsServing) {
    this.transport = transport;
    this.serving = serving;
    this.remoteAddress = transport.remoteAddress ?? "";
    this.remotePort = transport.remotePort ?? 0;
    transport.on("data", this.onHello).once("end", this.onEarlyEnd).once("close", this.onEarlyClose);
    // Its close follows.
    transport.on("error", () => {});
  }

  get handler(): SocketHandler {
    return this.inner?.handler ?? this.early;
  }

  set handler(handler: SocketHandler) {
    if (this.inner === undefined) this.early = handler;
    else this.inner.handler = handler;
  }

  // Before it is known what the client speaks.

  private readonly onHello = (octets: Buffer): void => {
    if (this.isGone || this.reader === undefined) return;
    const { preamble } = this;
    if (preamble !== undefined) {
      const rest = preamble.take(octets as unknown as Octets);
      if (rest === undefined) return;
      this.isExpectedToLeave = preamble.isLocal;
      if (rest.length > 0) this.onHello(rest as unknown as Buffer);
      return;
    }
    this.isExpectedToLeave = false;
    this.held.push(octets);
    if (this.held.length > PIECES_MAX) this.held = [Buffer.concat(this.held)];
    const first = this.reader.read(octets);
    switch (first.kind) {
      case "more":
        return;
      case "hello":
        return this.shakeHands(first.hello);
      case "text":
        return this.speakInTheClear();
      case "not-tls":
        return this.giveUp("handshake-not-tls");
      case "too-large":
        return this.giveUp("handshake-malformed");
    }
  };

  private readonly onEarlyEnd = (): void => {
    if (this.isGone) return;
    if (this.isExpectedToLeave) this.early.onEnd();
    else this.preamble?.onEnd();
    this.transport.destroy();
  };

  private readonly onEarlyClose = (): void => {
    const isInOrder = this.isGone || this.isExpectedToLeave;
    this.early.onClose(isInOrder ? undefined : (this.failure ?? "handshake-closed"));
  };

  private takeHeld(): Buffer {
    const [only, ...others] = this.held;
    const octets = only !== undefined && others.length === 0 ? only : Buffer.concat(this.held);
    this.held = [];
    this.reader = undefined;
    this.transport.off("data", this.onHello).off("end", this.onEarlyEnd).off("close", this.onEarlyClose);
    return octets;
  }

  private giveUp(failure: HandshakeFailure): void {
    this.failure = failure;
    this.transport.destroy();
  }

  private speakInTheClear(): void {
    const octets = this.takeHeld();
    this.isSecure = false;
    this.isInTheClear = true;
    const inner = this.become(new NodeSocket(this.transport));
    inner.handler.onData(octets as unknown as Octets);
  }

  private become(inner: NodeSocket): NodeSocket {
    inner.handler = this.early;
    this.early = nobody;
    this.inner = inner;
    if (this.isPaused) inner.pause();
    return inner;
  }

  // The handshake.

  private shakeHands(hello: ClientHello): void {
    const { transport } = this;
    const octets = this.takeHeld();
    transport.pause();
    transport.unshift(octets);
    // As they are now: they may be replaced before the handshake is over.
    const { names } = this.serving;
    const served = names.choose(hello.serverName);
    const { clients } = served.certificate;
    this.tls = beginHandshake(transport, served.contextFor(hello.ticketKeyNames), clients, this.serving.speaksHttp2, {
      onSecure: (tls) => {
        // A second first message, or an earlier session, may name somebody else than the first one that we have read.
        this.onSecure(tls, hello.serverName, served, names.choose(nameIn(tls)) === served);
      },
      onFailed: (failure) => this.early.onClose(this.isGone ? undefined : (this.failure ?? failure)),
    });
  }

  private onSecure(
    tls: TLSSocket,
    serverName: string | undefined,
    served: ServedCertificate,
    isForThatName: boolean,
  ): void {
    if (this.isGone) return;
    const isResumed = tls.isSessionReused();
    const inner = this.become(NodeSocket.secured(tls, this.transport));
    if (!isForThatName) return inner.fail("handshake-name");
    const { clients } = served.certificate;
    const shown = clients === undefined ? undefined : shownBy(tls);
    if (shown === "invalid") return inner.fail("handshake-certificate-invalid");
    if (shown === undefined && clients?.isRequired) return inner.fail("handshake-certificate-missing");
    this.security = {
      ...{ serverName, version: tls.getProtocol() ?? "", isResumed },
      protocol: tls.alpnProtocol === "h2" ? "h2" : "http/1.1",
      asksClients: clients !== undefined,
      clientCertificate: shown,
      serves: this.serving.hostsServed(served, serverName),
    };
    this.serving.handshakes[isResumed ? "resumed" : "full"]++;
  }

  // The port.

  get localPort(): number {
    return this.transport.localPort ?? 0;
  }

  get localAddress(): string {
    return this.transport.localAddress ?? "";
  }

  get unsentBytes(): number {
    return this.inner?.unsentBytes ?? 0;
  }

  tookSome(): boolean {
    return this.inner?.tookSome() ?? false;
  }

  write(data: string | Octets): boolean {
    return this.inner?.write(data) ?? true;
  }

  cork(): void {
    this.inner?.cork();
  }

  uncork(): void {
    this.inner?.uncork();
  }

  end(): void {
    if (this.inner === undefined) this.abandon();
    else this.inner.end();
  }

  reset(): void {
    if (this.inner === undefined) this.abandon();
    else this.inner.reset();
  }

  destroy(): void {
    if (this.inner === undefined) this.abandon();
    else this.inner.destroy();
  }

  pause(): void {
    this.isPaused = true;
    this.inner?.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.inner?.resume();
  }

  /** There is nothing that could be lost. */
  private abandon(): void {
    this.isGone = true;
    (this.tls ?? this.transport).destroy();
  }
}

/** The client's certificate in base64; none: undefined. A session that is resumed brings its own, which may have expired since. */
function shownBy(tls: TLSSocket): string | "invalid" | undefined {
  const certificate = tls.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const now = Date.now();
  const isInTime = Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo);
  return isInTime && certificateFault(tls) === undefined ? certificate.raw.toString("base64") : "invalid";
}

/** As the runtime has read it. */
function nameIn(tls: TLSSocket): string | undefined {
  const { servername } = tls as { servername?: string | false | null };
  return typeof servername === "string" && servername !== "" ? servername.toLowerCase() : undefined;
}
