/** What TRACE reflects: the request as it was received, without what its sender would not want reflected. */
import type { RequestMessage } from "../wire/messages.ts";

/** RFC 9110 section 9.3.8: fields that are likely to hold sensitive data are left out. */
const SENSITIVE = new Set(["authorization", "proxy-authorization", "cookie"]);

export function traceOf(head: RequestMessage): string {
  let text = `${head.method} ${head.target} HTTP/1.${head.minorVersion}\r\n`;
  for (let index = 0; index < head.fields.count; index++) {
    const name = head.fields.name(index);
    if (!SENSITIVE.has(name.toLowerCase())) text += `${name}: ${head.fields.value(index)}\r\n`;
  }
  return `${text}\r\n`;
}
