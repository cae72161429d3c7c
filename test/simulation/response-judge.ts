/**
 * Judges what one client connection receives: each response must be well-formed, free of the other hop's affairs, and
 * belong to the request whose turn it is, octet by octet.
 *
 * Deliberately absent: sending requests, see clients.ts.
 */
import { fail } from "./failure.ts";
import type { Arrival, RequestRecord } from "./record.ts";
import type { Scene } from "./scene.ts";
import { membersOf, type ReaderEvents, type ReadFraming, type ReadHead, valuesOf } from "./strict-reader.ts";

/** Statuses that the proxy itself answers with. */
const OWN_STATUSES = new Set([400, 403, 408, 411, 413, 414, 417, 431, 501, 502, 503, 504, 505, 508]);

/** Fields of an origin's response that may arrive at a client, lowercase. */
const PASSING_FIELDS = new Set([
  "x-request-id",
  "x-attempt",
  "x-origin-end",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "date",
  "trailer",
  "via",
  "www-authenticate",
]);

const STATUS_LINE = /^HTTP\/1\.1 ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)$/;

/** What a client's connection is told about its responses. */
export interface JudgeOwner {
  readonly name: string;
  /** The request whose response is due; nothing was asked: undefined. */
  readonly due: RequestRecord | undefined;
  /** Whether something that is no request was sent last. */
  readonly hasSentEvil: boolean;
  /** Whether a response came on this connection before. */
  readonly hasBeenAnswered: boolean;
  onInterim(status: number): void;
  /** 101: what follows is a tunnel. */
  onSwitch(record: RequestRecord): void;
  /** @param persists whether the response leaves the connection open; @param terms_ms the advertised timeout */
  onAnswer(record: RequestRecord | undefined, persists: boolean, terms_ms: number | undefined): void;
}

interface Response {
  readonly status: number;
  readonly record: RequestRecord | undefined;
  /** Which attempt at an origin this answers; answered by the proxy: undefined. */
  readonly arrival: Arrival | undefined;
  readonly isPoison: boolean;
  readonly persists: boolean;
  readonly terms_ms: number | undefined;
  readonly isCloseDelimited: boolean;
}

export class ResponseJudge implements ReaderEvents {
  /** The final response in progress. */
  private response: Response | undefined;
  private bodyBytes = 0;
  private isInterim = false;
  private lastMax: number | undefined;
  private hasAnnouncedClose = false;
  private readonly scene: Scene;
  private readonly owner: JudgeOwner;

  constructor(scene: Scene, owner: JudgeOwner) {
    this.scene = scene;
    this.owner = owner;
  }

  /** Whether the end of the stream ends the response in progress. */
  get isCloseDelimited(): boolean {
    return this.response?.isCloseDelimited === true;
  }

  get isInBody(): boolean {
    return this.response !== undefined;
  }

  onHead(head: ReadHead): ReadFraming {
    const { owner } = this;
    const parts = STATUS_LINE.exec(head.startLine);
    if (parts === null) fail("well-formed-response", `${owner.name} gets a status-line "${head.startLine}"`);
    const status = Number(parts[1]);
    const record = owner.due;
    if (this.hasAnnouncedClose) fail("well-formed-response", `${owner.name} gets a response behind a last one`);
    this.checkHopFields(head, record, status);
    if (status < 200) return this.onInterimHead(status, head, record);
    const isOwn = valuesOf(head.fields, "proxy-status").length > 0;
    const isPoison = !isOwn && valuesOf(head.fields, "x-evil").length > 0;
    if (!isOwn && !isPoison) this.checkVia(head);
    if (record === undefined && !(isOwn && this.mayComeUnasked(status))) {
      fail("response-belongs-to-request", `${owner.name} gets a response (${status}) and has asked for nothing`);
    }
    let arrival: Arrival | undefined;
    if (isOwn) this.checkOwn(status, head, record);
    else if (!isPoison && record !== undefined) arrival = this.checkOrigin(status, head, record);
    const framing = this.framing(status, head, record);
    const options = membersOf(head.fields, "connection");
    const persists = record !== undefined && this.persists(record, options);
    if (framing.kind === "close" && persists) {
      fail("well-formed-response", `${owner.name} gets a body without an end on a persistent connection`);
    }
    this.bodyBytes = 0;
    this.isInterim = false;
    this.hasAnnouncedClose = !persists;
    const terms_ms = this.checkTerms(head, options, record, persists);
    const isCloseDelimited = framing.kind === "close";
    this.response = { status, record, arrival, isPoison, persists, terms_ms, isCloseDelimited };
    return framing;
  }

  private mayComeUnasked(status: number): boolean {
    return this.owner.hasSentEvil || (status === 503 && !this.owner.hasBeenAnswered);
  }

