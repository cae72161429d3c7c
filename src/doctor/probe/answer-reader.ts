/**
 * Reads one response to one request from bytes as they come, with the project's own readers, and says where it ended.
 *
 * Strict but for two faults that real servers have in their heads (bare LF, control characters), which are told as tolerated. What
 * follows a response is the next one's, or nobody's: who asked decides. Deliberately absent: connections and time.
 */
import { BodyReader } from "../../wire/body-reader.ts";
import { type ConnectionOptions, connectionOptionsOf, type FieldTable } from "../../wire/fields.ts";
import { type Framing, responseFraming } from "../../wire/framing.ts";
import { defaultHeadLimits } from "../../wire/head-reader.ts";
import type { Octets } from "../../wire/octets.ts";
import { readableAnswer } from "../../wire/readable.ts";
import type { RefusalCode } from "../../wire/refusals.ts";
import type { ResponseHead } from "../../wire/response-head.ts";
import { responseHeadFor, type ToleranceKind, toleranceKinds } from "../../wire/tolerance.ts";

/** Interim responses before a final one: more is a flood. */
const INTERIMS_MAX = 32;
const tolerated: ReadonlySet<ToleranceKind> = new Set(toleranceKinds);

/** Why a response cannot be taken: the readers' word. */
export type AnswerRefusal = RefusalCode | "too-many-interims" | "upgrade-unexpected";

/** A whole response. */
export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  readonly minorVersion: 0 | 1;
  readonly fields: FieldTable;
  readonly options: ConnectionOptions;
  /** How its end is known. */
  readonly framing: Framing["kind"];
  readonly bodyBytes: number;
  /** Statuses of the interim responses before it. */
  readonly interims: readonly number[];
  readonly tolerated: readonly ToleranceKind[];
}

/** Told about, for the transcript. */
export interface AnswerWitness {
  onHead(text: string): void;
}

export class AnswerReader {
  private readonly method: string;
  private readonly witness: AnswerWitness;
  private head: ResponseHead | undefined;
  private final: ResponseHead | undefined;
  private options: ConnectionOptions | undefined;
  private framing: Framing | undefined;
  private body: BodyReader | undefined;
  private readonly interims: number[] = [];
  private readonly mended = new Set<ToleranceKind>();
  bodyBytes = 0;
  /** Why it is refused, once it is. */
  refusal: AnswerRefusal | undefined;
  /** The beginning of what was refused, as it may be shown. */
  refusedStart = "";
  /** Any byte of it has come. */
  hasBegun = false;

  /** @param method the request's: it decides whether there is a body */
  constructor(method: string, witness: AnswerWitness) {
    this.method = method;
    this.witness = witness;
  }

  /** Of the final response; its head is not whole: undefined. */
  get status(): number | undefined {
    return this.final?.status;
  }

  get answer(): Answer | undefined {
    const { final, options, framing, body } = this;
    if (final === undefined || options === undefined || framing === undefined || body?.isComplete !== true) {
      return undefined;
    }
    return {
      kind: "answer",
      status: final.status,
      minorVersion: final.minorVersion,
      fields: final.fields,
      options,
      framing: framing.kind,
      bodyBytes: this.bodyBytes,
      interims: this.interims,
      tolerated: [...this.mended],
    };
  }

  get interimStatuses(): readonly number[] {
    return this.interims;
  }

  /** Reads on. Returns the position behind what belongs to this response; refused: the end. */
  read(octets: Octets): number {
    let position = 0;
    if (octets.length > 0) this.hasBegun = true;
    while (this.body === undefined) {
      this.head ??= responseHeadFor(defaultHeadLimits, tolerated);
      const { head } = this;
      position = head.read(octets, position);
      if (position < 0) {
        if (head.refusal !== undefined) this.refuse(head.refusal, octets);
        return octets.length;
      }
      for (const kind of head.tolerated) this.mended.add(kind);
      this.witness.onHead(head.text);
      if (head.status >= 200) this.begin(head);
      // No check asks for an upgrade: what follows is not HTTP, and no response comes.
      else if (head.status === 101) this.refusal = "upgrade-unexpected";
      else if (this.interims.push(head.status) > INTERIMS_MAX) this.refusal = "too-many-interims";
      this.head = undefined;
      if (this.refusal !== undefined) return octets.length;
      if (this.body === undefined && position === octets.length) return position;
    }
    const end = this.body.read(octets, position, this);
    if (this.body.refusal !== undefined) this.refusal = this.body.refusal;
    return end;
  }

  /** @internal */
  onBodyOctets(_octets: Octets, from: number, to: number): void {
    this.bodyBytes += to - from;
  }

  /** The server closed in order: whether that ends the response well. */
  endByClose(): boolean {
    return this.body?.endByClose() === true;
  }

  private begin(head: ResponseHead): void {
    this.final = head;
    const framing = responseFraming(head, this.method);
    if (typeof framing === "string") {
      this.refusal = framing;
      return;
    }
    this.options = connectionOptionsOf(head.fields);
    this.framing = framing;
    this.body = BodyReader.for(framing, defaultHeadLimits);
  }

  private refuse(refusal: RefusalCode, octets: Octets): void {
    this.refusal = refusal;
    this.refusedStart = readableAnswer(octets.latin1Slice(0, Math.min(octets.length, 200)));
  }
}
