/**
 * Bodies as they go on, in either direction: framed anew, their octets uncopied.
 */
import type { Outbox } from "../net/outbox.ts";
import { CHUNK_END, chunkStart, lastChunk } from "../wire/chunk-writer.ts";
import type { FieldChanges } from "../wire/field-changes.ts";
import { Kind } from "../wire/fields.ts";
import { type KindSet, kindSet, linesLeft } from "../wire/head-writer.ts";
import type { Octets } from "../wire/octets.ts";
import type { Trailers } from "../wire/trailers.ts";

/** Adds a piece of a body: what lies from `from` to `to`. An empty piece adds nothing: in chunks it would be the end. */
export function addBodyPiece(outbox: Outbox, isChunked: boolean, octets: Octets, from: number, to: number): void {
  if (to === from) return;
  if (!isChunked) return outbox.addOctets(octets, from, to);
  outbox.addText(chunkStart(to - from));
  outbox.addOctets(octets, from, to);
  outbox.addText(CHUNK_END);
}

/** Adds the end of a chunked body with the trailers that may go on. */
export function addLastChunk(
  outbox: Outbox,
  trailers: Trailers | undefined,
  nominated: ReadonlySet<string>,
  changes?: FieldChanges,
): void {
  outbox.addText(lastChunk(trailers === undefined ? "" : trailerLines(trailers, nominated, changes)));
}

/** Every kind that is recognised decides framing, routing, identity or this hop: too late in a trailer. */
const CUT_KINDS: KindSet = kindSet(...Object.values(Kind).filter((kind) => kind !== Kind.other));
/** Others whose meaning is needed before the content (RFC 9110 section 6.5.1). */
const CUT_NAMES: ReadonlySet<string> = new Set([
  "age",
  "cache-control",
  "content-encoding",
  "content-range",
  "content-type",
  "expires",
  "location",
  "pragma",
  "range",
  "retry-after",
  "vary",
  "warning",
  "www-authenticate",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "if-range",
]);

/**
 * The lines of the trailers that may go on, each with its CRLF.
 *
 * @param changes of the head: what was said there, or taken away, does not come again behind the body, where some origins add it to the head
 */
export function trailerLines(trailers: Trailers, nominated: ReadonlySet<string>, changes?: FieldChanges): string {
  return linesLeft(trailers.fields, {
    changes,
    kinds: CUT_KINDS,
    nominated: nominated.size === 0 ? CUT_NAMES : new Set([...nominated, ...CUT_NAMES]),
    kept: 0,
    isIrregular: false,
  });
}

/** What may not go on in the trailers of a response: besides what is nominated, what was said otherwise, or taken away, in its head. */
export function notInTrailers(nominated: ReadonlySet<string>, changes: FieldChanges | undefined): ReadonlySet<string> {
  return changes === undefined ? nominated : new Set([...nominated, ...changes.replaced]);
}
