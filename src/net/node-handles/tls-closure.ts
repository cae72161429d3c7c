/**
 * How TLS connections end: ours with the closure alert that announces it, and whether the peer's did, or somebody cut it off.
 *
 * Anybody on the way can make FIN, so a response that only its end completes is complete only behind the alert (RFC 9112
 * section 9.8). The runtime reports both ends alike, but not at the same moment: the alert while the transport is still
 * being read, a bare FIN when reading it is over. Which of them it is, is asked of the transport's handle, in that moment.
 * Handles are no public interface of Node: where they are not as known (Bun), every end passes for announced. Deliberately
 * absent: a judgement of what follows.
 */
import type { Socket as RawSocket } from "node:net";
import { TLSSocket } from "node:tls";
import { getSystemErrorName } from "node:util";

/** How long our alert may take to leave: a peer that takes nothing gets none. */
const ALERT_MS_MAX = 1_000;

interface TlsHandle {
  /** The stream wants to be read. */
  readonly reading?: boolean;
  /** Called by the runtime with what was read; with nothing at the end. */
  onread?: (this: unknown, octets: ArrayBuffer | undefined) => unknown;
  readonly _parent?: Transport;
}

interface Transport {
  /** @returns 0, or a negative error code: EALREADY while it is being read */
  readStart?(): number;
  readStop?(): number;
}

const watched = new WeakSet<RawSocket>();
const cutOff = new WeakSet<RawSocket>();

/** From now on it is known how `raw`, whose handshake is over, ends. */
export function watchClosure(raw: RawSocket): void {
  const handle = (raw as unknown as { _handle?: TlsHandle | null })._handle;
  const { onread, _parent: transport } = handle ?? {};
  if (handle === null || handle === undefined || onread === undefined || transport?.readStart === undefined) return;
  watched.add(raw);
  handle.onread = function (octets) {
    if (octets === undefined && isReadToItsEnd(handle, transport)) cutOff.add(raw);
    return onread.call(this, octets);
  };
}

/** Whether the connection has ended without an alert. */
export function wasCutOff(raw: RawSocket): boolean {
  return cutOff.has(raw);
}

/** Whether the connection has ended with an alert, for certain. */
export function wasAnnounced(raw: RawSocket): boolean {
  return watched.has(raw) && !cutOff.has(raw);
}

/**
 * Ends both sides at once; over TLS with the alert that clients must send before (RFC 9112 section 9.8). Where something is
 * unsent there is none: the peer must not take what it has for everything.
 */
export function destroy(raw: RawSocket, isSomethingUnsent: boolean): void {
  if (!(raw instanceof TLSSocket) || !raw.writable || isSomethingUnsent) return void raw.destroy();
  const giveUp = setTimeout(() => raw.destroy(), ALERT_MS_MAX).unref();
  raw.once("close", () => clearTimeout(giveUp));
  raw.destroySoon();
}

/** Behind what was read last, an alert is found though reading was stopped; FIN is not. */
function isReadToItsEnd({ reading }: TlsHandle, transport: Transport): boolean {
  if (reading === false) return false;
  const result = transport.readStart?.() ?? 0;
  if (result < 0) return getSystemErrorName(result) !== "EALREADY";
  // It could be begun anew, so it had ended.
  transport.readStop?.();
  return true;
}
