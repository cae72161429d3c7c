/**
 * Where the workers of one proxy listen. A place that is named still when the configuration is replaced is left alone; others are opened
 * first, all of them or none, and those that are not named any more are closed behind the workers' own change.
 *
 * Where the runtime can, each worker listens there itself and the system divides the connections; where it cannot, this process listens,
 * and hands over (handing.ts). Listeners have numbers, since there is more than one list of them while it is replaced. Deliberately
 * absent: taking a place that overlaps with one that is to be closed.
 */
import { lookup } from "node:dns/promises";
import { connect, createServer, isIP } from "node:net";
import { keptPlaces } from "../config/listeners.ts";
import type { ListenAddress } from "../config/values.ts";
import { BACKLOG } from "../net/node/node-listener.ts";
import { canSharePort } from "../net/runtime.ts";
import { Dispatcher, type Taker } from "./handing.ts";
import type { ListenerPlace } from "./protocol.ts";

/** For a connection within this machine. */
const PROBE_MS_MAX = 1_000;

/** A listener that could not listen; `cause` is the system's error. */
export class ListenFailure extends Error {
  readonly place: ListenAddress;
  /** The socket that was handed over for it; none was: undefined. */
  readonly fd: number | undefined;
  /** Which of the configuration's, from 0 on. */
  readonly index: number;

  constructor(place: ListenAddress, fd: number | undefined, index: number, cause: unknown) {
    super("cannot listen", { cause });
    this.place = place;
    this.fd = fd;
    this.index = index;
  }
}

interface OpenPlace extends ListenerPlace {
  /** As it was asked for. */
  readonly asked: ListenAddress;
  /** What accepts there; the workers do: undefined. */
  readonly dispatcher: Dispatcher | undefined;
}

/** A worker, as far as it takes connections. */
export interface PlaceTaker {
  takerOf(listener: number): Taker;
}

/** Places that were opened for a configuration that is to come. */
export interface PreparedPlaces {
  /** The new ones, in the order of the configuration. */
  readonly opened: readonly ListenerPlace[];
  /** From now on these are the places. Returns those that are left: nothing has been closed yet, see `closeLeft`. */
  commit(): readonly number[];
  abandon(): void;
}

export class Places {
  readonly sharesPort: boolean;
  private open: readonly OpenPlace[] = [];
  private left: readonly OpenPlace[] = [];
  private readonly takers = new Set<PlaceTaker>();
  private readonly onFault: (code: string) => void;
  private nextNumber = 0;

  /** @param isHandedOver a socket was handed over: it is one, and shared by handing over, as the others are then */
  constructor(isHandedOver: boolean, onFault: (code: string) => void) {
    this.sharesPort = canSharePort && !isHandedOver;
    this.onFault = onFault;
  }

  /** In the order of the configuration. */
  get all(): readonly ListenerPlace[] {
    return this.open.map(({ listener, host, port }) => ({ listener, host, port }));
  }

  /**
   * Opens what is not open yet.
   *
   * @param fds sockets that this process was given, each in its listener's place
   * @throws AggregateError of each ListenFailure; then none was opened
   */
  async prepare(
    asked: readonly ListenAddress[],
    reusesPort: boolean,
    fds: readonly (number | undefined)[] = [],
  ): Promise<PreparedPlaces> {
    const kept = keptPlaces(
      this.open.map(({ asked }) => asked),
      asked,
    );
    const opened: OpenPlace[] = [];
    const abandon = () => {
      for (const { dispatcher } of opened) dispatcher?.close();
    };
    const places: OpenPlace[] = [];
    const failures: ListenFailure[] = [];
    for (const [index, place] of asked.entries()) {
      const before = kept[index];
      const known = before === undefined ? undefined : this.open[before];
      if (known !== undefined) {
        places.push(known);
        continue;
      }
      try {
        const one = await this.openOne(place, reusesPort, fds[index], places);
        opened.push(one);
        places.push(one);
      } catch (error) {
        failures.push(new ListenFailure(place, fds[index], index, error));
      }
    }
    if (failures.length > 0) {
      abandon();
      throw new AggregateError(failures, "cannot listen");
    }
    const commit = () => {
      const left = this.open.filter((place) => !places.includes(place));
      this.left = [...this.left, ...left];
      this.open = places;
      for (const { dispatcher, listener } of opened) {
        for (const taker of this.takers) dispatcher?.add(taker.takerOf(listener));
      }
      return left.map(({ listener }) => listener);
    };
    return { opened: opened.map(({ listener, host, port }) => ({ listener, host, port })), commit, abandon };
  }

