/**
 * What all HTTP/2 connections hold together of bodies that nobody takes, and who gives way when that is too much (law 6).
 *
 * One connection may have a hundred responses waiting for a client that takes none, and as many bodies waiting for an origin, in their
 * streams and behind them, so a limit for each connection is not enough.
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

/** A request, as far as its stream or its exchange holds something of a body. */
export interface HoldingRequest {
  readonly heldBytes: number;
}

/** What the requests of one connection hold. */
export class HeldByRequests {
  private readonly noted = new Map<HoldingRequest, number>();
  private readonly memory: Http2Memory;

  constructor(memory: Http2Memory) {
    this.memory = memory;
  }

  /** Something was written to its stream, that is not read for now, or a body is to come. */
  note(request: HoldingRequest): void {
    const { heldBytes } = request;
    this.memory.note(heldBytes - (this.noted.get(request) ?? 0));
    this.noted.set(request, heldBytes);
  }

  /** So much has come for requests that were noted, and may be held. */
  noteReceived(bytes: number): void {
    this.memory.note(bytes);
  }

  /** It is gone. */
  forget(request: HoldingRequest): void {
    this.memory.note(-(this.noted.get(request) ?? 0));
    this.noted.delete(request);
  }

  count(): number {
    let sum = 0;
    for (const request of this.noted.keys()) {
      const { heldBytes } = request;
      this.noted.set(request, heldBytes);
      sum += heldBytes;
    }
    return sum;
  }
}
