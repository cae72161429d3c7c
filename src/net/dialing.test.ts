/** How a name's addresses are tried: in which order, when, and for how long. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DialGuard } from "./dial-guard.ts";
import { ADDRESSES_MAX, type AttemptHandler, alternating, dialerOf } from "./dialing.ts";
import type { Address, GiveUp, Socket } from "./ports.ts";
import type { Found } from "./resolving.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const socket = {} as Socket;

class World {
  readonly told: (Socket | string)[] = [];
  /** How often it was told that an address has answered. */
  reached = 0;
  readonly tried: string[] = [];
  readonly givenUp: string[] = [];
  readonly giveUp: GiveUp;
  private readonly attempts = new Map<string, AttemptHandler>();

  constructor(found: Found | undefined, guard?: DialGuard) {
    const dialer = dialerOf(
      (place: Address, handler) => {
        const host = place.kind === "tcp" ? place.host : place.path;
        this.tried.push(host);
        this.attempts.set(host, handler);
        return () => this.givenUp.push(host);
      },
      {
        find: (_name, _client, tell) => {
          if (found !== undefined) tell(found);
          return () => this.givenUp.push("the name");
        },
      },
      guard,
    );
    const handler = {
      onReached: () => this.reached++,
      onConnected: (it: Socket) => this.told.push(it),
      onFailed: (it: string) => this.told.push(it),
    };
    this.giveUp = dialer.dial({ kind: "tcp", host: "name.test", port: 80 }, handler);
  }

  of(host: string): AttemptHandler {
    const attempt = this.attempts.get(host);
    if (attempt === undefined) throw new Error(`${host} was not tried`);
    return attempt;
  }
}

it("families take turns, the first one's first", () => {
  expect(alternating(["::1", "::2", "::3", "1.1.1.1"])).toEqual(["::1", "1.1.1.1", "::2", "::3"]);
  expect(alternating(["1.1.1.1", "::1", "1.1.1.2"])).toEqual(["1.1.1.1", "::1", "1.1.1.2"]);
  expect(alternating([])).toEqual([]);
});

it("the next address is tried after 250 ms, and the one before goes on: it may be the first to open", () => {
  const world = new World(["10.0.0.1", "10.0.0.2"]);
  vi.advanceTimersByTime(249);
  expect(world.tried).toEqual(["10.0.0.1"]);
  vi.advanceTimersByTime(60_000);
  expect([world.tried, world.givenUp]).toEqual([["10.0.0.1", "10.0.0.2"], []]);
  world.of("10.0.0.1").onConnected(socket);
  expect(world.told).toEqual([socket]);
  expect(world.givenUp).toContain("10.0.0.2");
});

it("the next address is tried at once when one fails; failing is told when all have", () => {
  const world = new World(["10.0.0.1", "10.0.0.2"]);
  world.of("10.0.0.1").onFailed("ECONNREFUSED");
  expect([world.tried.length, world.told]).toEqual([2, []]);
  world.of("10.0.0.2").onFailed("EHOSTUNREACH");
  expect(world.told).toEqual(["ECONNREFUSED"]);
});

it("a family that this machine has no route for hides no other fault", () => {
  const world = new World(["::1", "10.0.0.2"]);
  world.of("::1").onFailed("ENETUNREACH");
  world.of("10.0.0.2").onFailed("ECONNREFUSED");
  expect(world.told).toEqual(["ECONNREFUSED"]);
});

it("an address that has answered gets a second for its handshake; the next one is tried at once if that fails", () => {
  const world = new World(["10.0.0.1", "10.0.0.2"]);
  world.of("10.0.0.1").onReached();
  expect(world.reached).toBe(1);
  vi.advanceTimersByTime(999);
  expect(world.tried).toHaveLength(1);
  world.of("10.0.0.1").onFailed("ECONNRESET");
  expect(world.tried).toHaveLength(2);
  vi.advanceTimersByTime(5_000);
  expect(world.tried).toHaveLength(2);
});

it("a handshake that never ends keeps nobody from the next address, and may still be the first to end", () => {
  const world = new World(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  world.of("10.0.0.1").onReached();
  vi.advanceTimersByTime(1_000);
  expect(world.tried).toEqual(["10.0.0.1", "10.0.0.2"]);
  vi.advanceTimersByTime(250);
  expect(world.tried).toHaveLength(3);
  world.of("10.0.0.1").onConnected(socket);
  expect([world.told, world.givenUp.slice(-2)]).toEqual([[socket], ["10.0.0.2", "10.0.0.3"]]);
});

it("giving up ends all attempts, and tells what was waited for", () => {
  const looking = new World(undefined);
  expect([looking.giveUp(), looking.givenUp]).toEqual(["name", ["the name"]]);
  const dialing = new World(["10.0.0.1", "10.0.0.2"]);
  vi.advanceTimersByTime(300);
  expect([dialing.giveUp(), dialing.givenUp]).toEqual(["connection", ["10.0.0.1", "10.0.0.2"]]);
  vi.advanceTimersByTime(5_000);
  expect([dialing.told, dialing.tried.length]).toEqual([[], 2]);
});

it("a name with very many addresses is no way to scan a network", () => {
  const world = new World(Array.from({ length: 4_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`));
  while (world.told.length === 0) world.of(world.tried.at(-1) ?? "").onFailed("ECONNREFUSED");
  expect(world.tried).toHaveLength(ADDRESSES_MAX);
});

it("the guard judges each dial anew, also addresses that are remembered", () => {
  const guard = new DialGuard({ allowsPrivate: false });
  expect(new World(["93.184.215.14", "10.0.0.1"], guard).tried).toEqual(["93.184.215.14"]);
  const rebound = new World(["10.0.0.1", "::ffff:7f00:1"], guard);
  vi.advanceTimersByTime(1);
  expect([rebound.tried, rebound.told]).toEqual([[], ["address-not-public"]]);
});
