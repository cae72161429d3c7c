/**
 * Runs the readers of the wire room on octets in pieces and says in plain data what they made of them.
 */
import { expect } from "vitest";
import { persistenceAfter } from "../../../src/connection/persistence.ts";
import { BodyReader } from "../../../src/wire/body-reader.ts";
import { connectionOptionsOf, type FieldTable, type Kind, kindOf } from "../../../src/wire/fields.ts";
import {
  type BodyKind,
  type Framing,
  type FramingDecision,
  requestFraming,
  responseFraming,
} from "../../../src/wire/framing.ts";
import { defaultHeadLimits, type HeadLimits, type HeadReader } from "../../../src/wire/head-reader.ts";
import type { Octets } from "../../../src/wire/octets.ts";
import type { RefusalCode } from "../../../src/wire/refusals.ts";
import { RequestHead } from "../../../src/wire/request-head.ts";
import { ResponseHead } from "../../../src/wire/response-head.ts";
import { targetOf } from "../../../src/wire/target.ts";
import { octets, segmentations } from "./octets.ts";

export type FieldPairs = readonly (readonly [name: string, value: string])[];

export function pairsOf(fields: FieldTable): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < fields.count; index++) pairs.push([fields.name(index), fields.value(index)]);
  return pairs;
}

/** The kind of a field by its name alone. */
export function kindOfName(name: string): Kind {
  return kindOf(octets(name), 0, name.length, /[^a-z0-9-]/i.test(name));
}

/** Feeds a section reader; returns where the section ends in all octets together, or -1. */
export function feedHead(reader: HeadReader, pieces: readonly Octets[]): number {
  let before = 0;
  for (const piece of pieces) {
    const end = reader.read(piece, 0);
    if (end >= 0) return before + end;
    if (reader.refusal !== undefined) return -1;
    before += piece.length;
  }
  return -1;
}

/** What a section reader made of its octets. */
export type SectionOutcome<Parts> =
  | (Parts & { readonly fields: FieldPairs; readonly end: number })
  | { readonly refused: RefusalCode }
  | "incomplete";

export function sectionOutcome<Parts, Reader extends HeadReader>(
  reader: Reader,
  pieces: readonly Octets[],
  partsOf: (reader: Reader) => Parts,
): SectionOutcome<Parts> {
  const end = feedHead(reader, pieces);
  if (reader.refusal !== undefined) return { refused: reader.refusal };
  if (end < 0) return "incomplete";
  return { ...partsOf(reader), fields: pairsOf(reader.fields), end };
}

/** Runs `read` on every segmentation of `bytes`, requires that all agree, and returns the one result. */
export function readInEveryWay<Result>(bytes: string, read: (pieces: Octets[]) => Result): Result {
  const all = octets(bytes);
  const whole = read([all]);
  for (const { name, pieces } of segmentations(all)) expect(read(pieces), name).toStrictEqual(whole);
  return whole;
}

/** What a body reader made of its octets. */
export interface BodyOutcome {
  readonly body: string;
  readonly state: "complete" | "more" | RefusalCode;
  /** Octets behind the body. */
  readonly rest: string;
  readonly trailers: FieldPairs;
}

export function bodyOutcome(reader: BodyReader, pieces: readonly Octets[]): BodyOutcome {
  let body = "";
  let rest = "";
  const sink = {
    onBodyOctets(piece: Octets, from: number, to: number) {
      body += piece.latin1Slice(from, to);
    },
  };
  for (const piece of pieces) {
    if (reader.refusal !== undefined) break;
    const end = reader.read(piece, 0, sink);
    if (reader.refusal === undefined) rest += piece.latin1Slice(end);
  }
  return {
    body,
    state: reader.refusal ?? (reader.isComplete ? "complete" : "more"),
    rest,
    trailers: reader.trailers === undefined ? [] : pairsOf(reader.trailers.fields),
  };
}

/** One message as it was read, or as far as it was read. */
export interface ReadMessage {
  readonly start: readonly [string, string, number];
  readonly fields: FieldPairs;
  readonly framing: BodyKind;
  body: string;
  trailers: FieldPairs;
  isComplete: boolean;
}

/** All that was read from one side of a connection. */
export interface StreamOutcome {
  readonly messages: ReadMessage[];
  /** `more`: everything was taken and more may follow. `ended`: nothing after the last message is read. */
  end: "more" | "ended" | RefusalCode;
  /** Octets of a head that is not complete yet; skipped empty lines are none. */
  headOctets: number;
}

