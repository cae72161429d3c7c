/**
 * Persistence: whether a connection stays after a response, for both versions, and whether what is said about it holds.
 *
 * The worst that can be wrong here is a hang: a client that waits for a close which never comes.
 */
import { parseKeepAlive } from "../../connection/keep-alive-terms.ts";
import { Kind } from "../../wire/fields.ts";
import { type Check, type Result, unknown } from "../check.ts";
import type { Outcome, ProbeConnection } from "../probe/connection.ts";
import type { Kit } from "../probe/kit.ts";
import { isLast } from "../probe/last-response.ts";
import { endWords, outcomeWords, plural, seconds } from "../words.ts";
import { finalEndOf } from "./final-end.ts";

const persistsByDefault: Check = {
  id: "HW101",
  section: "persistence",
  claim: "An HTTP/1.1 connection stays open for the next request, unless a response says close.",
  reference: "RFC 9112 section 9.3",
  consequence: "Every request pays for a new connection, and with TLS for a handshake as well.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome: first } = await kit.openAndAsk();
    if (first.kind !== "answer") return unknown(`first request: ${outcomeWords(first)}`, connection);
    const evidence = [connection];
    if (isLast(first)) {
      const { end } = await finalEndOf(kit, connection);
      const why =
        first.minorVersion === 0
          ? "it answers as HTTP/1.0"
          : first.framing === "close"
            ? "only the close ends its responses"
            : "it says Connection: close";
      return {
        verdict: "advice",
        measured: `each response is the connection's last: ${why}${end === undefined ? ", and yet it stays open" : ""}`,
        values: { persists: false },
        fix: "persistence-off",
        evidence,
      };
    }
    const second = await connection.ask(kit.requests.of(), kit.pace.answer_ms);
    if (second.kind === "answer") {
      return {
        verdict: "pass",
        measured: "two requests were answered on one connection",
        values: { persists: true },
        evidence,
      };
    }
    return {
      verdict: "fail",
      measured: `the second request on a connection: ${outcomeWords(second)}; the response before it did not say close`,
      values: { persists: false },
      consequence:
        'Clients send their next request into a connection that is going away, and some of these fail as "socket hang up" or 502.',
      cap:
        second.kind === "none" && second.why === "timeout"
          ? HANG
          : { grade: "C", because: "connections end unannounced" },
      fix: "close-not-announced",
      evidence,
    };
  },
};

const HANG = { grade: "F", because: "a client hangs until a timeout ends it" } as const;

const closeHonoured: Check = {
  id: "HW102",
  section: "persistence",
  claim: "A request that says close gets a response that says close, and then the connection ends.",
  reference: "RFC 9112 section 9.6",
  consequence: "A client that waits for the end of its connection waits for a timeout, and connections pile up.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome } = await kit.openAndAsk({ fields: ["Connection: close"] });
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    const { end, after_ms, stayed } = await finalEndOf(kit, connection);
    const isAnnounced = outcome.options.close || (outcome.minorVersion === 0 && isLast(outcome));
    const values = {
      is_announced: isAnnounced,
      ...(end === undefined ? {} : { closed_after_ms: Math.round(after_ms), closed_with: end.manner }),
    };
    const evidence = [connection];
    if (end === undefined) {
      const measured = `${stayed} after the response, which ${isAnnounced ? "says" : "does not say"} close`;
      return {
        verdict: "fail",
        measured,
        values,
        cap: { grade: "D", because: "close is not honoured" },
        fix: "close-not-honoured",
        evidence,
      };
    }
    if (!isAnnounced) {
      return {
        verdict: "advice",
        measured: `closed with ${endWords[end.manner]}, but the response did not say Connection: close`,
        values,
        consequence: "A proxy that relays the response cannot tell that the connection behind it is gone.",
        fix: "close-not-announced",
        evidence,
      };
    }
    return {
      verdict: "pass",
      measured: `announced, and closed with ${endWords[end.manner]} at once`,
      values,
      evidence,
    };
  },
};

const http10Closes: Check = {
  id: "HW103",
  section: "persistence",
  claim: "A connection ends after the response to an HTTP/1.0 request that did not ask for keep-alive.",
  reference: "RFC 9112 section 9.3",
  consequence:
    "A client or proxy of HTTP/1.0 that waits for the close hangs: this is how the dumb proxy's clients hung.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome } = await kit.openAndAsk({ version: "1.0" });
    return judgedHttp10(kit, connection, outcome, false);
  },
};

const HTTP10_ASKING = { version: "1.0", fields: ["Connection: keep-alive"] } as const;

const http10KeepAlive: Check = {
  id: "HW104",
  section: "persistence",
  claim: "HTTP/1.0 keep-alive is agreed to in words and then kept, or refused in words and deeds.",
  reference: "RFC 9112 appendix C.2.2",
  consequence: "The client and the server disagree about whether their connection lives.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome } = await kit.openAndAsk(HTTP10_ASKING);
    return judgedHttp10(kit, connection, outcome, true);
  },
};

