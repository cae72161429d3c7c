/**
 * What of a request's body must be here before an origin is asked, so that none waits for it with a connection in use.
 *
 * `start`: any of it, for a moment (most bodies follow their head at once). `buffer`: all of it, or more than the route holds.
 * `length`: all of it, since the origin takes no chunks. Deliberately absent: holding it, see request-relay.ts.
 */
import type { Admission } from "./admission.ts";
import type { RequestRelay } from "./request-relay.ts";

export type RequestWait = "nothing" | "start" | "buffer" | "length";

/** What it waits for at first. @param awaitsContinue the client waits, too, for 100 (Continue) */
export function firstWait(request: RequestRelay, admission: Admission, awaitsContinue: boolean): RequestWait {
  const { denied, answer, framing, route } = admission;
  const bufferBytes = route?.policy?.bufferBytes;
  // The sooner it is said, the less of it is sent in vain; and at the end of a drain there is no time to wait.
  if (denied === "content-too-large" || denied === "gave-way" || denied === "drain-deadline") return "nothing";
  if (request.isComplete) return "nothing";
  const isForOrigin = denied === undefined && answer === undefined;
  if (isForOrigin && bufferBytes !== undefined && framing.length <= bufferBytes) return "buffer";
  return request.hasBegun || awaitsContinue ? "nothing" : "start";
}

/** Whether there is enough of it now to ask an origin. */
export function isWaitOver(wait: RequestWait, request: RequestRelay): boolean {
  switch (wait) {
    case "start":
      return request.hasBegun;
    case "buffer":
      return request.isComplete || request.fillsBuffer;
    case "nothing":
    case "length":
      return false;
  }
}
