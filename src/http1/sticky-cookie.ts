/**
 * The cookie with which a group keeps clients at their endpoints, in messages: it is set in responses where the client has no good
 * one, and taken out of requests, since it is between the client and us.
 *
 * An origin can do nothing with it, and what it logs, echoes or signs would change with the endpoint. Deliberately absent: which
 * endpoint a value means, see pool/stickiness.ts.
 */
import type { ClientConnection } from "../exchange/client-connection.ts";
import { clientScheme } from "../exchange/origin-references.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import { STICKY_VALUES_MAX, type Stickiness } from "../pool/stickiness.ts";
import { cookiesNamed, withoutCookie } from "../wire/cookies.ts";
import { FieldChanges } from "../wire/field-changes.ts";
import { Kind } from "../wire/fields.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";

/** The first values of cookies of this name, as the client sent them. */
export function cookiesOf({ fields }: RequestMessage, name: string): readonly string[] {
  return fields.has(Kind.cookie) ? cookiesNamed(fields.valuesOf(Kind.cookie), name, STICKY_VALUES_MAX) : [];
}

/** The lines of `Cookie` without the cookie of our own, as they go on; it is in none of them: undefined. */
export function othersCookies({ fields, changes }: RequestMessage, name: string): readonly string[] | undefined {
  const lines = changes === undefined ? fields.valuesOf(Kind.cookie) : changes.valuesIn(fields, "cookie");
  const kept = lines.map((line) => withoutCookie(line, name));
  return kept.every((line, index) => line === lines[index]) ? undefined : kept.filter((line) => line !== "");
}

/** A response as it goes to the client: it says where it came from, unless the client knows. */
export function withStickyCookie(
  head: ResponseMessage,
  stickiness: Stickiness<Endpoint>,
  endpoint: Endpoint,
  request: RequestMessage,
  { isTrusted, socket }: ClientConnection,
): ResponseMessage {
  const { cookie } = stickiness;
  const value = stickiness.valueOf(endpoint);
  if (cookiesOf(request, cookie).includes(value)) return head;
  const secure = clientScheme(request, isTrusted, socket.isSecure) === "https" ? "; Secure" : "";
  const changes = new FieldChanges();
  changes.append("Set-Cookie", `${cookie}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`);
  const { status, reasonPhrase, minorVersion, receivedMinorVersion, fields, isIrregular, isDoubtful } = head;
  return { status, reasonPhrase, minorVersion, receivedMinorVersion, fields, isIrregular, isDoubtful, changes };
}
