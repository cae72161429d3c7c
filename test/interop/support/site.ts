/**
 * A site with many small resources, over http and over TLS, that counts who connects.
 *
 * Its certificate is made for the test and signed by nobody. Deliberately absent: anything a browser could cache.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Directory } from "./directory.ts";
import { run } from "./programs.ts";

const IMAGES = 40;
const SCRIPTS = 14;
const STYLES = 10;
/** Of one page, itself included. */
export const RESOURCES = IMAGES + SCRIPTS + STYLES + 1;

export interface Site {
  readonly url: string;
  /** Connections so far. */
  readonly connections: () => number;
  /** Requests so far. */
  readonly requests: () => number;
  /** The names of all fields that came with them. */
  readonly fields: ReadonlySet<string>;
  stop(): Promise<void>;
}

function page(): string {
  const many = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join("");
  return (
    `<!doctype html><title>site</title><link rel="icon" href="data:,">` +
    many(STYLES, (i) => `<link rel="stylesheet" href="/style-${i}.css">`) +
    many(SCRIPTS, (i) => `<script src="/script-${i}.js"></script>`) +
    many(IMAGES, (i) => `<img src="/image-${i}.svg">`)
  );
}

function contentOf(path: string): readonly [type: string, content: string] {
  if (path.endsWith(".css")) return ["text/css", `:root { --${path.slice(1, -4)}: 1; }`];
  if (path.endsWith(".js")) return ["text/javascript", "window.scriptsRun = (window.scriptsRun ?? 0) + 1;"];
  if (path.endsWith(".svg")) return ["image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>`];
  return ["text/html", page()];
}

/** @param isTls https with a certificate of its own */
export async function startSite(isTls: boolean): Promise<Site> {
  let requests = 0;
  let connections = 0;
  const fields = new Set<string>();
  const server: Server = isTls ? createTlsServer(await selfSigned()) : createServer();
  server.on("request", (request, response) => {
    requests++;
    for (const name of Object.keys(request.headers)) fields.add(name);
    const [type, content] = contentOf(request.url ?? "/");
    response.writeHead(200, { "Content-Type": type, "Content-Length": content.length, "Cache-Control": "no-store" });
    response.end(content);
  });
  server.on("connection", () => connections++);
  // Longer than any test takes: who closes first is asserted.
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${isTls ? "https" : "http"}://127.0.0.1:${port}`,
    connections: () => connections,
    requests: () => requests,
    fields,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A certificate for 127.0.0.1, and its key. */
export async function selfSigned(): Promise<{ key: Buffer; cert: Buffer }> {
  const directory = new Directory();
  const [key, cert] = [directory.at("key.pem"), directory.at("cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const made = await run("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert]);
  if (made.code !== 0) throw new Error(`openssl makes no certificate: ${made.stderr}`);
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  directory.remove();
  return pair;
}

/** What a page of the site has become in a browser. */
export interface Loaded {
  readonly images: number;
  readonly scripts: number;
  readonly styles: number;
}

export const whole: Loaded = { images: IMAGES, scripts: SCRIPTS, styles: STYLES };
