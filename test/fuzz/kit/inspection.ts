/**
 * Everything that is asked of one input: no exception, the same outcome in pieces, Node's agreement, and a message that
 * goes on as it was meant. Inputs are inspected in batches, so that Node reads many in a few turns.
 */
import type { Framing } from "../../../src/wire/framing.ts";
import { RequestHead } from "../../../src/wire/request-head.ts";
import { ResponseHead } from "../../../src/wire/response-head.ts";
import {
  type Difference,
  differenceBetween,
  type KnownDifference,
  knownRequestDifferences,
  knownResponseDifferences,
} from "./differences.ts";
import { type NodeOutcome, NodeServer, readResponses } from "./node-parser.ts";
import { cutAt, escaped, octetByOctet, octets } from "./octets.ts";
import type { Random } from "./random.ts";
import { type StreamOptions, type StreamOutcome, streamOutcome } from "./reading.ts";
import { faultOfRequest, faultOfResponse, rewrittenRequest, rewrittenResponse } from "./rewriting.ts";

export interface Finding {
  /** Of the input in its batch. */
  readonly index: number;
  readonly what: string;
  readonly detail: string;
}

export interface Input {
  readonly text: string;
  /** Where pieces are cut. */
  readonly random: Random;
  /** For responses: the method that they answer. */
  readonly answers?: string;
}

const server = new NodeServer();

interface Accepted {
  readonly head: RequestHead | ResponseHead;
  readonly framing: Framing;
}

interface Read {
  readonly outcome: StreamOutcome;
  readonly accepted: readonly Accepted[];
}

export function readWhole(text: string, options: StreamOptions = {}): Read {
  const accepted: Accepted[] = [];
  const outcome = streamOutcome([octets(text)], {
    ...options,
    onHead: (head, framing) => accepted.push({ head, framing }),
  });
  return { outcome, accepted };
}

/** Reads the text in pieces. Returns the lengths of those that give another outcome; none: undefined. */
function segmentationFault({ text, random }: Input, whole: StreamOutcome, options: StreamOptions): string | undefined {
  const all = octets(text);
  const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(text.length + 1)).sort((a, b) => a - b);
  const ways = [cutAt(all, cuts)];
  if (random.chance(0.2)) ways.push(octetByOctet(all));
  for (const pieces of ways) {
    const outcome = streamOutcome(pieces, options);
    if (JSON.stringify(outcome) !== JSON.stringify(whole)) return pieces.map(({ length }) => length).join(", ");
  }
  return undefined;
}

const say = ({ kind, what, error }: Difference) => `${kind}: ${what}${error === undefined ? "" : ` (${error})`}`;

export class Inspection {
  /** How often what was seen. */
  readonly counts = new Map<string, number>();
  private findings: Finding[] = [];

  async requests(inputs: readonly Input[]): Promise<Finding[]> {
    const reads = inputs.map((input, index) => this.read(input, index, {}));
    const nodes = await server.read(inputs.map(({ text }) => text));
    const onward: { readonly index: number; readonly text: string }[] = [];
    for (const [index, { outcome, accepted }] of reads.entries()) {
      this.compare(index, inputs[index]?.text ?? "", outcome, nodes[index], knownRequestDifferences, "");
      for (const [at, { head, framing }] of accepted.entries()) {
        const message = outcome.messages[at];
        if (!(head instanceof RequestHead) || message?.isComplete !== true) continue;
        const rewritten = rewrittenRequest(head, message.body, index);
        if (rewritten === undefined) continue;
        this.count("rewritten");
        const fault = faultOfRequest(head, framing, message.body, rewritten);
        if (fault !== undefined) this.find(index, `as it goes on: ${fault}`, escaped(rewritten.text));
        onward.push({ index, text: rewritten.text });
      }
    }
    const read = await server.read(onward.map(({ text }) => text));
    const methods = knownRequestDifferences.filter(({ name }) => name.startsWith("method-"));
    for (const [at, { index, text }] of onward.entries()) {
      this.compare(index, text, readWhole(text).outcome, read[at], methods, "as it goes on, ");
    }
    return this.found();
  }

  async responses(inputs: readonly Input[]): Promise<Finding[]> {
    const methodOf = (index: number) => inputs[index]?.answers ?? "GET";
    const reads = inputs.map((input, index) => this.read(input, index, { answers: methodOf(index) }));
    const nodes = await readResponses(inputs.map(({ text }, index) => ({ text, method: methodOf(index) })));
    const onward: { readonly index: number; readonly text: string; readonly method: string }[] = [];
    for (const [index, { outcome, accepted }] of reads.entries()) {
      const method = methodOf(index);
      this.compare(index, inputs[index]?.text ?? "", outcome, nodes[index], knownResponseDifferences, `to ${method}, `);
      for (const [at, { head, framing }] of accepted.entries()) {
        const message = outcome.messages[at];
        if (!(head instanceof ResponseHead) || message === undefined) continue;
        if (!message.isComplete && message.framing !== "close") continue;
        const text = rewrittenResponse(head, framing, message.body, method, (index & 1) as 0 | 1);
        this.count("rewritten");
        const fault = faultOfResponse(head, message.body, method, text);
        if (fault !== undefined) this.find(index, `as it goes on: ${fault}`, escaped(text));
        if (head.status !== 101) onward.push({ index, text, method });
      }
    }
    const read = await readResponses(onward);
    for (const [at, { index, text, method }] of onward.entries()) {
      const { outcome } = readWhole(text, { answers: method });
      this.compare(index, text, outcome, read[at], [], `as it goes on to ${method}, `);
    }
    return this.found();
  }

  private read(input: Input, index: number, options: StreamOptions): Read {
    try {
      const read = readWhole(input.text, options);
      const fault = segmentationFault(input, read.outcome, options);
      if (fault !== undefined) this.find(index, "read otherwise in pieces", `pieces of ${fault} octets`);
      this.count(read.outcome.messages.length > 0 ? "accepted" : "refused or not complete");
      return read;
    } catch (error) {
      this.find(index, `an exception: ${String(error)}`, "");
      return { outcome: { messages: [], end: "more", headOctets: 0 }, accepted: [] };
    }
  }

  private compare(
    index: number,
    text: string,
    ours: StreamOutcome,
    node: NodeOutcome | undefined,
    known: readonly KnownDifference[],
    when: string,
  ): void {
    const difference = differenceBetween(ours, node ?? { messages: [], error: "nothing was read" });
    if (difference === undefined) return;
    const reason = known.find(({ applies }) => applies(difference, text));
    if (reason === undefined) this.find(index, `${when}${say(difference)}`, when.startsWith("as") ? escaped(text) : "");
    else this.count(`known: ${reason.name}`);
  }

  private find(index: number, what: string, detail: string): void {
    this.findings.push({ index, what, detail });
  }

  private found(): Finding[] {
    return this.findings.splice(0);
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
