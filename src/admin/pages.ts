/**
 * The few pages that the admin server has of its own, beside the dashboard: where the token is asked for, and what is shown where the
 * dashboard was not built. Plain HTML: no script, and nothing that a request said.
 */
import { createHash } from "node:crypto";
import { version } from "../ledger/version.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 12vh auto 0; padding: 0 1rem; }
h1 { font-size: 1.25rem; }
input, button { font: inherit; padding: .5rem .75rem; box-sizing: border-box; }
input { width: 100%; margin: .25rem 0 .75rem; }
.problem { border-left: 4px solid #c62828; padding-left: .75rem; }
`;

/** Of the dashboard: its own files and the admin server's answers, and nothing else. */
export const DASHBOARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";
/** Of the pages here: their one style, and the one form. */
export const PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; ` +
  "form-action 'self'; frame-ancestors 'none'";

export const HTML = "text/html; charset=utf-8";

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}

/** @param problem what was wrong with the last try; there was none: undefined */
export function loginPage(problem?: string): string {
  return page(
    "hopwise: token for reading",
    `<h1>hopwise ${version}</h1>
<p>This proxy shows what it does to those who know its token. It stands in the file that was named at the start
(<code>--admin-read-token-file</code>).</p>
${problem === undefined ? "" : `<p class="problem" role="alert">${problem}</p>\n`}<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Show the dashboard</button>
</form>`,
  );
}

export const notBuiltPage = page(
  "hopwise: no dashboard here",
  `<h1>hopwise ${version}</h1>
<p>The dashboard is not here: this hopwise runs from its sources, and <code>npm run build</code> has not made it yet, or the files
of the package are not complete.</p>
<p>Everything that it would show is there for programs, too: <a href="/stats">/stats</a>,
<a href="/api/connections">/api/connections</a>, <a href="/api/exchanges">/api/exchanges</a>, <a href="/metrics">/metrics</a>; and in a
terminal with <code>hopwise top</code>.</p>`,
);
