/** What is known of request methods. Deliberately absent: a list of methods that are allowed; unknown ones go on. */

/** Whether a request with this method is expected to have content, so that it is said where there is none (RFC 9110 section 8.6). */
export function expectsContent(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}

/** Whether a request with this method may be sent again (RFC 9110 section 9.2.2). Methods are case-sensitive. */
export function isIdempotent(method: string): boolean {
  switch (method) {
    case "GET":
    case "HEAD":
    case "OPTIONS":
    case "TRACE":
    case "PUT":
    case "DELETE":
      return true;
    default:
      return false;
  }
}
