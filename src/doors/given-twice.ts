/**
 * A request or upgrade that a handler gets twice is forwarded once: an origin never does the same thing twice because a program
 * subscribed twice, and two answers never meet in one response.
 *
 * It is easy to do: `createServer(handler)` beside `handler.attach(server)`, an app that uses the handler on a server to which it is
 * attached, `server.on("upgrade", handler.upgrade)` as well. Deliberately absent: an error. What is asked for can be done.
 */
const inHand = new WeakSet<object>();
let isTold = false;

/**
 * Takes a response (or the socket of an upgrade), for any handler of this process.
 *
 * @returns false: a handler is at work on it already
 */
export function take(answering: object): boolean {
  if (inHand.has(answering)) {
    if (!isTold) process.emitWarning(TWICE, { code: "HOPWISE_GIVEN_TWICE" });
    isTold = true;
    return false;
  }
  inHand.add(answering);
  return true;
}

/** It is answered, or somebody else may: with `errors: "next"` another handler. */
export function release(answering: object): void {
  inHand.delete(answering);
}

const TWICE =
  "a request was given to a hopwise handler twice, and is forwarded once: subscribe it in one place, with handler.attach(server), " +
  "createServer(handler) or app.use(handler)";
