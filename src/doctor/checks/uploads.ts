/**
 * Bodies: what a server does with those that it does not read, answers early to, or is asked about first. Only with a path that POST
 * requests may be sent to.
 */
import { type Check, unknown } from "../check.ts";
import { isLast } from "../probe/last-response.ts";
import { endWords, outcomeWords, plural, seconds } from "../words.ts";

const TYPE = "Content-Type: application/octet-stream";
/** A client waits about so long for 100 Continue before it sends its body all the same (curl: one second). */
const CONTINUE_MS = 1_000;
const UPLOAD_BYTES = 8 * 1_048_576;
const PIECE_BYTES = 65_536;
/*
 * A reset behind a response that arrived is advice: RFC 9112 section 9.6 describes the close in stages, and demands it nowhere. A response
 * that did not arrive is lost, and a failure.
 */
/** A server that takes nothing for so long has made up its mind. */
const STALL_MS = 3_000;

const expectContinue: Check = {
  id: "HW405",
  section: "messages",
  claim: "A client that asks before it sends its body is told to, or gets its response, within a second.",
  reference: "RFC 9110 section 10.1.1",
  consequence: "Uploads wait for a second each, because the client asks and nobody answers.",
  needs: "post",
  takes: "moment",
  async run(kit) {
    const path = kit.settings.postPath ?? "/";
    const connection = await kit.open();
    connection.send(
      kit.requests.of({ method: "POST", path, fields: [TYPE, "Content-Length: 4", "Expect: 100-continue"] }),
    );
    await connection.untilAnything(CONTINUE_MS);
    const wasTold = connection.unreadBytes > 0;
    const told = connection.unreadStart;
    connection.send("ping");
    const outcome = await connection.next("POST", kit.pace.answer_ms);
    const evidence = [connection];
    if (!wasTold) {
      const measured = `no answer within ${seconds(CONTINUE_MS)}; with the body: ${outcomeWords(outcome)}`;
      return { verdict: "advice", measured, values: { answers: false }, fix: "expect-ignored", evidence };
    }
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    const isContinue = /^HTTP\/1\.[01] 100/.test(told);
    return {
      verdict: "pass",
      measured: isContinue ? `100, then ${outcome.status}` : `${outcome.status} at once`,
      values: { answers: true, says_continue: isContinue },
      evidence,
    };
  },
};

const unreadBody: Check = {
  id: "HW406",
  section: "messages",
  claim: "A body that nobody read is not taken for the next request.",
  reference: "RFC 9112 section 9.3",
  consequence: "A client that can upload can put requests into the mouths of others: request smuggling.",
  needs: "post",
  takes: "moment",
  async run(kit) {
    const path = kit.settings.postPath ?? "/";
    const hidden = kit.requests.of({ path: kit.requests.missingPath });
    const connection = await kit.open();
    connection.send(
      kit.requests.of({ method: "POST", path, fields: [TYPE, `Content-Length: ${hidden.length}`], body: hidden }),
    );
    const outcome = await connection.next("POST", kit.pace.answer_ms);
    const evidence = [connection];
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    await connection.untilAnything(kit.pace.settle_ms / 2);
    const values = { status: outcome.status, surplus_bytes: connection.unreadBytes };
    if (connection.unreadBytes > 0) {
      return {
        verdict: "fail",
        measured: `the body was answered as a request: ${plural(connection.unreadBytes, "byte")} more`,
        values,
        cap: { grade: "F", because: "a body is taken for a request" },
        fix: "body-left-unread",
        evidence,
      };
    }
    const isOver = isLast(outcome) || connection.end !== undefined;
    return {
      verdict: "pass",
      measured: `${outcome.status}${isOver ? ", then close" : ", and nothing more"}`,
      values,
      evidence,
    };
  },
};

const earlyResponse: Check = {
  id: "HW407",
  section: "messages",
  claim: "A response that comes before a large upload is whole reaches the client.",
  reference: "RFC 9112 section 9.3",
  consequence:
    'A client that uploads too much sees "connection reset" instead of the reason (413, 401), and tries again and again.',
  needs: "post",
  takes: "moment",
  async run(kit) {
    const path = kit.settings.postPath ?? "/";
    const connection = await kit.open();
    connection.send(kit.requests.of({ method: "POST", path, fields: [TYPE, `Content-Length: ${UPLOAD_BYTES}`] }));
    let sent = 0;
    let stalled_ms = 0;
    while (
      sent < UPLOAD_BYTES &&
      connection.end === undefined &&
      connection.unreadBytes === 0 &&
      stalled_ms < STALL_MS
    ) {
      if (connection.socket.unsentBytes > PIECE_BYTES) {
        await connection.untilAnything(PAUSE_MS);
        stalled_ms = connection.socket.tookSome() ? 0 : stalled_ms + PAUSE_MS;
        continue;
      }
      connection.sendFilling(Math.min(PIECE_BYTES, UPLOAD_BYTES - sent), "body");
      sent += PIECE_BYTES;
      await connection.untilAnything(0);
    }
    const isEarly = sent < UPLOAD_BYTES;
    const outcome = await connection.next("POST", kit.pace.answer_ms);
    const evidence = [connection];
    const values = { sent_bytes: Math.min(sent, UPLOAD_BYTES), is_early: isEarly, outcome: outcomeWords(outcome) };
    if (outcome.kind !== "answer") {
      if (outcome.kind === "none" && outcome.why === "closed") {
        const measured = `no response: ${outcome.end === undefined ? "closed" : endWords[outcome.end.manner]} after ${plural(values.sent_bytes, "byte")}`;
        return {
          verdict: "fail",
          measured,
          values,
          cap: { grade: "C", because: "an early response is lost" },
          fix: "early-response-lost",
          evidence,
        };
      }
      return unknown(outcomeWords(outcome), connection);
    }
    if (!isEarly)
      return {
        verdict: "info",
        measured: `${outcome.status} after all ${plural(UPLOAD_BYTES, "byte")}: nothing was answered early`,
        values,
        consequence: "",
        evidence,
      };
    // A client further away hears of it late, and has sent more by then.
    if (connection.end?.manner !== "rst") connection.sendFilling(PIECE_BYTES, "body");
    if (await connection.untilReset(kit.pace.settle_ms / 2)) {
      return {
        verdict: "advice",
        measured: `${outcome.status} after ${plural(values.sent_bytes, "byte")}, and RST right behind it`,
        values: { ...values, was_reset: true },
        consequence:
          "A client that sends its whole upload before it reads (Python's http.client does) sees a reset instead of the reason; on a slower line every client does.",
        fix: "early-response-lost",
        evidence,
      };
    }
    return {
      verdict: "pass",
      measured: `${outcome.status} after ${plural(values.sent_bytes, "byte")}, and it arrived`,
      values,
      evidence,
    };
  },
};

const PAUSE_MS = 100;

export const uploadChecks: readonly Check[] = [expectContinue, unreadBody, earlyResponse];