  private async openOne(
    asked: ListenAddress,
    reusesPort: boolean,
    fd: number | undefined,
    beside: readonly ListenAddress[],
  ): Promise<OpenPlace> {
    const listener = this.nextNumber++;
    if (!this.sharesPort) {
      const { host, port, isIpv6Only = false } = asked;
      const where = fd === undefined ? { host, port, ipv6Only: isIpv6Only } : { fd };
      const dispatcher = await Dispatcher.listen(where, this.onFault);
      return { listener, asked, dispatcher, ...dispatcher.address };
    }
    let address = await sharedAddress(asked, reusesPort);
    // A port of the system's choice is not held, so the system may choose it again.
    const taken = [...beside, ...this.open];
    while (asked.port === 0 && taken.some(({ port }) => port === address.port))
      address = await sharedAddress(asked, reusesPort);
    return { listener, asked, dispatcher: undefined, ...address };
  }

  /** This process accepts no more where it has left. Right after the runtime has accepted whoever was waiting: the rest is reset. */
  async closeLeft(): Promise<void> {
    const { left } = this;
    this.left = [];
    await new Promise((resolve) => setImmediate(resolve));
    for (const { dispatcher } of left) dispatcher?.close();
  }

  /** It gets its share of connections from now on. */
  add(taker: PlaceTaker): void {
    this.takers.add(taker);
    this.each(taker, (dispatcher, one) => dispatcher.add(one));
  }

  remove(taker: PlaceTaker): void {
    this.takers.delete(taker);
    this.each(taker, (dispatcher, one) => dispatcher.remove(one));
  }

  /** It is given nothing more for now. */
  suspend(taker: PlaceTaker): void {
    this.each(taker, (dispatcher, one) => dispatcher.suspend(one));
  }

  resume(taker: PlaceTaker): void {
    this.each(taker, (dispatcher, one) => dispatcher.resume(one));
  }

  private each(taker: PlaceTaker, act: (dispatcher: Dispatcher, one: Taker) => void): void {
    for (const { dispatcher, listener } of [...this.open, ...this.left]) {
      if (dispatcher !== undefined) act(dispatcher, taker.takerOf(listener));
    }
  }

  /** Accepts no more, anywhere. */
  close(): void {
    for (const { dispatcher } of [...this.open, ...this.left]) dispatcher?.close();
  }
}

/**
 * Where workers are to listen together. A port of the system's choice is found by taking it. One that was named is not taken:
 * a client that connects in that moment would be reset. A program that does not share it is found when workers listen; one
 * that does, by connecting.
 */
async function sharedAddress({ host: name, port }: ListenAddress, reusesPort: boolean): Promise<ListenAddress> {
  const host = isIP(name) === 0 ? (await lookup(name)).address : name;
  if (port === 0) return await freeAddress(host);
  if (!reusesPort && (await isServed(host, port))) throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
  return { host, port };
}

function freeAddress(host: string): Promise<ListenAddress> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port: 0, backlog: BACKLOG }, () => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new Error("a TCP listener has an address");
      server.close(() => resolve({ host: bound.address, port: bound.port }));
    });
  });
}

/** An address of this machine answers at once; one that does not is found out by listening there. */
function isServed(host: string, port: number): Promise<boolean> {
  const socket = connect({ host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port });
  return new Promise((resolve) => {
    const end = (isServed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isServed);
    };
    const timer = setTimeout(() => end(false), PROBE_MS_MAX);
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}
