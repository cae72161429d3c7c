/**
 * What the admin server answers to which path. A function from request to answer: no sockets, no server.
 *
 * It shows figures and the dashboard, and has the configuration read again for those who know the token. Deliberately absent: access for
 * pages of other origins (CORS): their requests are refused.
 */
import { HopwiseError } from "../config/error.ts";
import { shown } from "../config/values.ts";
import type { FigureSource } from "../ledger/figures.ts";
import { safeJson } from "../ledger/safe-json.ts";
import { statsFrom } from "../ledger/stats.ts";
import { version } from "../ledger/version.ts";
import type { WindowSource } from "../ledger/window.ts";
import { apiPages, discreet, originsAnswer, QueryError, rowsAnswer, type SharedWindow, type View } from "./api.ts";
import { type Asking, askedHost, isFromElsewhere, isOurHost, pathOf } from "./asking.ts";
import type { Dashboard, DashboardFile } from "./dashboard-files.ts";
import type { EventStream, StreamOutput } from "./event-stream.ts";
import { DASHBOARD_POLICY, HTML, loginPage, notBuiltPage, PAGE_POLICY } from "./pages.ts";
import type { Credentials, Readers, ReadRefusal } from "./readers.ts";

export interface AdminRequest extends Asking, Credentials {
  readonly lastEventId?: string | undefined;
  readonly accept?: string | undefined;
  /** Of the one request that has one that counts, see `LOGIN`. */
  readonly body?: string;
}

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Instead of the text. */
  readonly bytes?: Buffer;
  readonly allow?: string;
  /** Beside those that every answer has, or instead of them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** It goes on until somebody ends it. Returns how to leave. */
  readonly stream?: (output: StreamOutput) => () => void;
}

export interface AdminFigures {
  readonly source: FigureSource;
  /** The host that was configured to listen on. */
  readonly host: string;
  /** Single connections and exchanges. */
  readonly window?: { readonly source: WindowSource | SharedWindow; readonly events: EventStream } | undefined;
  /** What there is beside figures; several processes have none of it: absent. */
  readonly operator?: AdminOperator | undefined;
  /** Absent: anyone may read. */
  readonly readers?: Readers;
  /** How much is shown; absent: as little as there is. */
  readonly view?: View;
  /** Under which a browser keeps that its user may read. */
  readonly cookieName?: string;
  /** Not built: resolves to undefined. */
  readonly dashboard?: Promise<Dashboard | undefined>;
}

export interface AdminOperator {
  /** The configuration that is in use, without secrets. */
  config(): object;
  /** Reads the configuration again. @throws HopwiseError with all that is wrong */
  reload?(): Promise<object>;
  /** @param authorization what the request says of who asks */
  mayWrite?(authorization: string | undefined): boolean;
}

const pages = {
  "/healthz": "200 as long as the process answers",
  "/readyz": "200; 503 while the proxy drains",
  "/stats": "what happened, by hop and reason, as JSON",
  "/metrics": "the same for Prometheus",
  ...apiPages,
  "/config": "the configuration that is in use, without secrets, as JSON",
  "/reload": "POST, with the token: reads the configuration again",
} as const;
type Path = keyof typeof pages;

/** Where a browser sends the token for reading, with POST. */
export const LOGIN = "/login";
/** Balancers and service managers have no secrets. */
const open = new Set<string>(["/healthz", "/readyz"]);

function pathsFor(operator: AdminOperator | undefined): readonly Path[] {
  const paths = Object.keys(pages) as Path[];
  return paths.filter(
    (path) => (path !== "/config" || operator !== undefined) && (path !== "/reload" || operator?.reload !== undefined),
  );
}

function index(paths: readonly Path[]): string {
  const rows = paths.map((path) => `${path.padEnd(16)} ${pages[path]}\n`);
  return `hopwise ${version}\n\n${"/".padEnd(16)} in a browser: the dashboard\n${rows.join("")}`;
}

/** Of a path that is not there: most are as short. */
const PATH_SHOWN_MAX = 200;

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
const YEAR_SECONDS = 31_536_000;

