/**
 * What becomes of a path on its way to an origin, and back: a beginning is taken away, another put in front.
 *
 * Beginnings are counted in segments, so that what is left is what the client wrote, however it was encoded; and a path that can be
 * understood in several ways has gone nowhere before (request-path.ts). Deliberately absent: paths in bodies and cookies.
 */
import type { ReferencesAsked } from "../exchange/admission.ts";

/** The path of a target, and its query with the question mark; without one: empty. */
export function pathAndQuery(target: string): readonly [path: string, query: string] {
  const mark = target.indexOf("?");
  return mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark)];
}

/** What a path has behind so many segments, with its slash: `/a/b/c` behind one is `/b/c`; nothing: empty. */
export function behindSegments(path: string, count: number): string {
  let at = 0;
  for (let segment = 0; segment < count; segment++) {
    at = path.indexOf("/", at + 1);
    if (at < 0) return "";
  }
  return path.slice(at);
}

/** The target for an origin: without so many segments, and with `added` in front. */
export function originTarget(target: string, stripped: number, added: string): string {
  const [path, query] = pathAndQuery(target);
  return (added + behindSegments(path, stripped) || "/") + query;
}

/**
 * Whether an origin that gets nothing in front of its paths says one with what was taken away: it was told where it is (Django's
 * FORCE_SCRIPT_NAME, FastAPI's root_path, Grafana's root_url, Kibana's basePath), and its paths are the client's.
 */
export function isClientsOwn(path: string, stripped: string, added: string): boolean {
  if (added !== "" || stripped === "" || !path.startsWith(stripped)) return false;
  return path.length === stripped.length || /^[/?#]/.test(path.slice(stripped.length, stripped.length + 1));
}

/** The way back of a path in `Location`: without what was added, and with what was taken away. */
export function clientTarget(place: string, stripped: string, added: string): string {
  if (isClientsOwn(place, stripped, added)) return place;
  const isBelow = added === "" || place === added || place.startsWith(`${added}/`) || place.startsWith(`${added}?`);
  if (!isBelow) return place;
  const rest = place.slice(added.length);
  return stripped + (rest.startsWith("/") || stripped !== "" ? rest : `/${rest}`);
}

const ABSOLUTE = /^(https?):\/\/([^/?#]+)/i;

/**
 * The same for all of `Location`. What names the origin becomes a path of the site that the client sees; what names that site, as
 * origins that get its Host do, is changed unless it has what was taken away.
 */
export function clientReference(place: string, stripped: string, added: string, asked: ReferencesAsked): string {
  if (place.startsWith("/")) return place.startsWith("//") ? place : clientTarget(place, stripped, added);
  const [start, scheme = "", authority = ""] = ABSOLUTE.exec(place) ?? [];
  if (start === undefined) return place;
  const rest = place.slice(start.length);
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const target = clientTarget(path, stripped, added);
  // Two slashes would begin another host.
  if (asked.namesOrigin(scheme, authority)) return target.startsWith("//") ? place : target;
  const isOwnSite = authority.toLowerCase() === asked.authority.toLowerCase();
  const hasIt =
    stripped !== "" && (path === stripped || /^[/?#]/.test(path.slice(stripped.length))) && path.startsWith(stripped);
  return isOwnSite && !hasIt ? start + target : place;
}
