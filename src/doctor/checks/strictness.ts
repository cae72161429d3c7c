/**
 * Messages that two neighbours may understand differently, which is how requests are smuggled. Only with `--intrusive`.
 *
 * Each hides a second request where one reading ends the first; a server that answers both has shown that it reads so. That is half of
 * an attack, which takes a neighbour that reads otherwise: so it caps the grade at D, not at F. Deliberately absent: that neighbour; see `--through`.
 */
import { type Check, type Result, unknown } from "../check.ts";
import type { Cap } from "../finding.ts";
import type { Kit } from "../probe/kit.ts";
import { endWords, outcomeWords } from "../words.ts";

interface Ambiguity {
  readonly id: string;
  readonly claim: string;
  readonly reference: string;
  readonly consequence: string;
  /** The whole request. */
  readonly bytes: (kit: Kit, hidden: string) => string;
  /** What it means if it is served all the same: the RFC lets it be mended, or forbids it. */
  readonly served: "allowed" | "forbidden" | "only-then-close";
  readonly cap: Cap;
  /** What it means if it waits for more; nothing: absent. */
  readonly waits?: string;
}

/** Longer than a refusal takes, also on a busy machine; shorter than servers wait for a body. */
const DECIDED_MS = 1_500;

const SMUGGLING =
  "A proxy in front that reads it the other way sends on, as part of one client's request, another that nobody checked.";

function post(kit: Kit, fields: readonly string[], body: string, version: "1.0" | "1.1" = "1.1"): string {
  const path = kit.settings.postPath;
  return kit.requests.of({
    method: path === undefined ? "GET" : "POST",
    ...(path === undefined ? {} : { path }),
    version,
    fields,
    body,
  });
}

const ambiguities: readonly Ambiguity[] = [
  {
    id: "HW701",
    claim: "A request with both Content-Length and Transfer-Encoding is refused, or the connection ends behind it.",
    reference: "RFC 9112 section 6.3",
    consequence: SMUGGLING,
    bytes: (kit, hidden) => {
      const body = `0\r\n\r\n${hidden}`;
      return post(kit, [`Content-Length: ${body.length}`, "Transfer-Encoding: chunked"], body);
    },
    served: "only-then-close",
    cap: { grade: "D", because: "ambiguous framing is served" },
  },
  {
    id: "HW702",
    claim: "A request with two different Content-Lengths is refused.",
    reference: "RFC 9112 section 6.3",
    consequence: SMUGGLING,
    bytes: (kit, hidden) => post(kit, ["Content-Length: 0", `Content-Length: ${hidden.length}`], hidden),
    served: "forbidden",
    cap: { grade: "D", because: "ambiguous framing is served" },
  },
  {
    id: "HW703",
    claim: "A field value that goes on in the next line is refused, or read with a space.",
    reference: "RFC 9112 section 5.2",
    consequence: "Two neighbours may read two different fields.",
    bytes: (kit) => kit.requests.of({ fields: ["X-Folded: one", " two"] }),
    served: "allowed",
    cap: { grade: "B", because: "obsolete folding is read" },
  },
  {
    id: "HW704",
    claim: "Lines that end with LF alone are refused; the RFC lets a server take them.",
    reference: "RFC 9112 section 2.2",
    consequence: "Two neighbours may see a different number of lines.",
    bytes: (kit) => kit.requests.of().replaceAll("\r\n", "\n"),
    served: "allowed",
    cap: { grade: "B", because: "bare LF ends lines" },
  },
  {
    id: "HW705",
    claim: "A bare CR in a field is refused, or read as a space.",
    reference: "RFC 9112 section 2.2",
    consequence: "A neighbour for whom CR ends a line reads another field behind it.",
    bytes: (kit, hidden) => post(kit, [`X-Bare: a\rContent-Length: ${hidden.length}`], ""),
    served: "allowed",
    waits: "it takes CR for the end of a line, and waits for the body that is announced behind it",
    cap: { grade: "D", because: "a bare CR ends a line" },
  },
  {
    id: "HW706",
    claim: "A space between a field's name and its colon is refused.",
    reference: "RFC 9112 section 5.1",
    consequence: SMUGGLING,
    bytes: (kit, hidden) => post(kit, [`Content-Length : ${hidden.length}`], hidden),
    served: "forbidden",
    cap: { grade: "D", because: "ambiguous framing is served" },
  },
  {
    id: "HW707",
    claim: "A request with two different Hosts is refused.",
    reference: "RFC 9112 section 3.2",
    consequence: "The proxy checks one site's rules, and the server serves another site.",
    bytes: (kit) => kit.requests.of({ fields: ["Host: hopwise-doctor.invalid"] }),
    served: "forbidden",
    cap: { grade: "C", because: "two Hosts are served" },
  },
  {
    id: "HW708",
    claim: "A transfer coding that nobody knows is refused.",
    reference: "RFC 9112 section 6.1",
    consequence: SMUGGLING,
    bytes: (kit, hidden) => post(kit, ["Transfer-Encoding: xchunked"], `0\r\n\r\n${hidden}`),
    served: "forbidden",
    cap: { grade: "D", because: "ambiguous framing is served" },
  },
  {
    id: "HW709",
    claim: "Transfer-Encoding in an HTTP/1.0 request is refused, or the connection ends behind it.",
    reference: "RFC 9112 section 6.1",
    consequence: SMUGGLING,
    bytes: (kit, hidden) =>
      post(kit, ["Connection: keep-alive", "Transfer-Encoding: chunked"], `0\r\n\r\n${hidden}`, "1.0"),
    served: "only-then-close",
    cap: { grade: "D", because: "ambiguous framing is served" },
  },
  {
    id: "HW710",
    claim: "A Content-Length with a sign is refused.",
    reference: "RFC 9110 section 8.6",
    consequence: SMUGGLING,
    bytes: (kit, hidden) => post(kit, [`Content-Length: +${hidden.length}`], hidden),
    served: "forbidden",
    cap: { grade: "D", because: "ambiguous framing is served" },
  },
  {
    id: "HW711",
    claim: "A chunk size that is not a plain hexadecimal number is refused, or the connection ends behind it.",
    reference: "RFC 9112 section 7.1",
    consequence: SMUGGLING,
    bytes: (kit, hidden) => post(kit, ["Transfer-Encoding: chunked"], `0x0\r\n\r\n${hidden}`),
    served: "only-then-close",
    cap: { grade: "D", because: "ambiguous framing is served" },
  },
];

