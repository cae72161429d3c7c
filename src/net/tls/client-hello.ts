/**
 * The first message of a client's TLS handshake, of which one thing must be known before the runtime's TLS begins: the name that
 * it asks for (RFC 6066 section 3). It decides which certificate is shown, whose certificates are asked for, and which sessions
 * may be resumed; the runtime could change only the first of these once it has begun.
 *
 * Nothing is judged here. What cannot be read names nobody, and is the runtime's to refuse; what the runtime has read in the end is
 * compared with it (tls-client-socket.ts). The work is linear in the bytes, however they are cut. Deliberately absent: everything
 * else of TLS.
 */

/** What a client has sent first. `too-large`: no client has so much to say. */
export type FirstBytes =
  | { readonly kind: "more" }
  | { readonly kind: "hello"; readonly hello: ClientHello }
  | { readonly kind: "text" }
  | { readonly kind: "not-tls" }
  | { readonly kind: "too-large" };

export interface ClientHello {
  /** In lowercase; none, or none that can be read: undefined. */
  readonly serverName: string | undefined;
  /** The first 16 bytes of each ticket that it offers: the name of the key that has sealed it (RFC 5077 section 4). */
  readonly ticketKeyNames: readonly string[];
}

/** The largest that are known, with keys for several groups that withstand quantum computers, have 4 KiB. */
export const HELLO_BYTES_MAX = 32 * 1_024;

const HANDSHAKE = 0x16;
const CLIENT_HELLO = 1;
const RECORD_HEAD_BYTES = 5;
const MESSAGE_HEAD_BYTES = 4;
const SERVER_NAME = 0;
const SESSION_TICKET = 35;
const PRE_SHARED_KEY = 41;
const HOST_NAME = 0;
const KEY_NAME_BYTES = 16;
const TICKETS_MAX = 4;

const more: FirstBytes = { kind: "more" };
const unreadable: FirstBytes = { kind: "hello", hello: { serverName: undefined, ticketKeyNames: [] } };

/** Gathers the message from the records that it comes in (RFC 8446 section 5.1), which may be cut anywhere. */
export class ClientHelloReader {
  /** The message without the heads of its records. */
  private message = Buffer.alloc(0);
  private size = 0;
  private readonly recordHead = Buffer.alloc(RECORD_HEAD_BYTES);
  private recordHeadSize = 0;
  private recordLeft = 0;
  private received = 0;

  read(octets: Uint8Array): FirstBytes {
    if (this.received === 0 && octets[0] !== undefined && octets[0] !== HANDSHAKE) return withoutTls(octets[0]);
    this.received += octets.length;
    for (let at = 0; at < octets.length; ) {
      if (this.recordLeft > 0) {
        const end = Math.min(octets.length, at + this.recordLeft);
        this.keep(octets.subarray(at, end));
        this.recordLeft -= end - at;
        at = end;
        if (this.isWhole) return { kind: "hello", hello: readMessage(this.message.subarray(0, this.size)) };
        continue;
      }
      this.recordHead[this.recordHeadSize++] = octets[at++] ?? 0;
      if (this.recordHeadSize < RECORD_HEAD_BYTES) continue;
      if (this.recordHead[0] !== HANDSHAKE) return unreadable;
      this.recordHeadSize = 0;
      this.recordLeft = this.recordHead.readUInt16BE(3);
      // Empty ones would go on for ever.
      if (this.recordLeft === 0) return unreadable;
    }
    if (this.size > 0 && this.message[0] !== CLIENT_HELLO) return unreadable;
    return this.received > HELLO_BYTES_MAX ? { kind: "too-large" } : more;
  }

  private keep(octets: Uint8Array): void {
    const size = this.size + octets.length;
    if (size > this.message.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.message.length));
      this.message.copy(larger, 0, 0, this.size);
      this.message = larger;
    }
    this.message.set(octets, this.size);
    this.size = size;
  }

  private get isWhole(): boolean {
    if (this.size < MESSAGE_HEAD_BYTES) return false;
    return this.size >= MESSAGE_HEAD_BYTES + this.message.readUIntBE(1, 3);
  }
}

/** HTTP begins with a letter, and tolerates empty lines before; other protocols of lines are close enough to be told so. */
function withoutTls(first: number): FirstBytes {
  const isText = (first >= 0x20 && first <= 0x7e) || first === 0x0d || first === 0x0a;
  return { kind: isText ? "text" : "not-tls" };
}

function readMessage(message: Buffer): ClientHello {
  const hello = { serverName: undefined as string | undefined, ticketKeyNames: [] as string[] };
  if (message[0] !== CLIENT_HELLO) return hello;
  try {
    const body = new Reader(message.subarray(MESSAGE_HEAD_BYTES, MESSAGE_HEAD_BYTES + message.readUIntBE(1, 3)));
    body.skip(2 + 32);
    body.vector(1);
    body.vector(2);
    body.vector(1);
    const extensions = new Reader(body.vector(2));
    while (!extensions.isAtEnd) {
      const type = extensions.number(2);
      const content = extensions.vector(2);
      if (type === SERVER_NAME) hello.serverName = serverNameIn(content);
      else if (type === SESSION_TICKET) addKeyName(hello.ticketKeyNames, content);
      else if (type === PRE_SHARED_KEY) addKeyNames(hello.ticketKeyNames, content);
    }
  } catch (error) {
    // It is shorter than it says; the runtime will refuse it.
    if (!(error instanceof RangeError)) throw error;
  }
  return hello;
}

function serverNameIn(content: Buffer): string | undefined {
  const names = new Reader(new Reader(content).vector(2));
  const isHostName = names.number(1) === HOST_NAME;
  const name = names.vector(2);
  return isHostName && name.length > 0 ? name.toString("latin1").toLowerCase() : undefined;
}

function addKeyNames(keyNames: string[], content: Buffer): void {
  const identities = new Reader(new Reader(content).vector(2));
  while (!identities.isAtEnd && keyNames.length < TICKETS_MAX) {
    addKeyName(keyNames, identities.vector(2));
    identities.skip(4);
  }
}

function addKeyName(keyNames: string[], ticket: Buffer): void {
  if (ticket.length >= KEY_NAME_BYTES) keyNames.push(ticket.toString("latin1", 0, KEY_NAME_BYTES));
}

/** Reads what TLS calls vectors: their length in so many bytes, then as much. @throws RangeError beyond the end */
class Reader {
  private readonly octets: Buffer;
  private at = 0;

  constructor(octets: Buffer) {
    this.octets = octets;
  }

  get isAtEnd(): boolean {
    return this.at >= this.octets.length;
  }

  number(size: number): number {
    const value = this.octets.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  skip(size: number): void {
    if (this.at + size > this.octets.length) throw new RangeError("it ends early");
    this.at += size;
  }

  vector(lengthBytes: number): Buffer {
    const length = this.number(lengthBytes);
    const from = this.at;
    this.skip(length);
    return this.octets.subarray(from, this.at);
  }
}
