/**
 * `Destination` of COPY and MOVE (WebDAV, RFC 4918 section 10.3) as a route's origin knows that place.
 *
 * Clients write a URL: the site by the name and scheme by which they know it. The path changes as that of the request does. Scheme and
 * host are the operator's to say (`localDestination`): an origin that does not look at `X-Forwarded-Proto`, as Apache, takes `https:` for
 * another server and answers 502, one that does would take `http:` for it. What names another site, or a place that is not the route's,
 * stays. Deliberately absent: `If`, and paths in bodies.
 */
import type { Admission } from "../exchange/admission.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import { nameOf, type OriginHost, serverNamedBy } from "../exchange/origin-references.ts";
import { isOverTls, type OriginAddress } from "../pool/origin-address.ts";
import { FieldChanges } from "../wire/field-changes.ts";
import type { RequestMessage } from "../wire/messages.ts";
import { hostToSay } from "./request-writing.ts";

const ABSOLUTE = /^(https?):\/\/([^/?#]+)/i;

export function withDestination(
  head: RequestMessage,
  { target, route }: Admission,
  client: ClientConnection,
  origin: OriginAddress,
  originHost: OriginHost,
): RequestMessage {
  if (head.method !== "COPY" && head.method !== "MOVE") return head;
  const { pathOf, localDestination } = route?.changes ?? {};
  if (pathOf === undefined && localDestination !== true) return head;
  // What one of ours says is said as it is.
  if (head.changes?.concerns("destination")) return head;
  const [value = "", ...others] = new FieldChanges().valuesIn(head.fields, "destination");
  const match = ABSOLUTE.exec(value);
  if (match === null || others.length > 0) return head;
  const [start, written = "", authority = ""] = match;
  const scheme = written.toLowerCase() === "https" ? "https" : "http";
  const asked = serverNamedBy(head, client.isTrusted, client.socket.isSecure === true);
  if (nameOf(scheme, asked.authority) !== nameOf(scheme, authority)) return head;
  const rest = value.slice(start.length);
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  // Where somebody else has changed the path, nobody can tell.
  const isAsItCame = head.target === target.path;
  const place = isAsItCame ? path : pathOf?.(head.target) === target.path ? pathOf(path) : undefined;
  if (place === undefined || (isAsItCame && localDestination !== true)) return head;
  const originScheme = isOverTls(origin) ? "https" : "http";
  const local = `${originScheme}://${hostToSay(originHost, target.authority, origin.authority)}`;
  const changes = (head.changes ?? new FieldChanges()).without("destination");
  changes.replace("Destination", [(localDestination === true ? local : start) + place]);
  const { method, minorVersion, receivedMinorVersion, fields, isIrregular } = head;
  const hasNewStartLine = head.hasNewStartLine === true;
  const { target: cameFor } = head;
  return { method, target: cameFor, minorVersion, receivedMinorVersion, fields, isIrregular, changes, hasNewStartLine };
}