export interface StreamOptions {
  readonly limits?: HeadLimits;
  /** The method that a response answers; unset: requests are read. */
  readonly answers?: string;
  /** Told of every head whose message is accepted. */
  readonly onHead?: (head: RequestHead | ResponseHead, framing: Framing) => void;
}

/** Reads messages one after the other, as a connection does: persistence and tunnels end the reading. */
export class MessageStream {
  readonly outcome: StreamOutcome = { messages: [], end: "more", headOctets: 0 };
  private readonly options: StreamOptions;
  private readonly limits: HeadLimits;
  private head: RequestHead | ResponseHead | undefined;
  private body: BodyReader | undefined;
  private message: ReadMessage | undefined;
  /** Whether the present message is the last one. */
  private endsAfter = false;

  constructor(options: StreamOptions = {}) {
    this.options = options;
    this.limits = options.limits ?? defaultHeadLimits;
  }

  feed(piece: Octets): void {
    let position = 0;
    while (position < piece.length && this.outcome.end === "more") {
      position = this.message === undefined ? this.readHead(piece, position) : this.readBody(piece, position);
    }
  }

  private readHead(piece: Octets, from: number): number {
    this.head ??= this.options.answers === undefined ? new RequestHead(this.limits) : new ResponseHead(this.limits);
    const { head } = this;
    const end = head.read(piece, from);
    if (head.refusal !== undefined) return this.refuse(head.refusal, piece);
    if (end < 0) {
      this.outcome.headOctets = head.hasBegun ? 1 : 0;
      return piece.length;
    }
    this.head = undefined;
    this.outcome.headOctets = 0;
    const framing = this.framingOf(head);
    if (typeof framing === "string") return this.refuse(framing, piece);
    this.message = {
      start:
        head instanceof RequestHead
          ? [head.method, head.target, head.minorVersion]
          : [String(head.status), head.reasonPhrase, head.minorVersion],
      fields: pairsOf(head.fields),
      framing: framing.kind,
      body: "",
      trailers: [],
      isComplete: false,
    };
    this.outcome.messages.push(this.message);
    this.options.onHead?.(head, framing);
    this.body = new BodyReader(framing, this.limits);
    if (this.endsHere(head)) this.endsAfter = true;
    this.finishIfComplete();
    return end;
  }

  private framingOf(head: RequestHead | ResponseHead): FramingDecision {
    if (head instanceof ResponseHead) return responseFraming(head, this.options.answers ?? "GET");
    const framing = requestFraming(head);
    if (typeof framing === "string") return framing;
    const target = targetOf(head);
    return typeof target === "string" ? target : framing;
  }

  /** Whether nothing that follows this message on its connection is read as HTTP. */
  private endsHere(head: RequestHead | ResponseHead): boolean {
    if (head instanceof ResponseHead) return head.status >= 200 || head.status === 101;
    if (head.method === "CONNECT") return true;
    const { close, keepAlive } = connectionOptionsOf(head.fields);
    return !persistenceAfter({
      minorVersion: head.minorVersion,
      saysClose: close,
      saysKeepAlive: keepAlive,
      honoursHttp10KeepAlive: true,
    }).persists;
  }

  private readBody(piece: Octets, from: number): number {
    const { body, message } = this;
    if (body === undefined || message === undefined) throw new Error("a body is read after its head");
    const end = body.read(piece, from, {
      onBodyOctets(read, start, stop) {
        message.body += read.latin1Slice(start, stop);
      },
    });
    if (body.refusal !== undefined) return this.refuse(body.refusal, piece);
    this.finishIfComplete();
    return end;
  }

  private finishIfComplete(): void {
    const { body, message } = this;
    if (message === undefined || body?.isComplete !== true) return;
    message.isComplete = true;
    message.trailers = body.trailers === undefined ? [] : pairsOf(body.trailers.fields);
    this.message = undefined;
    this.body = undefined;
    if (this.endsAfter) this.outcome.end = "ended";
  }

  private refuse(code: RefusalCode, piece: Octets): number {
    this.outcome.end = code;
    this.outcome.headOctets = 0;
    return piece.length;
  }
}

export function streamOutcome(pieces: readonly Octets[], options: StreamOptions = {}): StreamOutcome {
  const stream = new MessageStream(options);
  for (const piece of pieces) stream.feed(piece);
  return stream.outcome;
}
