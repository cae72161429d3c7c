/** Whether the end of each response is where its head says, and requests that come together are answered in order. */
import { type FieldTable, Kind } from "../../wire/fields.ts";
import { type Check, type Result, unknown } from "../check.ts";
import type { Answer } from "../probe/answer-reader.ts";
import type { Kit } from "../probe/kit.ts";
import { isLast } from "../probe/last-response.ts";
import { outcomeWords, plural } from "../words.ts";

const DESYNC = { grade: "F", because: "what one client is sent may reach another" } as const;

const framing: Check = {
  id: "HW401",
  section: "messages",
  claim: "A response says where it ends, and ends there.",
  reference: "RFC 9112 section 6.3",
  consequence: "Bytes behind a response are taken for the next one: through a proxy, somebody else gets them.",
  takes: "moment",
  async run(kit) {
    const { connection, outcome } = await kit.openAndAsk();
    const evidence = [connection];
    if (outcome.kind === "malformed") {
      return {
        verdict: "fail",
        measured: `the response cannot be read: ${outcome.refusal}`,
        values: { refusal: outcome.refusal },
        cap: DESYNC,
        fix: "framing-of-responses",
        evidence,
      };
    }
    if (outcome.kind !== "answer") {
      const measured =
        outcome.status === undefined
          ? outcomeWords(outcome)
          : `its body is shorter than its head says: ${outcomeWords(outcome)}`;
      return {
        verdict: "fail",
        measured,
        consequence: "Clients wait for bytes that never come, or take half a page for a whole one.",
        cap: { grade: "D", because: "responses are not whole" },
        fix: "framing-of-responses",
        evidence,
      };
    }
    await connection.untilAnything(SURPLUS_MS);
    const values = { framing: outcome.framing, body_bytes: outcome.bodyBytes };
    if (connection.unreadBytes > 0) {
      return {
        verdict: "fail",
        measured: `${plural(connection.unreadBytes, "byte")} came behind the end of the response`,
        values,
        cap: DESYNC,
        fix: "framing-of-responses",
        evidence,
      };
    }
    if (outcome.tolerated.length > 0) {
      return {
        verdict: "fail",
        measured: `readable only with tolerance: ${outcome.tolerated.join(", ")}`,
        values,
        consequence: "Strict clients and proxies answer 502 instead.",
        fix: "framing-of-responses",
        evidence,
      };
    }
    const stray = outcome.status === 204 ? framingWords(outcome.fields) : "";
    if (stray !== "") {
      const isEmpty = /^Content-Length: 0$/.test(stray);
      return {
        verdict: isEmpty ? "advice" : "fail",
        measured: `204 with ${stray}`,
        values,
        consequence: isEmpty
          ? "RFC 9110 section 8.6 forbids it, and strict neighbours may refuse the response."
          : "A client that goes by these fields waits for a body that never comes, or takes the next response for it.",
        fix: "framing-of-responses",
        evidence,
      };
    }
    if (outcome.framing === "close") {
      return {
        verdict: "advice",
        measured: "only the close of the connection ends it",
        values,
        consequence: "A response that was cut on its way looks whole, and its connection cannot be used again.",
        fix: "framing-of-responses",
        evidence,
      };
    }
    return {
      verdict: "pass",
      measured:
        outcome.framing === "length"
          ? `Content-Length, ${plural(outcome.bodyBytes, "byte")}`
          : outcome.framing === "chunked"
            ? "chunked"
            : "no body",
      values,
      evidence,
    };
  },
};

/** What a response says of a body, as a line; nothing: an empty string. */
function framingWords(fields: FieldTable): string {
  const codings = fields.valuesOf(Kind.transferEncoding).map((value) => `Transfer-Encoding: ${value}`);
  return [...fields.valuesOf(Kind.contentLength).map((value) => `Content-Length: ${value}`), ...codings].join(", ");
}

/** For bytes behind a response to show up. */
const SURPLUS_MS = 200;

const pipelining: Check = {
  id: "HW402",
  section: "messages",
  claim: "Requests that are sent together are answered one after the other, in their order.",
  reference: "RFC 9112 section 9.3.2",
  consequence: "A client that pipelines, or a proxy that sends on what it has, gets the wrong response for a request.",
  takes: "moment",
  async run(kit) {
    const result = await answersTogether(kit, ["GET", "HEAD", "GET"]);
    // Bodies with HEAD are another check's fault, and run into whatever comes behind them.
    const isOfHead = result.cap === DESYNC && !(await isHeadInOrder(kit));
    return isOfHead ? await answersTogether(kit, ["GET", "GET", "GET"]) : result;
  },
};

async function answersTogether(kit: Kit, methods: readonly ("GET" | "HEAD")[]): Promise<Result> {
  const connection = await kit.open();
  const paths = [kit.target.path, kit.target.path, kit.requests.missingPath];
  connection.send(methods.map((method, index) => kit.requests.of({ method, path: paths[index] ?? "/" })).join(""));
  const statuses: number[] = [];
  const evidence = [connection];
  for (const method of methods) {
    const outcome = await connection.next(method, kit.pace.answer_ms);
    if (outcome.kind !== "answer") {
      const measured = `${statuses.length} of ${methods.length} were answered, then: ${outcomeWords(outcome)}`;
      const values = { answered: statuses.length };
      if (outcome.kind === "malformed")
        return { verdict: "fail", measured, values, cap: DESYNC, fix: "pipelining-broken", evidence };
      if (statuses.length === 0) return { verdict: "fail", measured, values, fix: "pipelining-broken", evidence };
      const isHang = outcome.why === "timeout";
      return {
        verdict: isHang ? "fail" : "advice",
        measured,
        values,
        ...(isHang ? { cap: { grade: "D", because: "requests that came together are forgotten" } as const } : {}),
        fix: "pipelining-broken",
        evidence,
      };
    }
    statuses.push(outcome.status);
    if (isLast(outcome)) break;
  }
  const isWhole = statuses.length === methods.length;
  const { status } = kit.baseline;
  if (isWhole && statuses[0] !== status && statuses[2] === status) {
    return {
      verdict: "fail",
      measured: `answered ${statuses.join(", ")}: not in the order in which they were sent`,
      values: { answered: statuses.length },
      cap: DESYNC,
      fix: "pipelining-broken",
      evidence,
    };
  }
  const measured = isWhole
    ? `${plural(statuses.length, "response")} in order`
    : `answered ${statuses.length}, then close was said`;
  return {
    verdict: isWhole ? "pass" : "info",
    measured,
    values: { answered: statuses.length },
    consequence: "",
    evidence,
  };
}

