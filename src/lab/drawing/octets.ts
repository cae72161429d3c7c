/**
 * The octets of a message as lines to look at: where each line ends on the wire, and which ones the step is about.
 *
 * Deliberately absent: what they mean.
 */

export interface OctetLine {
  /** Without its end. */
  readonly text: string;
  /** How it ended; nothing where the octets stop. */
  readonly end: "CRLF" | "LF" | "";
  readonly isEmphasised: boolean;
}

export function octetLines(octets: string, emphasis: readonly string[]): OctetLine[] {
  const about = new Set(emphasis.map(normal));
  return (octets.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => {
    const end = line.endsWith("\r\n") ? "CRLF" : line.endsWith("\n") ? "LF" : "";
    const text = end === "CRLF" ? line.slice(0, -2) : end === "LF" ? line.slice(0, -1) : line;
    return { text, end, isEmphasised: text !== "" && about.has(normal(text)) };
  });
}

const normal = (line: string) => line.trim().toLowerCase();
