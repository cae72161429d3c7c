/**
 * What TLS connections to origins leave for the next one to the same place: sessions, with which a handshake needs no
 * certificate and less arithmetic (RFC 8446 section 2.2, RFC 5077).
 *
 * On a resumed session the runtime does not look at the certificate again, so a session counts only where it was made: for the
 * same address and name, checked against the same authorities, as strictly, and with the same certificate of our own. Each is
 * offered once, the newest first (RFC 8446 appendix C.4); where none is left, the last one again, since many servers hand out
 * few and take them many times. Servers are free to refuse, and then the handshake is a full one: what is older than a refused
 * one is dropped, since most likely the keys of its server are other ones now. Deliberately absent: early data, which could be
 * done twice,
 * and an age limit, since TLS libraries offer no session beyond the lifetime that its server gave it.
 */
import type { TlsTarget } from "../ports.ts";

/** Places whose sessions are kept; the one that got none for longest goes first. */
const PLACES_MAX = 64;
/** Sessions of one place, 1 to 3 KiB each: what a burst of new connections can use. */
const SESSIONS_MAX = 16;

export interface TlsSession {
  readonly data: Buffer;
  /** In the order in which they came. */
  readonly number: number;
}

interface Kept {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  /** Never offered, the newest one last. */
  fresh: TlsSession[];
  /** Offered last. */
  latest: TlsSession | undefined;
}

export class TlsSessions {
  private readonly places = new Map<string, Kept>();
  private count = 0;

  /** A session to offer at this place. */
  take(host: string, port: number, tls: TlsTarget): TlsSession | undefined {
    const kept = this.places.get(placeOf(host, port, tls));
    if (kept === undefined || !isFor(kept, tls)) return undefined;
    kept.latest = kept.fresh.pop() ?? kept.latest;
    return kept.latest;
  }

  keep(host: string, port: number, tls: TlsTarget, data: Buffer): void {
    const place = placeOf(host, port, tls);
    const before = this.places.get(place);
    const kept: Kept =
      before !== undefined && isFor(before, tls)
        ? before
        : { ca: tls.ca, cert: tls.identity?.cert, fresh: [], latest: undefined };
    kept.fresh.push({ data, number: this.count++ });
    if (kept.fresh.length > SESSIONS_MAX) kept.fresh.shift();
    this.places.delete(place);
    this.places.set(place, kept);
    if (this.places.size <= PLACES_MAX) return;
    const [oldest = place] = this.places.keys();
    this.places.delete(oldest);
  }

  /** It was offered, and the handshake was a full one. */
  refused(host: string, port: number, tls: TlsTarget, { number }: TlsSession): void {
    const kept = this.places.get(placeOf(host, port, tls));
    if (kept === undefined) return;
    kept.fresh = kept.fresh.filter((one) => one.number > number);
    if (kept.latest !== undefined && kept.latest.number <= number) kept.latest = undefined;
  }

  /** A handshake has failed there: nothing of before is offered again. */
  forget(host: string, port: number, tls: TlsTarget): void {
    this.places.delete(placeOf(host, port, tls));
  }
}

/** Certificates are long, and compared apart. */
function isFor({ ca, cert }: Kept, tls: TlsTarget): boolean {
  return ca === tls.ca && cert === tls.identity?.cert;
}

function placeOf(host: string, port: number, { serverName, rejectUnauthorized }: TlsTarget): string {
  return `${host} ${port} ${serverName} ${rejectUnauthorized}`;
}