async function judged(kit: Kit, ambiguity: Ambiguity): Promise<Result> {
  const hidden = kit.requests.of({ path: kit.requests.missingPath });
  const connection = await kit.open();
  connection.send(ambiguity.bytes(kit, hidden));
  const since_ms = kit.now();
  const outcome = await connection.next("GET", kit.pace.answer_ms);
  const evidence = [connection];
  // A refusal is decided at once. Who answers 408 or closes later has waited for more, and given up.
  const hasWaited = (connection.latestByte_ms ?? connection.end?.at_ms ?? kit.now()) - since_ms > DECIDED_MS;
  if (outcome.kind === "malformed") return unknown(outcomeWords(outcome), connection);
  if (outcome.kind === "none") {
    if (outcome.why === "closed" && !hasWaited) {
      const measured = `closed without a word (${outcomeWords(outcome)})`;
      return { verdict: "pass", measured, values: { is_served: false }, evidence };
    }
    return waited(
      ambiguity,
      outcome.why === "closed" ? `no response for a while, then closed` : "no response",
      evidence,
    );
  }
  if (outcome.status === 408 && hasWaited) return waited(ambiguity, "408 after a while", evidence);
  const values = { status: outcome.status, is_served: outcome.status < 400 };
  if (outcome.status >= 400 && outcome.status !== kit.baseline.status) {
    return { verdict: "pass", measured: `refused (${outcome.status})`, values, evidence };
  }
  await connection.idle(kit.pace.settle_ms / 2);
  const end = connection.end;
  const how = end === undefined ? "and the connection stays open" : `then ${endWords[end.manner]}`;
  const isAnsweredTwice =
    connection.unreadStart.startsWith("HTTP/1.") && !/^HTTP\/1\.\d 4(?:00|08)/.test(connection.unreadStart);
  if (isAnsweredTwice) {
    return {
      verdict: "fail",
      measured: "two responses: the hidden request was answered as well",
      values: { ...values, answered_twice: true },
      cap: ambiguity.cap,
      fix: "ambiguous-framing-accepted",
      evidence,
    };
  }
  const measured = `served (${outcome.status}), ${how}`;
  switch (ambiguity.served) {
    case "allowed":
      return { verdict: "info", measured, values, consequence: "", evidence };
    case "only-then-close":
      if (end !== undefined || outcome.options.close) return { verdict: "pass", measured, values, evidence };
      return { verdict: "fail", measured, values, cap: ambiguity.cap, fix: "ambiguous-framing-accepted", evidence };
    case "forbidden":
      // Nothing that was hidden has been read, and nothing else will be on this connection.
      if (end !== undefined) {
        return { verdict: "advice", measured, values, fix: "ambiguous-framing-accepted", evidence };
      }
      return { verdict: "fail", measured, values, cap: ambiguity.cap, fix: "ambiguous-framing-accepted", evidence };
  }
}

/** It took the message for the beginning of another. */
function waited({ waits, cap }: Ambiguity, what: string, evidence: Result["evidence"]): Result {
  const measured = `${what}: ${waits ?? "it waits for more"}`;
  const values = { is_served: false };
  const shown = evidence === undefined ? {} : { evidence };
  if (waits === undefined) return { verdict: "info", measured, values, ...shown };
  return { verdict: "fail", measured, values, cap, fix: "ambiguous-framing-accepted", ...shown };
}

export const strictnessChecks: readonly Check[] = ambiguities.map((ambiguity) => ({
  id: ambiguity.id,
  section: "strictness",
  claim: ambiguity.claim,
  reference: ambiguity.reference,
  consequence: ambiguity.consequence,
  needs: "intrusive",
  takes: "moment",
  run: (kit) => judged(kit, ambiguity),
}));
