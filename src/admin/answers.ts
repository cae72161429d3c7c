/**
 * What the admin server answers to which path. A function from request to answer: no sockets, no server.
 *
 * It shows figures and changes nothing. Deliberately absent: access for pages of other origins (CORS): their requests are
 * refused.
 */
import { isIP } from "node:net";
import { hostname } from "node:os";
import { shown } from "../config/values.ts";
import type { FigureSource } from "../ledger/figures.ts";
import { safeJson } from "../ledger/safe-json.ts";
import { statsFrom } from "../ledger/stats.ts";
import { version } from "../ledger/version.ts";

export interface AdminRequest {
  readonly method: string;
  /** The request-target, in origin-form or absolute-form. */
  readonly target: string;
  /** The values of `Host`. */
  readonly hosts: readonly string[];
  /** What a browser says of the page that asks (Fetch, Fetch Metadata); nothing: it is no browser, or the page is this one. */
  readonly origin?: string | undefined;
  readonly fetchSite?: string | undefined;
  readonly fetchMode?: string | undefined;
}

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly allow?: string;
}

export interface AdminFigures {
  readonly source: FigureSource;
  /** The host that was configured to listen on. */
  readonly host: string;
}

const pages = {
  "/healthz": "200 as long as the process answers",
  "/readyz": "200; 503 while the proxy drains",
  "/stats": "what happened, by hop and reason, as JSON",
  "/metrics": "the same for Prometheus",
} as const;

const index = `hopwise ${version}\n\n${Object.entries(pages)
  .map(([path, text]) => `${path.padEnd(10)} ${text}\n`)
  .join("")}`;

/** Of a path that is not there: most are as short. */
const PATH_SHOWN_MAX = 200;

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

export async function adminAnswer(request: AdminRequest, { source, host }: AdminFigures): Promise<AdminAnswer> {
  if (request.hosts.length > 1) return problem(400, "host-repeated", "Send one Host (RFC 9112 section 3.2).");
  // RFC 9112 section 3.2.2: a target with an authority replaces Host.
  const asked = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(request.target)?.[1] ?? request.hosts[0];
  if (!isOurHost(asked, host)) {
    const detail =
      "Use an IP address, localhost or this machine's name: others may be a web page's attempt to read this.";
    return problem(421, "misdirected", detail);
  }
  if (isFromElsewhere(request)) {
    return problem(
      403,
      "cross-origin",
      "A page of another origin asks for this: figures are for this machine's operators.",
    );
  }
  const path = pathOf(request.target);
  if (path !== "/" && !Object.hasOwn(pages, path)) {
    return problem(
      404,
      "not-found",
      `There is no "${shown(path.slice(0, PATH_SHOWN_MAX))}"; there are ${Object.keys(pages).join(", ")}.`,
    );
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...problem(405, "method-not-allowed", "Figures can only be read: use GET or HEAD."), allow: "GET, HEAD" };
  }
  switch (path as keyof typeof pages | "/") {
    case "/":
      return { status: 200, contentType: TEXT, body: index };
    case "/healthz":
      return { status: 200, contentType: TEXT, body: "ok\n" };
    case "/readyz":
      return source.isDraining
        ? { status: 503, contentType: TEXT, body: "draining\n" }
        : { status: 200, contentType: TEXT, body: "ready\n" };
    case "/stats":
      return {
        status: 200,
        contentType: JSON_TYPE,
        body: `${safeJson(statsFrom(await source.figures()), 2)}\n`,
      };
    case "/metrics": {
      // Most who run a proxy for a moment ask for none.
      const { metricsContentType, metricsText } = await import("../ledger/metrics.ts");
      return { status: 200, contentType: metricsContentType, body: await metricsText(await source.figures()) };
    }
  }
}

/**
 * Whether a request is meant for this server: a page of evil.example whose name was rebound to 127.0.0.1 still names
 * evil.example in `Host`. A name without a dot is nobody's to buy and to rebind. Clients without `Host` are no browsers.
 */
function isOurHost(host: string | undefined, configured: string): boolean {
  if (host === undefined) return true;
  const name = host
    .replace(/:[0-9]*$/, "")
    .replace(/\.$/, "")
    .toLowerCase();
  const address = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return (
    isIP(address) !== 0 ||
    /^[a-z0-9_-]+$/.test(name) ||
    [configured, hostname()].some((it) => it.toLowerCase() === name)
  );
}

/**
 * Whether a page from elsewhere asks in the background. It could not read the answer (there is no CORS), but learn from its
 * length and time, and make work. Following a link shows the figures to the person who follows it, and to nobody else.
 */
function isFromElsewhere({ origin, fetchSite, fetchMode }: AdminRequest): boolean {
  // Browsers send Origin with GET only where the page is of another one.
  if (origin !== undefined) return true;
  return (fetchSite === "cross-site" || fetchSite === "same-site") && fetchMode !== "navigate";
}

function pathOf(target: string): string {
  if (target.startsWith("/")) return target.replace(/[?#].*$/, "");
  return URL.canParse(target) ? new URL(target).pathname : target;
}

export function problem(status: number, reason: string, detail: string): AdminAnswer {
  return { status, contentType: JSON_TYPE, body: `${safeJson({ status, reason, detail })}\n` };
}
