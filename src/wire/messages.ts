/**
 * Messages as they are understood: what their start-lines say and a table of fields, apart from how they were read.
 *
 * Readers are these when they are done (request-head.ts, response-head.ts); others make them, or change them (field-changes.ts).
 * Deliberately absent: bodies; and connections, of which a message knows nothing.
 */
import type { FieldChanges } from "./field-changes.ts";
import type { FieldTable } from "./fields.ts";

interface Message {
  /** 0 for HTTP/1.0; 1 for HTTP/1.1 and any later HTTP/1. */
  readonly minorVersion: 0 | 1;
  /** The digit that was sent, from 0 to 9. */
  readonly receivedMinorVersion: number;
  /** As they were received. */
  readonly fields: FieldTable;
  /** Whether a field line must be written anew, not copied (folding, or a space before a colon). */
  readonly isIrregular: boolean;
  /** What goes on instead of some of the fields; all go on as they came: absent. */
  readonly changes?: FieldChanges | undefined;
  /** The start-line is not the one that was received with the fields. */
  readonly hasNewStartLine?: boolean;
}

export interface RequestMessage extends Message {
  readonly method: string;
  readonly target: string;
}

export interface ResponseMessage extends Message {
  readonly status: number;
  readonly reasonPhrase: string;
  /** Whether so much of it was tolerated that nothing may follow on its connection. */
  readonly isDoubtful: boolean;
}
