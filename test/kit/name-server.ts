/**
 * A name server on loopback that knows some names and is silent about others, as the servers of a zone that is gone are.
 *
 * Deliberately absent: everything of DNS that a resolver does not ask for an address with (RFC 1035 section 4).
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** A response, recursion desired and available, without a fault. */
const FLAGS = [0x81, 0x80] as const;
/** The name of the question, class IN, a minute to live, four octets. */
const BEFORE_ADDRESS = [0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4] as const;

export class NameServer {
  /** As `setServers` takes it. */
  readonly place: string;
  /** Names that were asked for, each once for a family. */
  readonly asked: string[] = [];
  private readonly socket: Socket;

  private constructor(socket: Socket, addressOf: (name: string) => string | undefined) {
    this.socket = socket;
    this.place = `127.0.0.1:${socket.address().port}`;
    socket.on("message", (query, { port, address }) => {
      const name = nameIn(query);
      this.asked.push(name);
      const known = addressOf(name);
      if (known !== undefined) socket.send(answerTo(query, known), port, address);
    });
  }

  /** @param addressOf a name's IPv4 address; undefined: silence */
  static async start(addressOf: (name: string) => string | undefined): Promise<NameServer> {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new NameServer(socket, addressOf);
  }

  close(): void {
    this.socket.close();
  }
}

function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; query[at] !== 0; at += 1 + (query[at] ?? 0)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + (query[at] ?? 0)));
  }
  return labels.join(".").toLowerCase();
}

function answerTo(query: Buffer, address: string): Buffer {
  const questionEnd = query.indexOf(0, HEADER_BYTES) + 5;
  const isIPv4 = query.readUInt16BE(questionEnd - 4) === TYPE_A;
  const counts = [0, 1, 0, isIPv4 ? 1 : 0, 0, 0, 0, 0];
  const answer = isIPv4 ? [...BEFORE_ADDRESS, ...address.split(".").map(Number)] : [];
  return Buffer.concat([
    query.subarray(0, 2),
    Buffer.from([...FLAGS, ...counts]),
    query.subarray(HEADER_BYTES, questionEnd),
    Buffer.from(answer),
  ]);
}
