/** Whether a response is the last of its connection by what it says: one rule for all checks, also for servers of HTTP/1.0. */
import type { Answer } from "./answer-reader.ts";

/** RFC 9112 section 9.3: HTTP/1.0 ends the connection unless the response agrees to keep it. */
export function isLast({ options, framing, minorVersion }: Answer): boolean {
  return options.close || framing === "close" || (minorVersion === 0 && !options.keepAlive);
}