  private persists(record: RequestRecord, options: readonly string[]): boolean {
    if (options.includes("close")) return false;
    const isForward = this.scene.settings.forward !== undefined;
    if (isForward && (record.facts.minorVersion === 0 || options.includes("keep-alive"))) {
      fail("hop-by-hop", `${this.owner.name} is promised persistence by a forward proxy`);
    }
    return record.facts.minorVersion === 1 || options.includes("keep-alive");
  }

  /** A forward proxy names itself in responses, too; a gateway does not. */
  private checkVia(head: ReadHead): void {
    const { forward, viaName } = this.scene.settings;
    const via = valuesOf(head.fields, "via").join();
    if (forward === undefined ? via !== "" : via !== `1.1 ${viaName}` && via !== `1.0 ${viaName}`) {
      fail("hop-by-hop", `${this.owner.name} is told Via: ${via}`);
    }
  }

  private onInterimHead(status: number, head: ReadHead, record: RequestRecord | undefined): ReadFraming {
    const { owner } = this;
    if (record === undefined) fail("response-belongs-to-request", `${owner.name} gets an unasked ${status}`);
    if (record.facts.minorVersion === 0) fail("well-formed-response", `${owner.name} is HTTP/1.0 and gets a ${status}`);
    if (status === 101 && !record.facts.wantsTunnel) fail("well-formed-response", `${owner.name} gets an unasked 101`);
    const [id = record.id] = valuesOf(head.fields, "x-request-id");
    if (id !== record.id)
      fail("response-belongs-to-request", `${owner.name} gets a ${status} of ${id} for ${record.id}`);
    this.isInterim = true;
    if (status === 101) owner.onSwitch(record);
    else owner.onInterim(status);
    return { kind: "none" };
  }

  /** Nothing of the upstream hop may be seen here, and what is said of this hop must make sense. */
  private checkHopFields(head: ReadHead, record: RequestRecord | undefined, status: number): void {
    const { owner } = this;
    for (const [name, value] of head.fields) {
      if (value.includes("secret-of-the-origin") || name.toLowerCase() === "proxy-connection") {
        fail("hop-by-hop", `${owner.name} is told "${name}: ${value}", which was said on the other hop`);
      }
    }
    const options = membersOf(head.fields, "connection").filter((option) => option !== "proxy-support");
    for (const option of options) {
      if (option !== "close" && option !== "keep-alive" && !(option === "upgrade" && status === 101)) {
        fail("hop-by-hop", `${owner.name} is told the connection option ${option}`);
      }
    }
    this.checkProxySupport(head, status);
    if (options.length > 1) fail("hop-by-hop", `${owner.name} is told ${options.join(" and ")}`);
    if (options.includes("keep-alive") && record?.facts.saysKeepAlive !== true) {
      fail("hop-by-hop", `${owner.name} is told keep-alive and did not ask for it`);
    }
  }

  /** A forward proxy says that it keeps logins apart, of this hop and where an origin asks for one; a gateway never does. */
  private checkProxySupport(head: ReadHead, status: number): void {
    const isAsked = status === 401 && valuesOf(head.fields, "www-authenticate").length > 0;
    const expected = isAsked && this.scene.settings.forward !== undefined ? "Session-Based-Authentication" : "";
    const isNominated = membersOf(head.fields, "connection").includes("proxy-support");
    if (valuesOf(head.fields, "proxy-support").join() !== expected || isNominated !== (expected !== "")) {
      fail("hop-by-hop", `${this.owner.name} is told Proxy-Support with a ${status}, or is not`);
    }
  }

  /** The terms are whole, and shorter than what is enforced. @returns the advertised timeout */
  private checkTerms(
    head: ReadHead,
    options: readonly string[],
    record: RequestRecord | undefined,
    persists: boolean,
  ): number | undefined {
    const { owner, scene } = this;
    const parameters = membersOf(head.fields, "keep-alive");
    if (parameters.length === 0) return undefined;
    if (!options.includes("keep-alive") || record?.facts.saysKeepAlive !== true || !persists) {
      fail("hop-by-hop", `${owner.name} gets terms and none were due`);
    }
    let timeout_ms: number | undefined;
    for (const parameter of parameters) {
      const [name, value = ""] = parameter.split("=");
      const number = Number(value);
      if (name === "timeout") timeout_ms = number * 1_000;
      else if (name !== "max") fail("hop-by-hop", `${owner.name} is told the term "${parameter}"`);
      else if (this.lastMax !== undefined && number !== this.lastMax - 1) {
        fail("well-formed-response", `${owner.name} is told max=${number} after max=${this.lastMax}`);
      } else this.lastMax = number;
    }
    if (timeout_ms !== undefined && timeout_ms >= scene.settings.keepAliveTimeout_ms) {
      fail("well-formed-response", `${owner.name} is told timeout=${timeout_ms / 1_000}, no less than is enforced`);
    }
    return timeout_ms;
  }

