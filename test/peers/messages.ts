/**
 * What an ordinary neighbour would make of octets: requests at an origin, responses at a client.
 *
 * As lenient as real ones are: what matters here is what a proxy lets through. Deliberately absent: judging it.
 */
export interface ArrivedRequest {
  readonly line: string;
  readonly method: string;
  readonly path: string;
  readonly fields: Fields;
  readonly head: string;
  readonly body: string;
  readonly trailers: string;
  readonly isComplete: boolean;
}

export interface ArrivedResponse {
  readonly status: number;
  readonly version: string;
  readonly fields: Fields;
  readonly head: string;
  readonly body: string;
  /** Whether its framing, and the way the connection ended, show that this is all of it. */
  readonly isComplete: boolean;
}

export class Fields {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }

  /** Values of a field, joined; absent: undefined. */
  get(name: string): string | undefined {
    const values = this.lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return line.slice(0, colon).trim().toLowerCase() === name ? [line.slice(colon + 1).trim()] : [];
    });
    return values.length === 0 ? undefined : values.join(", ");
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Whether a list field has a member. */
  lists(name: string, member: string): boolean {
    return (
      this.get(name)
        ?.toLowerCase()
        .split(/[ \t]*,[ \t]*/)
        .includes(member) ?? false
    );
  }
}

interface Body {
  readonly content: string;
  readonly trailers: string;
  readonly end: number;
  readonly isComplete: boolean;
}

/** Requests on one connection, the last one perhaps incomplete. */
export function requestsIn(octets: string): ArrivedRequest[] {
  const requests: ArrivedRequest[] = [];
  let position = 0;
  while (position < octets.length) {
    const headEnd = octets.indexOf("\r\n\r\n", position);
    if (headEnd < 0) break;
    const text = octets.slice(position, headEnd + 4);
    const [line = "", ...lines] = text.slice(0, -4).split("\r\n");
    const fields = new Fields(lines);
    const body = bodyAt(octets, headEnd + 4, fields, "none");
    const [method = "", path = ""] = line.split(" ");
    const { content, trailers, isComplete } = body;
    requests.push({ line, method, path, fields, head: text, body: content, trailers, isComplete });
    position = body.end;
  }
  return requests;
}

/** @param methods of the requests that are answered, in order; @param ended the connection ended in order */
export function responsesIn(octets: string, methods: readonly string[], ended: boolean): ArrivedResponse[] {
  const responses: ArrivedResponse[] = [];
  let position = 0;
  let answered = 0;
  while (position < octets.length) {
    const headEnd = octets.indexOf("\r\n\r\n", position);
    if (headEnd < 0) break;
    const text = octets.slice(position, headEnd + 4);
    const [line = "", ...lines] = text.slice(0, -4).split("\r\n");
    const [, version = "", status = ""] = /^(HTTP\/1\.[01]) (\d{3})/.exec(line) ?? [];
    const fields = new Fields(lines);
    const code = Number(status);
    const isBodiless = code < 200 || code === 204 || code === 304 || methods[answered] === "HEAD";
    const body = isBodiless
      ? { content: "", end: headEnd + 4, isComplete: true }
      : bodyAt(octets, headEnd + 4, fields, ended ? "close" : "open");
    responses.push({ status: code, version, fields, head: text, body: body.content, isComplete: body.isComplete });
    if (code >= 200) answered++;
    position = body.end;
  }
  return responses;
}

/** @param otherwise how a body without framing ends: there is none, by the close that has come, or not yet */
function bodyAt(octets: string, from: number, fields: Fields, otherwise: "none" | "close" | "open"): Body {
  const whole = (end: number, content: string, trailers = ""): Body => ({ content, trailers, end, isComplete: true });
  const cut = (content: string): Body => ({ content, trailers: "", end: octets.length, isComplete: false });
  if (fields.lists("transfer-encoding", "chunked")) {
    let content = "";
    for (let position = from; ; ) {
      const lineEnd = octets.indexOf("\r\n", position);
      const size = Number.parseInt(octets.slice(position, lineEnd), 16);
      if (lineEnd < 0 || Number.isNaN(size)) return cut(content);
      if (size === 0) {
        if (octets.startsWith("\r\n", lineEnd + 2)) return whole(lineEnd + 4, content);
        const end = octets.indexOf("\r\n\r\n", lineEnd + 2);
        return end < 0 ? cut(content) : whole(end + 4, content, octets.slice(lineEnd + 2, end));
      }
      content += octets.slice(lineEnd + 2, lineEnd + 2 + size);
      position = lineEnd + 2 + size + 2;
      if (position > octets.length) return cut(content);
    }
  }
  const length = fields.get("content-length");
  if (length !== undefined) {
    const end = from + Number.parseInt(length, 10);
    return octets.length < end ? cut(octets.slice(from)) : whole(end, octets.slice(from, end));
  }
  if (otherwise === "none") return whole(from, "");
  return otherwise === "close" ? whole(octets.length, octets.slice(from)) : cut(octets.slice(from));
}