export async function adminAnswer(request: AdminRequest, figures: AdminFigures): Promise<AdminAnswer> {
  const { host, operator, readers } = figures;
  if (request.hosts.length > 1) return problem(400, "host-repeated", "Send one Host (RFC 9112 section 3.2).");
  if (!isOurHost(askedHost(request), host)) {
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
  // Browsers ask for it beside whatever they show; the dashboard has an icon of its own.
  if (path === "/favicon.ico") return { status: 200, contentType: "image/x-icon", body: "" };
  if (path === LOGIN && readers?.areFew === true) return loginAnswer(request, readers, figures);
  const paths = pathsFor(operator);
  const file = path === "/" ? undefined : (await figures.dashboard)?.files.get(path);
  if (path !== "/" && file === undefined && !(paths as readonly string[]).includes(path)) {
    return problem(
      404,
      "not-found",
      `There is no "${shown(path.slice(0, PATH_SHOWN_MAX))}"; there are ${paths.join(", ")}.`,
    );
  }
  if (path === "/reload") return await reloadAnswer(request, figures);
  const mayWrite = (given: string | undefined) => operator?.mayWrite?.(given) === true;
  const refusal = open.has(path) ? undefined : readers?.refusal(request, cookieOf(figures), mayWrite);
  if (refusal !== undefined) return refused(refusal, path === "/" && wantsPage(request));
  if (request.method !== "GET" && request.method !== "HEAD") {
    return notAllowed("GET, HEAD", "Figures can only be read: use GET or HEAD.");
  }
  if (file !== undefined) return fileAnswer(file);
  if (path === "/") return await rootAnswer(request, figures, paths);
  return await pageAnswer(path as Exclude<Path, "/reload">, request, figures);
}

async function pageAnswer(
  path: Exclude<Path, "/reload">,
  request: AdminRequest,
  { source, window, operator, view }: AdminFigures,
): Promise<AdminAnswer> {
  switch (path) {
    case "/config":
      return { status: 200, contentType: JSON_TYPE, body: `${safeJson(operator?.config() ?? {}, 2)}\n` };
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
    case "/api/origins":
      return await askedAnswer(request, async (query) =>
        originsAnswer(query, statsFrom(await source.figures()).endpoints),
      );
    case "/api/connections":
    case "/api/exchanges":
    case "/api/events":
      return await windowAnswer(path, request, window, view);
  }
}

/** The dashboard for browsers, and what there is for everybody else. */
async function rootAnswer(
  request: AdminRequest,
  { dashboard }: AdminFigures,
  paths: readonly Path[],
): Promise<AdminAnswer> {
  const headers = { Vary: "Accept" };
  if (!wantsPage(request)) return { status: 200, contentType: TEXT, body: index(paths), headers };
  const page = (await dashboard)?.page;
  if (page === undefined) return { ...htmlAnswer(503, notBuiltPage), headers: { ...headers, ...PAGE_HEADERS } };
  return { ...fileAnswer(page), headers: { ...headers, "Content-Security-Policy": DASHBOARD_POLICY } };
}

function wantsPage({ accept = "" }: AdminRequest): boolean {
  return /\btext\/html\b/i.test(accept);
}

/** With `no-referrer` browsers send `Origin: null` along with a form (Fetch, section 3.1), which is nobody's. */
const PAGE_HEADERS = { "Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "same-origin" };

function htmlAnswer(status: number, body: string): AdminAnswer {
  return { status, contentType: HTML, body, headers: PAGE_HEADERS };
}

function fileAnswer({ contentType, bytes, isImmutable }: DashboardFile): AdminAnswer {
  const headers: Record<string, string> = isImmutable
    ? { "Cache-Control": `private, max-age=${YEAR_SECONDS}, immutable` }
    : {};
  return { status: 200, contentType, body: "", bytes, headers };
}

function cookieOf({ cookieName = "hopwise-read" }: AdminFigures): string {
  return cookieName;
}

const refusals: Readonly<Record<ReadRefusal, { readonly status: number; readonly detail: string }>> = {
  unauthorized: {
    status: 401,
    detail:
      "Send the token, which stands in the file that was named at the start (--admin-read-token-file): Authorization: Bearer TOKEN.",
  },
  "too-many-tries": {
    status: 429,
    detail: "There were too many wrong tokens from your address: try again in a minute.",
  },
};

function refused(refusal: ReadRefusal, isPage: boolean): AdminAnswer {
  const { status, detail } = refusals[refusal];
  if (!isPage) return problem(status, refusal, detail);
  return htmlAnswer(status, loginPage(refusal === "unauthorized" ? undefined : detail));
}

function loginAnswer(request: AdminRequest, readers: Readers, figures: AdminFigures): AdminAnswer {
  if (request.method !== "POST") return notAllowed("POST", "This takes the token for reading: use POST.");
  const token = new URLSearchParams(request.body ?? "").get("token")?.trim() ?? "";
  const result = readers.logIn(token, request.client);
  if (result === "unauthorized") return htmlAnswer(401, loginPage("This is not the token."));
  if (result === "too-many-tries") return refused(result, true);
  const cookie = `${cookieOf(figures)}=${result.session}; Path=/; HttpOnly; SameSite=Strict`;
  return { status: 303, contentType: TEXT, body: "", headers: { Location: "/", "Set-Cookie": cookie } };
}

function notAllowed(allow: string, detail: string): AdminAnswer {
  return { ...problem(405, "method-not-allowed", detail), allow };
}

async function windowAnswer(
  path: Exclude<keyof typeof apiPages, "/api/origins">,
  request: AdminRequest,
  window: AdminFigures["window"],
  view: View = discreet,
): Promise<AdminAnswer> {
  if (window === undefined)
    return problem(501, "no-window", "This proxy keeps figures alone: see /stats and /metrics.");
  if (path === "/api/events") {
    const types = queryOf(request).get("types")?.split(",");
    const wanted = types === undefined ? undefined : new Set(types);
    const answer = { status: 200, contentType: "text/event-stream", body: "" };
    if (request.method === "HEAD") return answer;
    return { ...answer, stream: (output) => window.events.join(output, wanted, request.lastEventId) };
  }
  const { source } = window;
  return await askedAnswer(request, (query) =>
    "ask" in source ? source.ask(path, query, view) : rowsAnswer(path, query, source, view),
  );
}

function queryOf({ target }: AdminRequest): URLSearchParams {
  return new URLSearchParams(/\?([^#]*)/.exec(target)?.[1] ?? "");
}

async function askedAnswer(
  request: AdminRequest,
  answer: (query: URLSearchParams) => object | Promise<object>,
): Promise<AdminAnswer> {
  try {
    return { status: 200, contentType: JSON_TYPE, body: `${safeJson(await answer(queryOf(request)), 2)}\n` };
  } catch (error) {
    if (error instanceof QueryError) return problem(400, "query-invalid", error.message);
    throw error;
  }
}

async function reloadAnswer(request: AdminRequest, { operator, readers }: AdminFigures): Promise<AdminAnswer> {
  if (request.method !== "POST") return notAllowed("POST", "This reads the configuration again: use POST.");
  const { authorization, client } = request;
  const isGood = (given: string | undefined) => operator?.mayWrite?.(given) === true;
  const refusal = readers === undefined ? undefined : readers.tried(authorization, client, isGood);
  if (refusal === "too-many-tries") return refused(refusal, false);
  if (refusal !== undefined || !isGood(authorization)) {
    const detail = "Send the token, which stands in the file that was named at the start: Authorization: Bearer TOKEN.";
    return problem(401, "unauthorized", detail);
  }
  try {
    return { status: 200, contentType: JSON_TYPE, body: `${safeJson((await operator?.reload?.()) ?? {}, 2)}\n` };
  } catch (error) {
    if (!(error instanceof HopwiseError)) throw error;
    return problem(422, "config-refused", error.message);
  }
}

export function problem(status: number, reason: string, detail: string): AdminAnswer {
  return { status, contentType: JSON_TYPE, body: `${safeJson({ status, reason, detail })}\n` };
}
