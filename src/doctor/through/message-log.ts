/**
 * The messages that arrive on one connection, in order, also while they are still on their way.
 *
 * Read with the project's own strict readers, so what two neighbours could understand differently is refused, and the refusal is what
 * was found. What follows a refusal is not read. Deliberately absent: connections and time.
 */
import { BodyReader } from "../../wire/body-reader.ts";
import { type Framing, requestFraming, responseFraming } from "../../wire/framing.ts";
import { defaultHeadLimits } from "../../wire/head-reader.ts";
import type { Octets } from "../../wire/octets.ts";
import type { RefusalCode } from "../../wire/refusals.ts";
import { RequestHead } from "../../wire/request-head.ts";
import { responseHeadFor, toleranceKinds } from "../../wire/tolerance.ts";

/** Of each body so much is kept as text; all of it is counted. */
const BODY_KEPT_MAX = 65_536;

export interface Message {
  /** Start-line and fields, as they came. */
  readonly head: string;
  /** Of a request; a response: empty. */
  readonly method: string;
  readonly target: string;
  /** Of a response; a request: 0. */
  readonly status: number;
  readonly minorVersion: 0 | 1;
  /** In order, names in lowercase. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly framing: Framing["kind"];
  body: string;
  bodyBytes: number;
  trailers: readonly (readonly [name: string, value: string])[];
  isComplete: boolean;
}

/** The combined value of a field by its lowercase name; absent: undefined. */
export function fieldOf({ fields }: Pick<Message, "fields">, name: string): string | undefined {
  const values = fields.filter(([own]) => own === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** Whether `Connection` has this option. */
export function hasOption(message: Pick<Message, "fields">, option: string): boolean {
  const options = (fieldOf(message, "connection") ?? "").toLowerCase().split(",");
  return options.some((it) => it.trim() === option);
}

export class MessageLog {
  /** Requests, or final responses. */
  readonly messages: Message[] = [];
  readonly interims: Message[] = [];
  /** Why something cannot be read. */
  refusal: RefusalCode | undefined;
  private undue: string | undefined;
  private head: ReturnType<typeof responseHeadFor> | RequestHead | undefined;
  private body: BodyReader | undefined;
  private isRaw = false;
  private readonly reads: "requests" | "responses";
  /** Methods of the requests that were sent, whose responses have not begun: they decide whether there is a body. */
  private readonly methods: string[] = [];

  constructor(reads: "requests" | "responses") {
    this.reads = reads;
  }

  expect(method: string): void {
    this.methods.push(method);
  }

  /** What follows are no messages: a tunnel has begun. */
  stop(): void {
    this.isRaw = true;
  }

  /** What came although no response was due, in words. A farewell that says why it closes (400, 408) is in order. */
  get surplus(): string | undefined {
    return this.undue;
  }

  get latest(): Message | undefined {
    return this.messages.at(-1);
  }

  /** Bytes have arrived. @param onHead told of each head */
  read(octets: Octets, onHead: (text: string) => void): void {
    let position = 0;
    while (position < octets.length && this.refusal === undefined && !this.isRaw) {
      const { latest, body } = this;
      if (body === undefined || latest === undefined || latest.isComplete)
        position = this.readHead(octets, position, onHead);
      else position = this.readBody(octets, position, latest, body);
    }
  }

  /** The other side has closed in order: that ends a body whose end nothing else shows. */
  end(): void {
    if (this.body?.kind === "close" && this.body.endByClose() && this.latest !== undefined)
      this.latest.isComplete = true;
  }

  private readHead(octets: Octets, from: number, onHead: (text: string) => void): number {
    const isDue = this.reads === "requests" || this.methods.length > 0;
    this.head ??=
      this.reads === "requests"
        ? new RequestHead(defaultHeadLimits)
        : responseHeadFor(defaultHeadLimits, new Set(toleranceKinds));
    const { head } = this;
    const end = head.read(octets, from);
    if (end < 0) {
      this.refusal = head.refusal;
      if (!isDue) this.undue ??= NO_RESPONSE;
      return octets.length;
    }
    this.head = undefined;
    onHead(head.text);
    if (this.undue === NO_RESPONSE) this.undue = undefined;
    if (!isDue && !(head instanceof RequestHead) && !isFarewell(head.status))
      this.undue ??= `another response (${head.status})`;
    this.begin(head);
    return end;
  }

  private begin(head: ReturnType<typeof responseHeadFor> | RequestHead): void {
    const isRequest = head instanceof RequestHead;
    const isInterim = !isRequest && head.status < 200 && head.status !== 101;
    const framing = isRequest ? requestFraming(head) : responseFraming(head, this.methods[0] ?? "GET");
    if (typeof framing === "string") {
      this.refusal = framing;
      return;
    }
    const message: Message = {
      head: head.text,
      method: isRequest ? head.method : "",
      target: isRequest ? head.target : "",
      status: isRequest ? 0 : head.status,
      minorVersion: head.minorVersion,
      fields: fieldsOf(head.fields),
      framing: framing.kind,
      body: "",
      bodyBytes: 0,
      trailers: [],
      isComplete: isInterim || framing.kind === "none",
    };
    if (isInterim) {
      this.interims.push(message);
      return;
    }
    this.methods.shift();
    this.messages.push(message);
    this.body = BodyReader.for(framing, defaultHeadLimits);
    message.isComplete = this.body.isComplete;
    if (message.status === 101) this.isRaw = true;
  }

  private readBody(octets: Octets, from: number, message: Message, body: BodyReader): number {
    const end = body.read(octets, from, {
      onBodyOctets: (piece, start, stop) => {
        message.bodyBytes += stop - start;
        if (message.body.length < BODY_KEPT_MAX) message.body += piece.latin1Slice(start, stop);
      },
    });
    this.refusal = body.refusal;
    message.isComplete = body.isComplete;
    if (message.isComplete && body.trailers !== undefined) message.trailers = fieldsOf(body.trailers.fields);
    return end;
  }
}

function fieldsOf(table: RequestHead["fields"]): [string, string][] {
  return Array.from({ length: table.count }, (_, index) => [table.name(index).toLowerCase(), table.value(index)]);
}

const NO_RESPONSE = "bytes that are not a response";
const isFarewell = (status: number) => status === 400 || status === 408;

/** Whether a `Transfer-Encoding` stands in a head. */
export function isChunked({ fields }: Pick<Message, "fields">): boolean {
  return fields.some(([name]) => name === "transfer-encoding");
}
