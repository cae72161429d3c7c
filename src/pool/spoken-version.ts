/**
 * Whether an endpoint is known to speak HTTP/1.0, so that it takes no chunks (RFC 9112 section 6.1). It is known for a while:
 * what was learned of one response may have been somebody else's, a balancer's in front, or of a server that is gone.
 */

/** What an application answered in HTTP/1.0 stands as long as this without another response. */
const KNOWN_MS = 3_600_000;
/** An error may come from a balancer, whatever it stands in front of. */
const SUSPECTED_MS = 60_000;

export class SpokenVersion {
  /** Of the latest response; none yet: undefined. */
  latest: 0 | 1 | undefined;
  private http10Until_ms = Number.NEGATIVE_INFINITY;
  private http11Until_ms = Number.NEGATIVE_INFINITY;

  /** Notes the version of a final response. */
  note(minorVersion: 0 | 1, status: number, now: number): void {
    this.latest = minorVersion;
    const isError = status >= 400;
    if (minorVersion === 1) {
      this.http11Until_ms = now + KNOWN_MS;
      this.http10Until_ms = Number.NEGATIVE_INFINITY;
    } else if (!isError || now >= this.http11Until_ms) {
      this.http10Until_ms = Math.max(this.http10Until_ms, now + (isError ? SUSPECTED_MS : KNOWN_MS));
    }
  }

  isHttp10(now: number): boolean {
    return now < this.http10Until_ms;
  }
}
