/** Servers that are sick in one way each, and what the doctor says of them; and habits that the RFC leaves open. */
import type { Grade, Verdict } from "../../src/doctor/finding.ts";
import type { ExamineOptions } from "../../src/doctor/settings.ts";
import type { Manners } from "./mannered-server.ts";

/** Everything that may be asked for. */
export const all: ExamineOptions = { allowPost: "/upload", intrusive: true, load: 50, maxWait: "130s" };

export interface Sickness {
  readonly id: string;
  readonly manners: Partial<Manners>;
  readonly verdict: Verdict;
  readonly measured: string;
  /** What it leaves of the grade; no more than advice does: absent. */
  readonly grade?: Grade;
}

const lenient = (id: string) => ({ lenient: [id] });
/** Gives idle connections up sooner than the doctor waits for a close, as gunicorn does. */
export const impatient = { idle_ms: 1_200, terms: "timeout=1" };

export const sicknesses: readonly Sickness[] = [
  {
    id: "HW101",
    manners: { afterResponse: "says close" },
    verdict: "advice",
    measured: "each response is the connection's last: it says Connection: close",
  },
  {
    id: "HW101",
    manners: { afterResponse: "closes unannounced" },
    verdict: "fail",
    measured: "the second request on a connection: no response, FIN; the response before it did not say close",
    grade: "C",
  },
  {
    id: "HW101",
    manners: { afterResponse: "hangs" },
    verdict: "fail",
    measured:
      "the second request on a connection: no response, connection left open; the response before it did not say close",
    grade: "F",
  },
  {
    id: "HW102",
    manners: { onClose: "stays open" },
    verdict: "fail",
    measured: "still open 2.0 s after the response, which does not say close",
    grade: "D",
  },
  {
    id: "HW102",
    manners: { onClose: "closes" },
    verdict: "advice",
    measured: "closed with FIN, but the response did not say Connection: close",
  },
  {
    id: "HW102",
    manners: { ...impatient, onClose: "stays open" },
    verdict: "fail",
    measured: "open until its idle timeout ended it 1.2 s after the response, which does not say close",
    grade: "D",
  },
  {
    id: "HW103",
    manners: { ...impatient, http10: "stays open" },
    verdict: "fail",
    measured: "open until its idle timeout ended it 1.2 s after the response",
    grade: "F",
  },
  {
    id: "HW104",
    manners: { ...impatient, http10KeepAlive: "agrees and closes" },
    verdict: "fail",
    measured: "it says Connection: keep-alive, and closes with FIN",
    grade: "C",
  },
  {
    id: "HW104",
    manners: { ...impatient, http10KeepAlive: "refuses and stays open" },
    verdict: "fail",
    measured: "the response does not say keep-alive, and the connection stays open",
    grade: "D",
  },
  {
    id: "HW103",
    manners: { http10: "stays open" },
    verdict: "fail",
    measured: "still open 2.0 s after the response",
    grade: "F",
  },
  {
    id: "HW103",
    manners: { http10: "has no length and stays open" },
    verdict: "fail",
    measured: "the response has no length and no close ends it",
    grade: "F",
  },
  {
    id: "HW104",
    manners: { http10KeepAlive: "agrees and closes" },
    verdict: "fail",
    measured: "it says Connection: keep-alive, and closes with FIN",
    grade: "C",
  },
  {
    id: "HW104",
    manners: { http10KeepAlive: "refuses and stays open" },
    verdict: "fail",
    measured: "the response does not say keep-alive, and the connection stays open and serves another request",
    grade: "D",
  },
  {
    id: "HW201",
    manners: { idle_ms: 60_000 },
    verdict: "fail",
    measured: "advertised 70 s, closed after 60 s with FIN",
    grade: "D",
  },
  {
    id: "HW201",
    manners: { idle_ms: 33_000, terms: "", idleEnd: "deaf" },
    verdict: "fail",
    measured: "after 35 s a request gets no response on a connection that nobody closed; after 33 s it still did",
    grade: "D",
  },
  {
    id: "HW202",
    manners: { idle_ms: 60_000 },
    verdict: "advice",
    measured: "60 s is too short behind AWS ALB (60 s), nginx (60 s)",
  },
  {
    id: "HW203",
    manners: { requestsMax: 100, announcesLast: false },
    verdict: "fail",
    measured: "after 100 responses the connection ended, and the last one did not say close: no response, FIN",
    grade: "C",
  },
  {
    id: "HW203",
    manners: { requestsMax: 20 },
    verdict: "advice",
    measured: "20 requests on a connection; the last response says close",
  },
  {
    id: "HW204",
    manners: { firstByte_ms: Number.POSITIVE_INFINITY },
    verdict: "advice",
    measured: "still open after 130 s",
  },
  {
    id: "HW205",
    manners: { head_ms: Number.POSITIVE_INFINITY },
    verdict: "advice",
    measured: "still open after 130 s",
  },
  { id: "HW206", manners: { headTimeIsPerLine: true }, verdict: "advice", measured: "still open after 130 s" },
  { id: "HW301", manners: { idleEnd: "rst" }, verdict: "advice", measured: "RST" },
  {
    id: "HW301",
    manners: { idleEnd: "words" },
    verdict: "advice",
    measured: "FIN, with a response that nobody asked for before it",
  },
  {
    id: "HW302",
    manners: { behindClose: "cost the response" },
    verdict: "advice",
    measured: "400 instead of the response: bytes behind a request that says close cost the request itself",
  },
  {
    id: "HW302",
    manners: { behindClose: "reset" },
    verdict: "fail",
    measured: "the response did not arrive: no response, RST",
    grade: "C",
  },
  {
    id: "HW302",
    manners: { behindClose: "served" },
    verdict: "advice",
    measured: "a request behind the one that said close was answered, too",
  },
  { id: "HW303", manners: { servesHalfClosed: false }, verdict: "advice", measured: "no response, FIN" },
  {
    id: "HW401",
    manners: { body: "longer than its length" },
    verdict: "fail",
    measured: "3 bytes came behind the end of the response",
    grade: "F",
  },
  {
    id: "HW401",
    manners: { body: "shorter than its length" },
    verdict: "fail",
    measured: "its body is shorter than its head says: 200, cut short, FIN",
    grade: "D",
  },
  {
    id: "HW401",
    manners: { body: "bare LF" },
    verdict: "fail",
    measured: "readable only with tolerance: bare-lf",
    grade: "C",
  },
  {
    id: "HW401",
    manners: { body: "until close" },
    verdict: "advice",
    measured: "only the close of the connection ends it",
  },
  ...["Content-Length: 5", "Transfer-Encoding: chunked"].map((noContent) => ({
    id: "HW401",
    manners: { noContent },
    verdict: "fail" as const,
    measured: `204 with ${noContent}`,
    grade: "C" as const,
  })),
  {
    id: "HW401",
    manners: { noContent: "Content-Length: 0" },
    verdict: "advice",
    measured: "204 with Content-Length: 0",
  },
  {
    id: "HW403",
    manners: { head: "no length" },
    verdict: "advice",
    measured: "200 says Content-Length: 0; the page has 14 bytes",
  },
  {
    id: "HW404",
    manners: { notModified: "no length" },
    verdict: "advice",
    measured: "304 says Content-Length: 0; the page has 14 bytes",
  },
  {
    id: "HW402",
    manners: { pipelined: "out of order" },
    verdict: "fail",
    measured: "answered 404, 200, 200: not in the order in which they were sent",
    grade: "F",
  },
  {
    id: "HW402",
    manners: { pipelined: "first only" },
    verdict: "fail",
    measured: "1 of 3 were answered, then: no response, connection left open",
    grade: "D",
  },
  { id: "HW403", manners: { head: "body" }, verdict: "fail", measured: "14 bytes of a body followed", grade: "F" },
  {
    id: "HW404",
    manners: { notModified: "body" },
    verdict: "fail",
    measured: "14 bytes of a body followed",
    grade: "F",
  },
  {
    id: "HW405",
    manners: { expect: "ignored" },
    verdict: "advice",
    measured: "no answer within 1.0 s; with the body: 200",
  },
  {
    id: "HW406",
    manners: { unreadBody: "taken for a request" },
    verdict: "fail",
    measured: "the body was answered as a request: 95 bytes more",
    grade: "F",
  },
  {
    id: "HW407",
    manners: { largeUpload: "answered, then reset" },
    verdict: "advice",
    measured: "413 after 131072 bytes, and RST right behind it",
  },
  {
    id: "HW407",
    manners: { largeUpload: "answered and reset" },
    verdict: "fail",
    measured: "no response: RST after 131072 bytes",
    grade: "C",
  },
  {
    id: "HW501",
    manners: { missingPage: "closes unannounced" },
    verdict: "fail",
    measured: "404 without close, and the next request: no response, FIN",
    grade: "C",
  },
  { id: "HW502", manners: { resetsRefused: true }, verdict: "advice", measured: "400, and RST right behind it" },
  { id: "HW502", manners: { needsHost: false }, verdict: "advice", measured: "served (200)" },
  {
    id: "HW503",
    manners: { garbageCosts: "the responses before it" },
    verdict: "advice",
    measured: "the good request got: 400",
  },
  {
    id: "HW601",
    manners: { servesOneAtATime: true },
    verdict: "fail",
    measured: "another client was answered only once the silent connection was gone",
    grade: "D",
  },
  {
    id: "HW601",
    manners: { servesOneAtATime: true, firstByte_ms: 2_000 },
    verdict: "fail",
    measured: "another client was answered after 2.0 s, once the silent connection was given up",
    grade: "D",
  },
  {
    id: "HW601",
    manners: { servesOneAtATime: true, head_ms: 1_000 },
    verdict: "fail",
    measured: "another client was turned away (408), and answered once the silent connection was gone",
    grade: "D",
  },
  {
    id: "HW602",
    manners: { connectionsMax: 20 },
    verdict: "fail",
    measured: "20 idle connections, and the next client: no response, RST",
    grade: "D",
  },
  ...["HW701", "HW709"].map((id) => ({
    id,
    manners: lenient(id),
    verdict: "fail" as const,
    measured: "two responses: the hidden request was answered as well",
    grade: "D" as const,
  })),
  {
    id: "HW702",
    manners: lenient("HW702"),
    verdict: "fail",
    measured: "two responses: the hidden request was answered as well",
    grade: "D",
  },
  {
    id: "HW705",
    manners: lenient("HW705"),
    verdict: "fail",
    measured: "no response: it takes CR for the end of a line, and waits for the body that is announced behind it",
    grade: "D",
  },
  {
    id: "HW705",
    manners: { ...lenient("HW705"), body_ms: 3_000 },
    verdict: "fail",
    measured:
      "no response for a while, then closed: it takes CR for the end of a line, and waits for the body that is announced behind it",
    grade: "D",
  },
  {
    id: "HW705",
    manners: { lenient: ["HW705", "a body that is late"], body_ms: 3_000 },
    verdict: "fail",
    measured:
      "408 after a while: it takes CR for the end of a line, and waits for the body that is announced behind it",
    grade: "D",
  },
  {
    id: "HW706",
    manners: lenient("HW706"),
    verdict: "fail",
    measured: "served (200), and the connection stays open",
    grade: "D",
  },
  {
    id: "HW707",
    manners: lenient("HW707"),
    verdict: "fail",
    measured: "served (200), and the connection stays open",
    grade: "C",
  },
  { id: "HW708", manners: lenient("HW708"), verdict: "advice", measured: "served (200), then FIN" },
  {
    id: "HW710",
    manners: lenient("HW710"),
    verdict: "fail",
    measured: "served (200), and the connection stays open",
    grade: "D",
  },
  {
    id: "HW711",
    manners: lenient("HW711"),
    verdict: "fail",
    measured: "two responses: the hidden request was answered as well",
    grade: "D",
  },
];

/** What the RFC lets a server do either way is told, and not judged. */
export const told: readonly Omit<Sickness, "verdict">[] = [
  { id: "HW104", manners: { http10KeepAlive: "refuses" }, measured: "keep-alive is refused: closed with FIN" },
  { id: "HW105", manners: { terms: "" }, measured: "nothing is advertised" },
  { id: "HW201", manners: { idle_ms: 600_000 }, measured: "longer than 130 s, which is as long as was waited" },
  {
    id: "HW407",
    manners: { largeUpload: "read" },
    measured: "200 after all 8388608 bytes: nothing was answered early",
  },
  { id: "HW703", manners: lenient("HW703"), measured: "served (200), and the connection stays open" },
  { id: "HW704", manners: lenient("HW704"), measured: "served (200), and the connection stays open" },
  { id: "HW705", manners: lenient("HW705 as a space"), measured: "served (200), and the connection stays open" },
];
