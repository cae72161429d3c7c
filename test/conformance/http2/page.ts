/** Writes docs/conformance/http2.md: every case of HTTP/2 under its section, and what becomes of it. */
import type { Http2Case, Http2Group, Outcome } from "./case.ts";

export const HTTP2_PAGE = "http2.md";

const WRITTEN_BY = "<!-- Written by `npm run conformance:page`. Edit test/conformance/http2/, not this file. -->";

export function http2Page(groups: readonly Http2Group[]): string {
  const cases = groups.flatMap((group) => group.cases);
  const hidden = cases.filter(({ outcome }) => isHidden(outcome));
  return [
    "# Conformance: HTTP/2",
    "",
    WRITTEN_BY,
    "",
    "[all chapters](../conformance.md) · [what HTTP/2 in front does](../http2.md)",
    "",
    "What RFC 9113 section 8 and RFC 8441 ask of requests and responses. A case is the frames of one stream, written by hand, and what",
    "becomes of them at a raw origin, byte by byte. Each runs with its frames as a whole, byte by byte, with heads in several frames, and padded;",
    "afterwards the connection must carry another request. `npm run test:conformance` runs them, and `npm test`.",
    "",
    `${cases.length} cases. Of ${hidden.length} the runtime decides before hopwise hears of the request, so that no log line tells of them:`,
    "it resets the stream, or leaves a field out. Where a runtime lets one of them through, `field-list-malformed` (400) must refuse it: that is",
    "tested in `src/http2/field-list.test.ts`.",
    "",
    ...groups.flatMap(groupLines),
  ].join("\n");
}

function isHidden({ is }: Outcome): boolean {
  return is === "reset by the runtime" || is === "forwarded without the field";
}

function groupLines({ title, cases }: Http2Group): string[] {
  const rows = cases.map((it) => `| ${escaped(it.title)} | ${it.section.replace("RFC ", "")} | ${endOf(it)} |`);
  return [`## ${title}`, "", "| case | RFC | what becomes of it |", "|---|---|---|", ...rows, ""];
}

function endOf({ outcome }: Http2Case): string {
  switch (outcome.is) {
    case "forwarded":
      return "goes on";
    case "tunnel":
      return "becomes a tunnel";
    case "refused":
      return `${outcome.status} \`${outcome.reason}\``;
    case "reset by the runtime":
      return "the runtime resets the stream";
    case "forwarded without the field":
      return "the runtime leaves the field out; the rest goes on";
    case "reset in its body":
      return outcome.wholeAt === undefined
        ? "the stream is reset; the origin has nothing whole"
        : "the stream is reset; the origin has a request without content";
  }
}

function escaped(title: string): string {
  return title.replace(/[\\<>*_#[\]|]/g, (character) => `\\${character}`);
}
