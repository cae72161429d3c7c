/**
 * What a client asked for, as it is shown to anyone but its operator's own log: without a query, and without a user name and password.
 * A fragment goes with the query: no client should send one, and those that do may send a token in it.
 */
import { withoutUserinfo } from "../wire/userinfo.ts";

/** A target, or a line that holds one: `/users?…` */
export function withoutQuery(text: string): string {
  const at = text.search(/[?#]/);
  return at < 0 ? text : `${text.slice(0, at + 1)}…`;
}

export function shownTarget(target: string): string {
  return withoutUserinfo(withoutQuery(target));
}

interface Asked {
  readonly method: string;
  readonly target: string;
  readonly host?: string | undefined;
  /** As much as there was of a request whose start-line could not be read. */
  readonly received?: string | undefined;
}

/** `GET app.test/users`; of what could not be read, as much as was received. */
export function askedText({ method, target, host = "", received = "" }: Asked): string {
  if (received !== "") return received;
  return `${method} ${target.startsWith("/") ? host : ""}${target}`;
}