const headHasNoBody: Check = {
  id: "HW403",
  section: "messages",
  claim: "The response to HEAD has no body, whatever its fields say.",
  reference: "RFC 9110 section 9.3.2",
  consequence: "The body is taken for the next response: through a proxy, somebody else gets it.",
  takes: "moment",
  run: (kit) => kit.once(measureHead),
};

const measureHead = (kit: Kit) => bodiless(kit, "HEAD", [], (status) => status !== 304);

/** Whether HEAD can stand for GET where many are asked for: not on a server that sends bodies with it, which would be blamed for something else. */
export async function isHeadInOrder(kit: Kit): Promise<boolean> {
  return (await kit.once(measureHead)).verdict !== "fail";
}

const notModified: Check = {
  id: "HW404",
  section: "messages",
  claim: "A 304 response has no body, and leaves the connection in order.",
  reference: "RFC 9110 section 15.4.5",
  consequence: "The body is taken for the next response: through a proxy, somebody else gets it.",
  takes: "moment",
  async run(kit) {
    const { fields } = kit.baseline;
    const [etag, modified] = [fields.get("etag"), fields.get("last-modified")];
    if (etag === undefined && modified === undefined)
      return unknown("the page has no ETag and no Last-Modified, so that nobody can ask whether it has changed");
    const condition = etag === undefined ? `If-Modified-Since: ${modified}` : `If-None-Match: ${etag}`;
    return await bodiless(kit, "GET", [condition], (status) => status === 304);
  },
};

/** A response that must not have a body, and what comes behind it. */
async function bodiless(
  kit: Kit,
  method: "GET" | "HEAD",
  fields: readonly string[],
  isMeant: (status: number) => boolean,
): Promise<Result> {
  const connection = await kit.open();
  const outcome = await connection.ask(kit.requests.of({ method, fields }), kit.pace.answer_ms, method);
  const evidence = [connection];
  if (outcome.kind === "malformed")
    return {
      verdict: "fail",
      measured: `the response cannot be read: ${outcome.refusal}`,
      cap: DESYNC,
      fix: "framing-of-responses",
      evidence,
    };
  if (outcome.kind !== "answer")
    return {
      verdict: "fail",
      measured: outcomeWords(outcome),
      consequence: "Clients that ask so wait until a timeout.",
      cap: { grade: "D", because: "some requests are not answered" },
      fix: "framing-of-responses",
      evidence,
    };
  if (!isMeant(outcome.status)) return unknown(`answered ${outcome.status}`, connection);
  await connection.untilAnything(SURPLUS_MS);
  const values = { status: outcome.status, body_bytes: connection.unreadBytes };
  if (connection.unreadBytes > 0) {
    return {
      verdict: "fail",
      measured: `${plural(connection.unreadBytes, "byte")} of a body followed`,
      values,
      cap: DESYNC,
      fix: "framing-of-responses",
      evidence,
    };
  }
  if (method === "HEAD" && outcome.fields.has(Kind.transferEncoding) && outcome.fields.has(Kind.contentLength)) {
    return {
      verdict: "fail",
      measured: "Content-Length beside Transfer-Encoding",
      values,
      fix: "framing-of-responses",
      evidence,
    };
  }
  const length = wrongLength(kit, outcome);
  if (length !== undefined) {
    return {
      verdict: "advice",
      measured: `${outcome.status} says Content-Length: ${length}; the page has ${plural(kit.baseline.bodyBytes, "byte")}`,
      values,
      consequence: "Caches and download managers take this length for the page's.",
      fix: "framing-of-responses",
      evidence,
    };
  }
  if (isLast(outcome))
    return { verdict: "pass", measured: `${outcome.status} without a body, then close`, values, evidence };
  const again = await connection.ask(kit.requests.of(), kit.pace.answer_ms);
  if (again.kind === "answer")
    return {
      verdict: "pass",
      measured: `${outcome.status} without a body, and the next request was answered`,
      values,
      evidence,
    };
  return {
    verdict: again.kind === "malformed" ? "fail" : "advice",
    measured: `${outcome.status} without a body, but the next request: ${outcomeWords(again)}`,
    values,
    ...(again.kind === "malformed" ? { cap: DESYNC } : {}),
    fix: "framing-of-responses",
    evidence,
  };
}

/** A length that is not the page's. HEAD of a page that is made anew each time may differ for a reason, but is not empty. */
function wrongLength({ baseline }: Kit, { status, fields }: Answer): string | undefined {
  const [length] = fields.valuesOf(Kind.contentLength);
  if (length === undefined || baseline.status !== 200 || baseline.bodyBytes === 0) return undefined;
  if (status === 304 && baseline.framing === "length")
    return Number(length) === baseline.bodyBytes ? undefined : length;
  return status === 200 && Number(length) === 0 ? length : undefined;
}

export const messageChecks: readonly Check[] = [framing, pipelining, headHasNoBody, notModified];
