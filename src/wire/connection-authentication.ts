/**
 * Authentication that holds for a connection and not for a request: NTLM, Negotiate and their kin (RFC 4559, MS-NTHT).
 *
 * HTTP authentication is meant to be stateless; what is bound to a connection is safe only as long as nobody else uses that
 * connection (RFC 9110 section 16.4.2). Deliberately absent: what the tokens say; only where they stand matters.
 */
import { type FieldTable, Kind } from "./fields.ts";
import { type KindSet, kindSet } from "./head-writer.ts";

/** Schemes whose handshake leaves the connection authenticated. Nego2 is of MS-N2HT; WinRM has the last two. */
const SCHEMES = "(?:negotiate|ntlm|nego2|kerberos|credssp)";

const CREDENTIALS = new RegExp(`^${SCHEMES}(?:[ \\t]|$)`, "i");
const CHALLENGE = new RegExp(`(?:^|,)[ \\t]*${SCHEMES}(?=[ \\t,]|$)`, "i");
/** A challenge with a token (RFC 9110 section 11.2: token68), not with parameters. */
const CHALLENGE_WITH_TOKEN = new RegExp(`(?:^|,)[ \\t]*${SCHEMES}[ \\t]+[a-z0-9._~+/-]+=*[ \\t]*(?:,|$)`, "i");

/** Where an origin is sent credentials: `Proxy-Authorization` reaches it through a gateway, and never through a forward proxy. */
const TO_GATEWAY = kindSet(Kind.authorization, Kind.proxyAuthorization);
const TO_FORWARD_PROXY = kindSet(Kind.authorization);
const ANSWERS = kindSet(Kind.wwwAuthenticate, Kind.persistentAuth);

/** Whether this request's credentials authenticate the connection that it goes on. */
export function authenticatesConnection(fields: FieldTable, isGateway: boolean): boolean {
  const kinds = fields.kinds & (isGateway ? TO_GATEWAY : TO_FORWARD_PROXY);
  return kinds !== 0 && someValue(fields, kinds, CREDENTIALS);
}

/** Whether a response says anything of how its connection is authenticated. */
export function tellsOfAuthentication({ kinds }: FieldTable): boolean {
  return (kinds & ANSWERS) !== 0;
}

/** Whether a response is one of a handshake's messages: the next one means something on the same connection only. */
export function continuesHandshake(fields: FieldTable): boolean {
  return someValue(fields, kindSet(Kind.wwwAuthenticate), CHALLENGE_WITH_TOKEN);
}

/** Whether a response says that its connection is authenticated from now on (MS-NTHT section 2.2). */
export function persistsAuthentication(fields: FieldTable): boolean {
  return fields.firstOf(Kind.persistentAuth)?.toLowerCase() === "true";
}

/** Whether a response asks for credentials that would authenticate its connection. */
export function asksForConnection(fields: FieldTable): boolean {
  return someValue(fields, kindSet(Kind.wwwAuthenticate), CHALLENGE);
}

function someValue(fields: FieldTable, kinds: KindSet, pattern: RegExp): boolean {
  if ((fields.kinds & kinds) === 0) return false;
  for (let index = 0; index < fields.count; index++) {
    if ((kinds & (1 << fields.kind(index))) !== 0 && pattern.test(fields.value(index))) return true;
  }
  return false;
}
