/**
 * The showroom's server: a page on which things are broken, on a port of its own, of this machine alone.
 *
 * The admin server only shows; here things are done, and only by POST from the page itself: what a page of another origin asks for is
 * refused. Deliberately absent: what is done, see breaking.ts; a configuration, since this is a demonstration.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Asking, askedHost, isFromElsewhere, isOurHost, pathOf } from "../../admin/asking.ts";
import { safeJson } from "../../ledger/safe-json.ts";
import { type Breaking, type Deed, deeds } from "./breaking.ts";
import { pageOf, pageScript, pageStyles } from "./showroom-page.ts";

const HOST = "127.0.0.1";
/** Behind those of the gateways, where it is free. */
const USUAL_PORT = 8085;
/** Of a form with the name of an origin. */
const FORM_BYTES_MAX = 1_024;
const CONNECTIONS_MAX = 100;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'";

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Showroom {
  readonly url: string;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  }

  /** On the usual port, or on any free one where that is taken. */
  static async open(breaking: Breaking): Promise<Showroom> {
    const server = createServer((request, response) => void respond(request, response, breaking));
    server.maxConnections = CONNECTIONS_MAX;
    await listen(server, USUAL_PORT).catch(() => listen(server, 0));
    // The demonstration decides how long the process lives.
    server.unref();
    return new Showroom(server);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      server.removeListener("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
}

async function respond(request: IncomingMessage, response: ServerResponse, breaking: Breaking): Promise<void> {
  const { method = "GET" } = request;
  response.on("error", () => {});
  let answer: Answer;
  try {
    answer = await answerTo(request, breaking);
  } catch (error) {
    answer = text(500, error instanceof Error ? error.message : "something went wrong");
  }
  if (response.destroyed) return;
  const { status, contentType, body, headers = {} } = answer;
  response.writeHead(status, {
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    // With `no-referrer` browsers send `Origin: null` along with a form (Fetch, section 3.1).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    ...headers,
  });
  response.end(method === "HEAD" ? undefined : body);
}

async function answerTo(request: IncomingMessage, breaking: Breaking): Promise<Answer> {
  const asking = askingOf(request);
  if (asking.hosts.length > 1 || !isOurHost(askedHost(asking), HOST))
    return text(421, "This is another server's name.");
  if (isFromElsewhere(asking)) return text(403, "Only the showroom's own page can do this.");
  const path = pathOf(asking.target);
  const deed = path.startsWith("/do/") ? path.slice("/do/".length) : undefined;
  if (deed !== undefined && isDeed(deed)) {
    if (request.method !== "POST") return { ...text(405, "Use POST."), headers: { Allow: "POST" } };
    const form = await formOf(request);
    if (form === undefined) return text(413, "This form is larger than those of the page.");
    await breaking.do(deed, form.get("origin") ?? "");
    if (/\bapplication\/json\b/.test(request.headers.accept ?? "")) return json(breaking.state());
    return { ...text(303, ""), headers: { Location: "/" } };
  }
  if (request.method !== "GET" && request.method !== "HEAD")
    return { ...text(405, "Use GET."), headers: { Allow: "GET" } };
  switch (path) {
    case "/":
      return { status: 200, contentType: "text/html; charset=utf-8", body: pageOf(breaking.state()) };
    case "/state":
      return json(breaking.state());
    case "/showroom.css":
      return { status: 200, contentType: "text/css; charset=utf-8", body: pageStyles };
    case "/showroom.js":
      return { status: 200, contentType: "text/javascript; charset=utf-8", body: pageScript };
    case "/favicon.ico":
      return { status: 200, contentType: "image/x-icon", body: "" };
    default:
      return text(404, "There is nothing here; the page is at /.");
  }
}

function askingOf({ method = "GET", url: target = "/", headers, headersDistinct }: IncomingMessage): Asking {
  const field = (name: string) => headersDistinct[name]?.[0];
  return {
    ...{ method, target, hosts: headersDistinct.host ?? [], origin: headers.origin },
    fetchSite: field("sec-fetch-site"),
    fetchMode: field("sec-fetch-mode"),
    fetchDest: field("sec-fetch-dest"),
  };
}

function isDeed(name: string): name is Deed {
  return Object.hasOwn(deeds, name);
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let form = "";
  for await (const piece of request.setEncoding("latin1")) {
    form += piece;
    if (form.length > FORM_BYTES_MAX) return undefined;
  }
  return new URLSearchParams(form);
}

function text(status: number, body: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body: `${body}\n` };
}

function json(value: object): Answer {
  return { status: 200, contentType: "application/json", body: safeJson(value) };
}
