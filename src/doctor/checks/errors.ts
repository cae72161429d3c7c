/** What an error costs: the connection, the responses before it, or nothing. */
import { type Check, unknown } from "../check.ts";
import { isLast } from "../probe/last-response.ts";
import { endWords, outcomeWords, seconds } from "../words.ts";

const afterNotFound: Check = {
  id: "HW501",
  section: "errors",
  claim: "After a page that is not there the connection goes on, or the response says close.",
  reference: "RFC 9112 section 9.3",
  consequence: "Clients send their next request into a connection that is going away.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome } = await kit.openAndAsk({ path: kit.requests.missingPath });
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    const values = { status: outcome.status, says_close: outcome.options.close };
    const evidence = [connection];
    if (isLast(outcome)) {
      return { verdict: "pass", measured: `${outcome.status}, and it says close`, values, evidence };
    }
    const again = await connection.ask(kit.requests.of(), kit.pace.answer_ms);
    if (again.kind === "answer")
      return { verdict: "pass", measured: `${outcome.status}, and the next request was answered`, values, evidence };
    return {
      verdict: "fail",
      measured: `${outcome.status} without close, and the next request: ${outcomeWords(again)}`,
      values,
      cap:
        again.kind === "none" && again.why === "timeout"
          ? { grade: "F", because: "a client hangs until a timeout ends it" }
          : { grade: "C", because: "connections end unannounced" },
      fix: "close-not-announced",
      evidence,
    };
  },
};

const missingHost: Check = {
  id: "HW502",
  section: "errors",
  claim: "An HTTP/1.1 request without Host is answered 400, and the answer arrives.",
  reference: "RFC 9112 section 3.2",
  consequence: "Which site is meant is guessed, and two neighbours may guess differently.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome } = await kit.openAndAsk({ host: null });
    const evidence = [connection];
    if (outcome.kind === "none") {
      return {
        verdict: "advice",
        measured: outcomeWords(outcome),
        consequence: "A client that makes the mistake is not told which.",
        fix: "error-handling",
        evidence,
      };
    }
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    const values = { status: outcome.status };
    if (outcome.status < 400)
      return {
        verdict: "advice",
        measured: `served (${outcome.status})`,
        values,
        fix: "ambiguous-framing-accepted",
        evidence,
      };
    const end = await connection.untilEnd(kit.pace.settle_ms);
    if (end?.manner === "rst") {
      return {
        verdict: "advice",
        measured: `${outcome.status}, and RST right behind it`,
        values: { ...values, closed: true },
        consequence: "On a slower line the RST overtakes the answer and destroys it.",
        fix: "close-with-reset",
        evidence,
      };
    }
    const how = end === undefined ? `open ${seconds(kit.pace.settle_ms)} later` : `then ${endWords[end.manner]}`;
    return {
      verdict: "pass",
      measured: `${outcome.status}, ${how}`,
      values: { ...values, closed: end !== undefined },
      evidence,
    };
  },
};

const garbageBehind: Check = {
  id: "HW503",
  section: "errors",
  claim: "A valid request is answered although what follows it on the connection cannot be read.",
  reference: "RFC 9112 section 9.3.2",
  consequence:
    "One broken message costs the responses to the good ones that came in the same packet: behind a proxy these are other requests.",
  takes: "moment",
  async run(kit) {
    const connection = await kit.open();
    connection.send(`${kit.requests.of()}HOPWISE-DOCTOR\r\n\r\n`);
    const outcome = await connection.next("GET", kit.pace.answer_ms);
    const evidence = [connection];
    const values = { outcome: outcomeWords(outcome) };
    const isLost =
      outcome.kind === "none" || (outcome.kind === "answer" && outcome.status === 400 && kit.baseline.status !== 400);
    if (isLost)
      return {
        verdict: "advice",
        measured: `the good request got: ${outcomeWords(outcome)}`,
        values,
        fix: "error-handling",
        evidence,
      };
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    const second = await connection.next("GET", kit.pace.settle_ms);
    return {
      verdict: "pass",
      measured: `${outcome.status}, then ${outcomeWords(second)}`,
      values: { ...values, second_outcome: outcomeWords(second) },
      evidence,
    };
  },
};

export const errorChecks: readonly Check[] = [afterNotFound, missingHost, garbageBehind];
