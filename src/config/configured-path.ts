/**
 * What no path of a configuration may hold, be it hopwise that asks for it then or a client: requests with such paths are refused because neighbours
 * understand them in several ways (routes/request-path.ts), and what hopwise itself sends should be no such request.
 *
 * Deliberately absent: `%2F` is refused where paths are compared (routes/patterns.ts); an origin's own path may need it.
 */
import { invalid, shown } from "./values.ts";

/** A segment of dots, plain or encoded, or one that is when its parameters are left out; and a `\`, which some take for `/`. */
export const AMBIGUOUS = "/(?:\\.|%2[eE]){1,2}(?:[;/]|$)|\\\\";
const ambiguous = new RegExp(AMBIGUOUS);

/**
 * @param written a path, or a URL, with or without a query, which nobody looks into
 * @returns the same @throws HopwiseError for one that can be understood in several ways
 */
export function unambiguous(written: string): string {
  const [path = ""] = written.split(/[?#]/, 1);
  if (!ambiguous.test(path)) return written;
  const meant = leadsTo(path);
  const how = meant === undefined || ambiguous.test(meant) ? "leave it out" : `write ${shown(meant)}`;
  throw invalid(`"${shown(written)}" has a segment of dots or a \\, which servers understand in several ways: ${how}`);
}

/** As browsers understand it; not even they do: undefined. */
function leadsTo(path: string): string | undefined {
  const host = "http://host.invalid";
  if (!URL.canParse(path, host)) return undefined;
  const { pathname, href } = new URL(path, host);
  return path.startsWith("/") ? pathname : href;
}