  private checkOwn(status: number, head: ReadHead, record: RequestRecord | undefined): void {
    const { owner, scene } = this;
    if (!OWN_STATUSES.has(status)) fail("well-formed-response", `the proxy answers ${status} to ${owner.name}`);
    const [via = ""] = valuesOf(head.fields, "proxy-status");
    if (!via.startsWith(`${scene.settings.viaName};`)) fail("well-formed-response", `a Proxy-Status "${via}"`);
    if (record?.mustSucceed) fail("liveness", `${record.id} is answered ${via} though nothing is faulty any more`);
  }

  private checkOrigin(status: number, head: ReadHead, record: RequestRecord): Arrival {
    const { owner } = this;
    const [id] = valuesOf(head.fields, "x-request-id");
    const [attempt = ""] = valuesOf(head.fields, "x-attempt");
    if (id !== record.id) {
      fail("response-belongs-to-request", `${owner.name} asked for ${record.id} and gets the response to ${id}`);
    }
    const arrival = record.arrivals[Number(attempt) - 1];
    const meant = arrival?.meant;
    if (arrival === undefined || meant === undefined) {
      fail("response-belongs-to-request", `nobody answered ${record.id} in attempt "${attempt}"`);
    }
    if (!meant.mayPass) fail("well-formed-response", `${owner.name} gets a malformed response to ${record.id}`);
    if (status !== meant.status)
      fail("response-belongs-to-request", `${record.id} becomes ${status}, not ${meant.status}`);
    const [endField] = valuesOf(head.fields, "x-origin-end");
    if (endField !== meant.endField) fail("hop-by-hop", `X-Origin-End becomes "${endField}", not "${meant.endField}"`);
    for (const [name] of head.fields) {
      if (!PASSING_FIELDS.has(name.toLowerCase()) && name !== "Proxy-Support")
        fail("hop-by-hop", `${owner.name} gets the field ${name}`);
    }
    if (valuesOf(head.fields, "date").length !== 1) fail("well-formed-response", `${owner.name} gets no single Date`);
    return arrival;
  }

  private framing(status: number, head: ReadHead, record: RequestRecord | undefined): ReadFraming {
    const { owner } = this;
    const lengths = valuesOf(head.fields, "content-length");
    const codings = valuesOf(head.fields, "transfer-encoding");
    const isAmbiguous = lengths.length > 1 || codings.length > 1 || (lengths.length > 0 && codings.length > 0);
    if (isAmbiguous) fail("well-formed-response", `${owner.name} gets ambiguous framing`);
    if (codings.length > 0 && (codings[0] !== "chunked" || record?.facts.minorVersion === 0)) {
      fail("well-formed-response", `${owner.name} gets the transfer coding ${codings[0]}`);
    }
    if (status === 204 && (lengths.length > 0 || codings.length > 0)) {
      fail("well-formed-response", `${owner.name} gets a 204 with a framing`);
    }
    if (record?.facts.method === "HEAD" || status === 204 || status === 304) return { kind: "none" };
    if (codings.length > 0) return { kind: "chunked" };
    const [length] = lengths;
    if (length === undefined) return { kind: "close" };
    if (!/^[0-9]{1,15}$/.test(length)) fail("well-formed-response", `${owner.name} gets a Content-Length ${length}`);
    return { kind: "length", length: Number(length) };
  }

  onBody(piece: string): void {
    const meant = this.response?.arrival?.meant;
    if (meant !== undefined && !meant.body.startsWith(piece, this.bodyBytes)) {
      const { id } = this.response?.record ?? { id: "" };
      fail("response-belongs-to-request", `the body of the response to ${id} differs at ${this.bodyBytes}`);
    }
    this.bodyBytes += piece.length;
  }

  onMessageEnd(trailers: ReadHead["fields"]): void {
    if (this.isInterim) {
      this.isInterim = false;
      return;
    }
    const { response, owner } = this;
    if (response === undefined) throw new Error("a response ends that did not begin");
    this.response = undefined;
    const { record, arrival } = response;
    for (const [name] of trailers) {
      if (name.toLowerCase() !== "x-sum") fail("hop-by-hop", `${owner.name} gets the trailer ${name}`);
    }
    const meant = arrival?.meant;
    if (record !== undefined && meant !== undefined) {
      const expected = record.facts.method === "HEAD" ? 0 : meant.body.length;
      if (!meant.mayComplete || this.bodyBytes !== expected) {
        fail("truncation-is-visible", `${record.id} looks complete with ${this.bodyBytes} of ${expected} octets`);
      }
    }
    if (record !== undefined) {
      record.outcome = response.isPoison ? "poisoned" : arrival === undefined ? "refused" : "answered";
    }
    owner.onAnswer(record, response.persists, response.terms_ms);
  }
}
