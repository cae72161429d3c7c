/**
 * What is known of one request: what its client means, what reached origins, what they meant to answer, what came back.
 *
 * The rules of law 4 (nothing is done twice) are checked here as requests arrive. Deliberately absent: bytes on wires.
 */
import { fail } from "./failure.ts";
import type { TunnelRecord } from "./tunnel-record.ts";

/** What an origin means to answer in one attempt. */
export interface Meant {
  readonly status: number;
  /** All of the body that the origin means, as it counts for the client. */
  readonly body: string;
  /** Whether a client may ever see this head: not when it is malformed or cut short. */
  readonly mayPass: boolean;
  /** Whether a client may ever see this response complete. */
  readonly mayComplete: boolean;
  /** The end-to-end field that must come back as it was sent. */
  readonly endField: string;
}

/** One arrival of a request at an origin. */
export class Arrival {
  readonly attempt: number;
  readonly where: string;
  meant: Meant | undefined;
  isComplete = false;
  /** A response began; from then on nobody may send the request again. */
  private readonly record: RequestRecord;
  private bodyBytes = 0;

  constructor(record: RequestRecord, attempt: number, where: string) {
    this.record = record;
    this.attempt = attempt;
    this.where = where;
  }

  onBody(piece: string): void {
    const { record } = this;
    if (!record.body.startsWith(piece, this.bodyBytes)) {
      fail("unambiguous-request", `the body of ${record.id} differs at ${this.bodyBytes}, at ${this.where}`);
    }
    this.bodyBytes += piece.length;
  }

  onComplete(): void {
    const { record } = this;
    this.isComplete = true;
    if (this.bodyBytes !== record.body.length) {
      const sizes = `${this.bodyBytes} of ${record.body.length} octets`;
      fail("truncation-is-visible", `${record.id} looks complete at ${this.where} with ${sizes}`);
    }
    if (record.mustNotComplete)
      fail("unambiguous-request", `${record.id} is malformed and looks complete to its origin`);
    if (!record.isSent) fail("unambiguous-request", `${record.id} is complete at ${this.where} before it was sent`);
  }
}

/** `answered` by an origin, `refused` by the proxy, cut off visibly, or closed without an answer. */
export type RequestOutcome = "answered" | "refused" | "poisoned" | "truncated" | "unanswered";

export interface RequestFacts {
  readonly id: string;
  readonly method: string;
  readonly minorVersion: 0 | 1;
  /** It comes on a stream of HTTP/2. */
  readonly isHttp2?: true;
  /** The request-target that origins see. */
  readonly path: string;
  readonly host: string;
  readonly framing: "none" | "length" | "chunked";
  readonly body: string;
  /** The octets that the client sends. */
  readonly headText: string;
  readonly bodyText: string;
  readonly expectsContinue: boolean;
  readonly saysClose: boolean;
  readonly saysKeepAlive: boolean;
  /** Fields that must reach the origin just so, in this order. */
  readonly endFields: readonly (readonly [name: string, value: string])[];
  readonly takesTrailers: boolean;
  /** Its credentials authenticate the connection that it goes on. */
  readonly logsIn: boolean;
  /** It asks for a tunnel. */
  readonly wantsTunnel: boolean;
  /** In HTTP/2, for one that speaks this; otherwise: absent. */
  readonly protocol?: string | undefined;
  /** Its body is malformed: it must never look complete to an origin. */
  readonly mustNotComplete: boolean;
  /** It is for what a route refuses, by whichever spelling: no origin may hear of it. */
  readonly isClosed: boolean;
}

const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

export class RequestRecord {
  readonly facts: RequestFacts;
  readonly arrivals: Arrival[] = [];
  clientAddress = "";
  /** The client's connection that it comes on. */
  clientName = "";
  /** The first octet has left the client. */
  isBegun = false;
  /** The last octet has left the client. */
  isSent = false;
  /** No fault excuses a failure. */
  mustSucceed = false;
  /** It comes behind a message after which nothing may be read. */
  mustNotArrive = false;
  /** Its client has given it up. */
  isCancelled = false;
  /** It asks for a tunnel over HTTP/2; it does not: undefined. */
  tunnel: TunnelRecord | undefined;
  outcome: RequestOutcome | undefined;

  constructor(facts: RequestFacts) {
    this.facts = facts;
  }

  get id(): string {
    return this.facts.id;
  }

  get body(): string {
    return this.facts.body;
  }

  get mustNotComplete(): boolean {
    return this.facts.mustNotComplete;
  }

  arrive(where: string): Arrival {
    const arrival = new Arrival(this, this.arrivals.length + 1, where);
    this.arrivals.push(arrival);
    if (this.facts.isClosed) fail("routes", `${this.id} reaches ${where} as ${this.facts.path}, which a route refuses`);
    if (this.mustNotArrive)
      fail("unambiguous-request", `${this.id} comes after the end of its connection, at ${where}`);
    const max = IDEMPOTENT.has(this.facts.method) ? 2 : 1;
    if (this.arrivals.length > max) {
      fail("nothing-twice", `${this.facts.method} ${this.id} reaches an origin ${this.arrivals.length} times`);
    }
    return arrival;
  }
}
