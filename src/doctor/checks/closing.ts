/** How a connection ends that carries something: whether a close loses what was on its way, and whether a half-close is understood. */
import { type Check, unknown } from "../check.ts";
import { endWords, outcomeWords } from "../words.ts";
import { finalEndOf } from "./final-end.ts";

const closeLosesNothing: Check = {
  id: "HW302",
  section: "closing",
  claim: "A response that ends its connection arrives whole, also when the client has sent more behind its request.",
  reference: "RFC 9112 section 9.6",
  consequence: "A client that pipelines or sends a little too much loses a response that the server has made.",
  takes: "moment",
  async run(kit) {
    const connection = await kit.open();
    const first = kit.requests.of({ fields: ["Connection: close"] });
    connection.send(`${first}${kit.requests.of()}`);
    const outcome = await connection.next("GET", kit.pace.answer_ms);
    const evidence = [connection];
    const values = { outcome: outcomeWords(outcome) };
    if (outcome.kind === "none" && outcome.why === "closed") {
      return {
        verdict: "fail",
        measured: `the response did not arrive: ${outcomeWords(outcome)}`,
        values,
        cap: { grade: "C", because: "a close destroys a response" },
        fix: "close-with-reset",
        evidence,
      };
    }
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    if (outcome.status === 400 && kit.baseline.status !== 400) {
      return {
        verdict: "advice",
        measured: "400 instead of the response: bytes behind a request that says close cost the request itself",
        values,
        fix: "error-handling",
        evidence,
      };
    }
    const { end } = await finalEndOf(kit, connection);
    const another = connection.unreadBytes > 0;
    if (another) {
      return {
        verdict: "advice",
        measured: "a request behind the one that said close was answered, too",
        values,
        consequence:
          "What follows a close is to be ignored: it may be a request that its client has already sent elsewhere.",
        fix: "close-not-honoured",
        evidence,
      };
    }
    if (end === undefined)
      return {
        verdict: "info",
        measured: "the response arrived; the connection stays open",
        values,
        consequence: "",
        evidence,
      };
    if (end.manner === "rst") {
      return {
        verdict: "advice",
        measured: "the response arrived, and RST right behind it",
        values,
        consequence: "On a slower line the RST overtakes the response and destroys it.",
        fix: "close-with-reset",
        evidence,
      };
    }
    return {
      verdict: "pass",
      measured: `the response arrived, then ${endWords[end.manner]}${connection.hasResetAfterEnd ? " and RST" : ""}`,
      values,
      evidence,
    };
  },
};

const halfClose: Check = {
  id: "HW303",
  section: "closing",
  claim: "A client that closes its sending side behind its request still gets the response.",
  reference: "RFC 9112 section 9.6",
  consequence:
    "Simple clients (shell pipes into nc, some health checks and old proxies) get nothing and take the server for dead.",
  takes: "moment",
  async run(kit) {
    const connection = await kit.open();
    connection.send(kit.requests.of());
    connection.finish();
    const outcome = await connection.next("GET", kit.pace.answer_ms);
    const values = { is_served: outcome.kind === "answer" };
    const evidence = [connection];
    if (outcome.kind === "answer") return { verdict: "pass", measured: `served (${outcome.status})`, values, evidence };
    return { verdict: "advice", measured: outcomeWords(outcome), values, fix: "half-close-not-served", evidence };
  },
};

export const closingChecks: readonly Check[] = [closeLosesNothing, halfClose];
