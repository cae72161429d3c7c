/**
 * What all HTTP/2 connections hold together of bodies that nobody takes, and who gives way when that is too much (law 6).
 *
 * One connection may have a hundred responses waiting for a client that takes none, so a limit for each connection is not enough.
 * What changes is noted as it happens, and may be noted too high, since the runtime does not tell when it has sent something, and what has
 * come may be taken at once; it is counted before anybody has to go. Deliberately absent: heads, of which a connection has one unfinished at a time, as in HTTP/1.
 */

/** From this share of the limit on somebody goes: what is left may be noted before the next count, which looks at every stream. */
const SHARE_KEPT = 7 / 8;

/** One connection. */
export interface MemoryHolder {
  /** Whose it is, by its address (exchange/client-key.ts). */
  readonly clientKey: string;
  /** Bytes that it holds, counted anew. What it has noted is that from now on. */
  countHeld(): number;
  /** It ends, and holds nothing any more. */
  giveMemory(): void;
}

interface Held {
  readonly holder: MemoryHolder;
  readonly bytes: number;
}

export class Http2Memory {
  private readonly holders = new Set<MemoryHolder>();
  private noted_bytes = 0;
  private isCountDue = false;
  private readonly bytesMax: () => number;

  /** @param bytesMax may change with the configuration */
  constructor(bytesMax: () => number) {
    this.bytesMax = bytesMax;
  }

  add(holder: MemoryHolder): void {
    this.holders.add(holder);
  }

  delete(holder: MemoryHolder): void {
    this.holders.delete(holder);
  }

  /** What is held has changed by so much. Whoever has to go does so behind the present event. */
  note(change_bytes: number): void {
    this.noted_bytes += change_bytes;
    if (this.noted_bytes <= this.bytesMax() || this.isCountDue) return;
    this.isCountDue = true;
    queueMicrotask(() => this.count());
  }

  private count(): void {
    this.isCountDue = false;
    const held = [...this.holders].map((holder) => ({ holder, bytes: holder.countHeld() }));
    const total = held.reduce((sum, { bytes }) => sum + bytes, 0);
    this.noted_bytes = total;
    const kept = this.bytesMax() * SHARE_KEPT;
    if (total > kept) this.relieve(held, total - kept);
  }

  /** @param tooMuch_bytes to get rid of */
  private relieve(held: readonly Held[], tooMuch_bytes: number): void {
    const clients = new Map<string, Client>();
    for (const one of held.toSorted((before, behind) => before.bytes - behind.bytes)) {
      const { clientKey } = one.holder;
      const client = clients.get(clientKey) ?? { bytes: 0, held: [] };
      client.bytes += one.bytes;
      client.held.push(one);
      clients.set(clientKey, client);
    }
    for (let left_bytes = tooMuch_bytes; left_bytes > 0; ) {
      const client = largest(clients.values());
      const most = client?.held.pop();
      if (client === undefined || most === undefined || most.bytes === 0) return;
      client.bytes -= most.bytes;
      left_bytes -= most.bytes;
      most.holder.giveMemory();
    }
  }
}

interface Client {
  bytes: number;
  /** What holds most last. */
  readonly held: Held[];
}

function largest(clients: Iterable<Client>): Client | undefined {
  let found: Client | undefined;
  for (const client of clients) if (found === undefined || client.bytes > found.bytes) found = client;
  return found;
}

/** A stream of HTTP/2, as far as it holds something. */
export interface HoldingStream {
  readonly writableLength: number;
  readonly readableLength: number;
}

/** What the streams of one connection hold. */
export class HeldByStreams {
  private readonly noted = new Map<HoldingStream, number>();
  private readonly memory: Http2Memory;

  constructor(memory: Http2Memory) {
    this.memory = memory;
  }

  /** Something was written to it, it is not read for now, or a body is to come. */
  note(stream: HoldingStream): void {
    const bytes = bytesIn(stream);
    this.memory.note(bytes - (this.noted.get(stream) ?? 0));
    this.noted.set(stream, bytes);
  }

  /** So much has come for streams that were noted, and may lie in one that is not read for now. */
  noteReceived(bytes: number): void {
    this.memory.note(bytes);
  }

  /** It is gone. */
  forget(stream: HoldingStream): void {
    this.memory.note(-(this.noted.get(stream) ?? 0));
    this.noted.delete(stream);
  }

  count(): number {
    let sum = 0;
    for (const stream of this.noted.keys()) {
      const bytes = bytesIn(stream);
      this.noted.set(stream, bytes);
      sum += bytes;
    }
    return sum;
  }
}

function bytesIn({ writableLength, readableLength }: HoldingStream): number {
  return writableLength + readableLength;
}
