/**
 * A report as one page that stands on its own: no script, no request to anywhere, printable, and readable in a dark room.
 *
 * Everything a server said is hostile: all text passes `escapedHtml`, and a policy in the page forbids what would slip through.
 */
import type { Evidence, Finding } from "../finding.ts";
import type { Report } from "./report.ts";
import { atAGlance, bySection, countsText, gradeReasons, leadText, problemsOf, verdictWords } from "./summary.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --dim: #5c6570; --line: #d7dce1; --paper: #fff; --well: #18713a; --warn: #8a5a00; --bad: #b3261e; --code: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --dim: #9aa4ae; --line: #39414a; --paper: #15181b; --well: #6cc58a; --warn: #e0b04f; --bad: #ff8a80; --code: #1f2429; } }
body { margin: 0 auto; max-width: 56rem; padding: 2rem 1rem; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
.grade { float: right; font-size: 3rem; line-height: 1; font-weight: 700; margin-left: 1rem; }
.A, .B, .pass { color: var(--well); } .C, .D, .advice { color: var(--warn); } .E, .F, .fail { color: var(--bad); }
.dim, .info, .not-measurable { color: var(--dim); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
article { margin: 1rem 0; padding-left: .8rem; border-left: 4px solid var(--line); } article h3 { margin: 0; font-size: 1rem; } article p { margin: .3rem 0; }
pre { background: var(--code); padding: .6rem; overflow-x: auto; font-size: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; } code { background: var(--code); padding: 0 .2rem; }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } article, tr { break-inside: avoid; } }
`;

export function htmlReport(report: Report): string {
  const problems = problemsOf(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>hopwise doctor: ${escapedHtml(report.target)}, grade ${report.grade}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="grade ${report.grade}" aria-label="Grade ${report.grade}">${report.grade}</p>
<h1>${escapedHtml(report.target)}</h1>
<p class="dim">${escapedHtml(leadText(report))}. ${escapedHtml(report.startedAt)}, hopwise doctor ${escapedHtml(report.doctor.version)}.</p>
${report.isComplete ? "" : '<p class="advice">It was stopped: what follows is what was known by then.</p>'}
${gradeReasons(report)
  .map((reason) => `<p>${escapedHtml(reason)}.</p>`)
  .join("\n")}
<p>${escapedHtml(countsText(report))}.</p>
</header>
<main>
${tableOf(atAGlance(report))}
<h2>What to change</h2>
${problems.length === 0 ? "<p>Nothing.</p>" : problems.map(problemHtml).join("\n")}
${bySection(report.findings)
  .map(([title, findings]) => `<h2>${escapedHtml(title)}</h2>\n${findings.map(findingHtml).join("\n")}`)
  .join("\n")}
${report.skipped.length === 0 ? "" : `<h2>Not run</h2>\n${tableOf(report.skipped.map(({ id, claim, because }) => [id, `${claim} (${because})`] as const))}`}
</main>
</body>
</html>
`;
}

function problemHtml({ id, verdict, measured, consequence, fixes, reference }: Finding): string {
  const items = fixes.map(({ product, text, setting }) => {
    const code = setting === undefined ? "" : ` <code>${escapedHtml(setting)}</code>`;
    return `<li>${product === "any" ? "" : `${escapedHtml(product)}: `}${escapedHtml(text)}${code}</li>`;
  });
  return `<article><h3><a href="#${escapedHtml(id)}">${escapedHtml(id)}</a> <span class="${verdict}">${verdictWords[verdict]}</span> ${escapedHtml(measured)}</h3>
<p>${escapedHtml(consequence)}</p>${items.length === 0 ? "" : `<ul>${items.join("")}</ul>`}${reference === undefined ? "" : `<p class="dim">${escapedHtml(reference)}</p>`}</article>`;
}

function findingHtml({ id, verdict, claim, measured, evidence }: Finding): string {
  return `<article id="${escapedHtml(id)}"><h3>${escapedHtml(id)} <span class="${verdict}">${verdictWords[verdict]}</span> ${escapedHtml(measured)}</h3>
<p class="dim">${escapedHtml(claim)}</p>${evidence.map(evidenceHtml).join("")}</article>`;
}

function evidenceHtml({ connection, hop, lines }: Evidence): string {
  const text = lines.map(({ at_ms, direction, text: line }) => {
    const mark = direction === "sent" ? ">" : direction === "received" ? "<" : "*";
    return `${at_ms.toFixed(1).padStart(10)} ms ${mark} ${line}`;
  });
  return `<p class="dim">Connection ${connection}${hop === undefined ? "" : `, the ${hop}'s side`}</p><pre>${escapedHtml(text.join("\n"))}</pre>`;
}

function tableOf(rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  return `<table><tbody>${rows.map(([label, text]) => `<tr><th scope="row">${escapedHtml(label)}</th><td>${escapedHtml(text)}</td></tr>`).join("")}</tbody></table>`;
}

/** Text as it may stand in a page, also within quotes. Characters that turn the direction of reading are shown as marks. */
export function escapedHtml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
