/**
 * A worker's part of a reload: it has another configuration ready when it is told to, and goes on with it or forgets it when all have
 * answered. One after the other: a word about an earlier one that comes late finds it gone.
 *
 * Deliberately absent: deciding, see reloading.ts; and what a configuration is.
 */
import { HopwiseError } from "../config/error.ts";
import type { ListenerPlace, PrepareMessage, Refusal, ToSupervisor } from "./protocol.ts";
import type { PreparedReload, WorkerProxy } from "./worker.ts";

export interface ReloadChannel {
  tell(message: ToSupervisor): unknown;
  /** Listeners that are asked for next. */
  expect(places: readonly ListenerPlace[]): void;
  /** They came to nothing. */
  forget(places: readonly ListenerPlace[]): void;
}

interface Pending {
  readonly reload: number;
  readonly opened: readonly ListenerPlace[];
  /** Settled when it is ready, or cannot be. */
  readonly settled: Promise<void>;
  ready: PreparedReload | undefined;
}

export class WorkerReloads {
  private readonly proxy: Pick<WorkerProxy, "prepareReload">;
  private readonly channel: ReloadChannel;
  private pending: Pending | undefined;
  /** What was abandoned is gone before the next is prepared. */
  private before: Promise<unknown>;

  /** @param started before that nothing is prepared */
  constructor(proxy: Pick<WorkerProxy, "prepareReload">, channel: ReloadChannel, started: Promise<unknown>) {
    this.proxy = proxy;
    this.channel = channel;
    this.before = started.catch(() => {});
  }

  prepare({ reload, options, certificate, opened }: PrepareMessage): void {
    this.abandon();
    const { channel, proxy, before } = this;
    const prepare = async (): Promise<void> => {
      await before;
      channel.expect(opened);
      let refusal: Refusal | undefined;
      try {
        if (proxy.prepareReload === undefined) throw new HopwiseError("option-invalid", "this proxy keeps its options");
        pending.ready = await proxy.prepareReload(options, certificate);
      } catch (error) {
        refusal = refusalOf(error);
      }
      channel.tell({ type: "reload-prepared", reload, refusal });
    };
    const pending: Pending = { reload, opened, ready: undefined, settled: Promise.resolve().then(prepare) };
    this.pending = pending;
  }

  /** At once, since connections that were accepted for the new configuration may be next on the channel. */
  commit(reload: number): void {
    const { pending } = this;
    if (pending?.reload !== reload || pending.ready === undefined) return;
    this.pending = undefined;
    pending.ready.commit();
    this.channel.tell({ type: "reload-committed", reload });
  }

  /** @param reload which one; whichever there is: undefined */
  abandon(reload?: number): void {
    const { pending } = this;
    if (pending === undefined || (reload !== undefined && pending.reload !== reload)) return;
    this.pending = undefined;
    this.before = pending.settled.then(() => {
      pending.ready?.abandon();
      this.channel.forget(pending.opened);
    });
  }
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof HopwiseError) {
    const { code, problem, option } = error;
    return { code, problem, option };
  }
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "listen-failed", problem, option: undefined };
}
