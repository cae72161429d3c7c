/**
 * Texts that may name a user and a password, as they may be shown: `http://user:secret@host/` becomes `http://***@host/`.
 *
 * Whatever is logged or repeated in a message passes here first, malformed or not (RFC 9110 section 4.2.4, RFC 3986
 * section 7.5). Deliberately absent: judging targets, see target.ts; those with userinfo are refused.
 */
import { isAuthority } from "./authority.ts";

const SCHEME = /^[a-z][a-z0-9+\-.]*:\/+/i;
const HIDDEN = "***";

/** `text`, a request-target or an origin's URL, without what may be a user name or a password. */
export function withoutUserinfo(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  // A path; but behind two slashes URLs have an authority, and whoever wrote it may have meant one.
  if (text.charCodeAt(0) === 47 && text.charCodeAt(1) !== 47) return text;
  const start = text.charCodeAt(0) === 47 ? 2 : (SCHEME.exec(text)?.[0].length ?? 0);
  const length = text.slice(start).search(/[/?#]/);
  const authority = length < 0 ? text.slice(start) : text.slice(start, start + length);
  // What stands behind a well-formed authority is a path or a query. Where there is none, a password may hold its end.
  if (isAuthority(authority)) return text;
  const inside = authority.lastIndexOf("@");
  const isWhole = inside >= 0 && isAuthority(authority.slice(inside + 1));
  return `${text.slice(0, start)}${HIDDEN}${text.slice(isWhole ? start + inside : at)}`;
}
