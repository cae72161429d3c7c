/** Handing over connections: who gets which, and what becomes of those that a lost worker was not sent. */
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isKeptAlive, tellsTimers } from "../../test/kit/tcp-timers.ts";
import type { SocketHandle } from "../net/node-handles/accepting.ts";
import { Dispatcher, type Taker } from "./handing.ts";

const opened: Socket[] = [];
let dispatcher: Dispatcher | undefined;
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  dispatcher?.close();
});

/** A worker that keeps what it was given; it is sent at once, or when `sends` is called. */
class Keeper implements Taker {
  readonly got: SocketHandle[] = [];
  isGone = false;
  isBusy = false;
  private readonly unsent: (() => void)[] = [];

  /** The first that it was not sent yet is sent. */
  receive(): void {
    this.unsent.shift()?.();
  }

  take(handle: SocketHandle, done: (error: Error | null) => void): void {
    if (this.isGone) return process.nextTick(done, new Error("the channel is closed"));
    this.got.push(handle);
    if (this.isBusy) this.unsent.push(() => done(null));
    else process.nextTick(done, null);
  }
}

async function come(count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(dispatcher?.address.port ?? 0, "127.0.0.1"));
  for (const socket of sockets) socket.on("error", () => {});
  opened.push(...sockets);
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  return sockets;
}

async function listen(...takers: readonly Taker[]): Promise<void> {
  dispatcher = await Dispatcher.listen({ host: "127.0.0.1", port: 0 }, () => {});
  for (const taker of takers) dispatcher.add(taker);
}

it.skipIf(!tellsTimers)("a connection asks a silent peer whether it is still there (only Linux shows it)", async () => {
  // Not sent: what was sent is closed here.
  const keeper = new Keeper();
  keeper.isBusy = true;
  await listen(keeper);
  const [client] = await come(1);
  await vi.waitFor(() => expect(keeper.got.length).toBe(1));
  expect(await isKeptAlive(dispatcher?.address.port ?? 0, client?.localPort ?? 0)).toBe(true);
});

describe("each connection goes", () => {
  it("to the next worker in turn", async () => {
    const [one, two, three] = [new Keeper(), new Keeper(), new Keeper()];
    await listen(one, two, three);
    await come(30);
    await vi.waitFor(() => expect([one, two, three].map(({ got }) => got.length)).toEqual([10, 10, 10]));
  });

  it("past a worker that has not taken the last one yet", async () => {
    const [busy, free] = [new Keeper(), new Keeper()];
    busy.isBusy = true;
    await listen(busy, free);
    for (let i = 0; i < 10; i++) await come(1);
    await vi.waitFor(() => expect([busy.got.length, free.got.length]).toEqual([1, 9]));
  });

  it("to another when the first is gone, though nobody has said so, and when it was not sent before it went", async () => {
    const [gone, stuck, left] = [new Keeper(), new Keeper(), new Keeper()];
    gone.isGone = true;
    stuck.isBusy = true;
    await listen(gone, stuck);
    await come(3);
    await vi.waitFor(() => expect([stuck.got.length, dispatcher?.unsent]).toEqual([2, 3]));
    dispatcher?.add(left);
    dispatcher?.remove(stuck);
    await vi.waitFor(() => expect([gone.got.length, left.got.length]).toEqual([0, 3]));
  });

  it("past a worker that is suspended, and to it again once it is not; what it was to be sent waits for it", async () => {
    const [suspended, other] = [new Keeper(), new Keeper()];
    suspended.isBusy = true;
    await listen(suspended);
    await come(2);
    await vi.waitFor(() => expect(suspended.got.length).toBe(2));
    dispatcher?.suspend(suspended);
    await come(1);
    dispatcher?.add(other);
    await come(2);
    await vi.waitFor(() => expect([suspended.got.length, other.got.length]).toEqual([2, 3]));

    dispatcher?.remove(other);
    dispatcher?.resume(suspended);
    await come(1);
    dispatcher?.suspend(suspended);
    dispatcher?.add(other);
    dispatcher?.remove(suspended);
    await vi.waitFor(() => expect(other.got.length).toBe(3 + 3));
  });

  it("to a worker that is slow to take them a few at a time: what else it is told does not wait behind all of them", async () => {
    const slow = new Keeper();
    slow.isBusy = true;
    await listen(slow);
    await come(8);
    await vi.waitFor(() => expect(dispatcher?.unsent).toBe(8));
    expect(slow.got.length).toBe(2);
    slow.receive();
    expect(slow.got.length).toBe(3);
    slow.receive();
    slow.receive();
    expect(slow.got.length).toBe(5);
    const other = new Keeper();
    dispatcher?.add(other);
    await vi.waitFor(() => expect([slow.got.length, other.got.length]).toEqual([5, 3]));
  });

  it("still, where nobody is accepted any more, in front of what is said then", async () => {
    const slow = new Keeper();
    slow.isBusy = true;
    await listen(slow);
    await come(5);
    await vi.waitFor(() => expect(dispatcher?.unsent).toBe(5));
    expect(slow.got.length).toBe(2);
    dispatcher?.close();
    expect(slow.got.length).toBe(5);
  });

  it("to the first worker that comes, when there is none", async () => {
    const late = new Keeper();
    await listen();
    const [client] = await come(1);
    await come(1);
    dispatcher?.add(late);
    await vi.waitFor(() => expect(late.got.length).toBe(2));
    expect(client?.destroyed).toBe(false);
  });
});

it("who waits when all is over is not left waiting", async () => {
  await listen();
  const [client] = await come(1);
  const closed = new Promise((resolve) => client?.once("close", resolve));
  client?.resume();
  await vi.waitFor(() => {
    dispatcher?.close();
    expect(client?.readableEnded || client?.destroyed).toBe(true);
  });
  await closed;
});
