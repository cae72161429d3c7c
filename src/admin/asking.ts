/**
 * Whether a request is meant for a server of ours, and whether a page of somebody else's makes it. Pure: values in, yes or no out.
 *
 * The admin server asks this, and the demonstration's own. Deliberately absent: who may read, see readers.ts.
 */
import { isIP } from "node:net";
import { hostname } from "node:os";

/** What a request says of where it goes, and what a browser says of the page that makes it. */
export interface Asking {
  readonly method: string;
  /** The request-target, in origin-form or absolute-form. */
  readonly target: string;
  /** The values of `Host`. */
  readonly hosts: readonly string[];
  /** What a browser says of the page that asks (Fetch, Fetch Metadata); nothing: it is not a browser, or the page is this one. */
  readonly origin?: string | undefined;
  readonly fetchSite?: string | undefined;
  readonly fetchMode?: string | undefined;
  readonly fetchDest?: string | undefined;
}

/** RFC 9112 section 3.2.2: a target with an authority replaces Host. */
export function askedHost({ target, hosts }: Asking): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1] ?? hosts[0];
}

/** The path alone; of a target that has none, all of it. */
export function pathOf(target: string): string {
  if (target.startsWith("/")) return target.replace(/[?#].*$/s, "");
  return URL.canParse(target) ? new URL(target).pathname : target;
}

/**
 * Whether a request is meant for this server: a page of evil.example whose name was rebound to 127.0.0.1 still names
 * evil.example in `Host`. A name without a dot is nobody's to buy and to rebind. Clients without `Host` are not browsers.
 *
 * @param configured the host that was configured to listen on
 */
export function isOurHost(host: string | undefined, configured: string): boolean {
  if (host === undefined) return true;
  const name = bareName(host);
  const address = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return (
    isIP(address) !== 0 || /^[a-z0-9_-]+$/.test(name) || [configured, hostname()].some((it) => bareName(it) === name)
  );
}

/** In lower case, without a port and without the dot at the end that a name may have. */
function bareName(host: string): string {
  return host
    .replace(/:[0-9]*$/, "")
    .replace(/\.$/, "")
    .toLowerCase();
}

/**
 * Whether a page from elsewhere asks in the background. It could not read the answer (there is no CORS), but learn from its
 * length and time, and make work. Following a link shows the figures to the person who follows it, and to nobody else.
 */
export function isFromElsewhere(asking: Asking): boolean {
  const { origin, fetchSite, fetchMode, fetchDest } = asking;
  if (origin !== undefined) return !isOwnOrigin(origin, askedHost(asking));
  // Programs do not say it. Whatever else is said is not this page: it may say two things.
  if (fetchSite === undefined || fetchSite === "same-origin" || fetchSite === "none") return false;
  // A frame is navigated, too.
  return fetchMode !== "navigate" || (fetchDest !== undefined && fetchDest !== "document");
}

/** Over https where something in front of this server speaks it. */
function isOwnOrigin(origin: string, asked: string | undefined): boolean {
  if (asked === undefined) return false;
  return ["http", "https"].some((scheme) => origin.toLowerCase() === `${scheme}://${asked.toLowerCase()}`);
}