/** What was said about the connection of an HTTP/1.0 request, against what was done. */
async function judgedHttp10(
  kit: Kit,
  connection: ProbeConnection,
  outcome: Outcome,
  wasAsked: boolean,
): Promise<Result> {
  const evidence = [connection];
  if (outcome.kind === "none" && outcome.why === "timeout" && outcome.hasBegun) {
    const measured = "the response has no length and no close ends it";
    return { verdict: "fail", measured, values: { stays_open: true }, cap: HANG, fix: "http10-left-open", evidence };
  }
  if (outcome.kind !== "answer") {
    if (outcome.kind === "malformed" && outcome.refusal === "transfer-encoding-in-http10") {
      return {
        verdict: "fail",
        measured: "a chunked response to an HTTP/1.0 request, whose client does not know chunks",
        consequence: "The client takes chunk sizes for text.",
        fix: "framing-of-responses",
        evidence,
      };
    }
    return unknown(outcomeWords(outcome), connection);
  }
  if (outcome.status === 505 || outcome.status === 426) {
    return {
      verdict: "info",
      measured: `HTTP/1.0 is not served (${outcome.status})`,
      values: { serves_http10: false },
      consequence: "",
      evidence,
    };
  }
  const { keepAlive } = outcome.options;
  // What was agreed to is used at once: a wait would run into the idle timeout of an impatient server.
  if (wasAsked && keepAlive) return await agreementKept(kit, connection);
  const { end, stayed } = await finalEndOf(kit, connection);
  const values = { says_keep_alive: keepAlive, stays_open: end === undefined };
  if (end !== undefined) {
    if (keepAlive) return agreementBroken(endWords[end.manner], values, evidence);
    const measured = `${wasAsked ? "keep-alive is refused: " : ""}closed with ${endWords[end.manner]}`;
    return { verdict: wasAsked ? "info" : "pass", measured, values, consequence: "", evidence };
  }
  if (!wasAsked) {
    return {
      verdict: "fail",
      measured: `${stayed} after the response${keepAlive ? ", which says keep-alive unasked" : ""}`,
      values,
      cap: HANG,
      fix: "http10-left-open",
      evidence,
    };
  }
  const second = await connection.ask(kit.requests.of(HTTP10_ASKING), kit.pace.answer_ms);
  const measured = `the response does not say keep-alive, and the connection stays open${second.kind === "answer" ? " and serves another request" : ""}`;
  return {
    verdict: "fail",
    measured,
    values,
    cap: { grade: "D", because: "a client that was refused keep-alive waits for a close" },
    fix: "http10-left-open",
    evidence,
  };
}

/** It said keep-alive to a client of HTTP/1.0 that asked for it. */
async function agreementKept(kit: Kit, connection: ProbeConnection): Promise<Result> {
  const evidence = [connection];
  const second = await connection.ask(kit.requests.of(HTTP10_ASKING), kit.pace.answer_ms);
  const values = { says_keep_alive: true, stays_open: connection.end === undefined };
  if (second.kind === "answer") {
    return { verdict: "pass", measured: "agreed, and a second request was answered", values, evidence };
  }
  if (second.kind === "none" && second.why === "closed" && !second.hasBegun) {
    return agreementBroken(endWords[second.end?.manner ?? "fin"], values, evidence);
  }
  return {
    verdict: "fail",
    measured: `it says keep-alive, and the second request: ${outcomeWords(second)}`,
    values,
    cap:
      second.kind === "none" && second.why === "timeout"
        ? HANG
        : { grade: "C", because: "what is agreed to is not kept" },
    fix: "http10-left-open",
    evidence,
  };
}

function agreementBroken(end: string, values: Result["values"], evidence: readonly ProbeConnection[]): Result {
  const measured = `it says Connection: keep-alive, and closes with ${end}`;
  return { verdict: "fail", measured, values: { ...values }, fix: "close-not-announced", evidence };
}

const termsAdvertised: Check = {
  id: "HW105",
  section: "persistence",
  claim: "Responses say how long the connection may idle: Keep-Alive: timeout.",
  reference: "RFC 2068 section 19.7.1.1",
  consequence:
    "Clients must guess how long a connection lives; the ones that go by the hint (undici, Node's agent, HAProxy, hopwise) lose fewer races.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome } = await kit.openAndAsk({ fields: ["Connection: keep-alive"] });
    if (outcome.kind !== "answer") return unknown(outcomeWords(outcome), connection);
    const terms = termsOf(outcome.fields.valuesOf(Kind.keepAlive));
    const evidence = [connection];
    if (terms === undefined) {
      return {
        verdict: "info",
        measured: "nothing is advertised",
        values: { advertises: false },
        fix: "idle-timeout-not-advertised",
        evidence,
      };
    }
    const { timeout_ms, max } = terms;
    const said = [
      ...(timeout_ms === undefined ? [] : [`timeout ${seconds(timeout_ms)}`]),
      ...(max === undefined ? [] : [plural(max, "more request")]),
    ];
    const values = {
      advertises: true,
      ...(timeout_ms === undefined ? {} : { advertised_timeout_ms: timeout_ms }),
      ...(max === undefined ? {} : { advertised_max: max }),
    };
    if (outcome.options.close) {
      return {
        verdict: "advice",
        measured: `Keep-Alive beside Connection: close (${said.join(", ")})`,
        values,
        consequence:
          "One of the two is somebody else's: most often a proxy relays its origin's Keep-Alive, which concerns another connection.",
        fix: "close-not-announced",
        evidence,
      };
    }
    return { verdict: "pass", measured: `advertised: ${said.join(", ")}`, values, evidence };
  },
};

/** Keep-alive terms; nothing is said: undefined. */
export function termsOf(values: readonly string[]): ReturnType<typeof parseKeepAlive> | undefined {
  if (values.length === 0) return undefined;
  const terms = parseKeepAlive(values.join(","));
  return terms.timeout_ms === undefined && terms.max === undefined ? undefined : terms;
}

export const persistenceChecks: readonly Check[] = [
  persistsByDefault,
  closeHonoured,
  http10Closes,
  http10KeepAlive,
  termsAdvertised,
];
