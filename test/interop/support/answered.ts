/**
 * The response to a request of Node's own client, whose faults are heard from its beginning to its end.
 *
 * `once(request, "response")` stops listening when the response has come. A connection that is reset behind that, at the end of a test or of
 * the process that it tests, would be an error that nobody hears, and hide what failed before.
 */
import type { ClientRequest, IncomingMessage } from "node:http";

/** @returns the response; it rejects if there is none */
export function answered(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on("error", reject).on("response", (response) => {
      // Whoever reads the response to its end hears of it, too.
      resolve(response.on("error", () => undefined));
    });
  });
}
