/** A target as it is shown to anyone but its operator's own log: without its query, and without a user name and password. */
import { withoutUserinfo } from "../wire/userinfo.ts";

/** `/users?…` */
export function shownTarget(target: string): string {
  const query = target.indexOf("?");
  return withoutUserinfo(query < 0 ? target : `${target.slice(0, query)}?…`);
}
