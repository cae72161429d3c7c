/**
 * Serves the built dashboard, and passes on what it asks of an admin port, as the admin server does it: under the same policy, and from
 * the same origin.
 */
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const dashboardFolder = fileURLToPath(new URL("../../dist/dashboard/", import.meta.url));
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface DashboardServer {
  readonly url: string;
  /** Where answers come from, from now on. */
  passTo(admin: string): void;
  /** Ends what is under way. */
  cut(): void;
  close(): void;
}

export async function serveDashboard(admin: string): Promise<DashboardServer> {
  let target = admin;
  const server = createServer((asked, answer) => {
    const path = (asked.url ?? "/").replace(/\?.*/, "");
    if (/^\/(?:api|stats|config)/.test(path)) {
      const { accept = "*/*" } = asked.headers;
      const lastEventId = asked.headers["last-event-id"];
      const headers = { accept, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
      const passed = request(new URL(asked.url ?? "/", target), { headers }, (got) => {
        answer.writeHead(got.statusCode ?? 502, { "content-type": got.headers["content-type"] ?? "" });
        got.pipe(answer);
        got.on("error", () => answer.destroy());
      });
      passed.on("error", () => answer.destroy());
      answer.on("close", () => passed.destroy());
      passed.end();
      return;
    }
    try {
      const file = join(dashboardFolder, normalize(path === "/" ? "/index.html" : path));
      const body = readFileSync(file);
      answer.writeHead(200, { "content-type": types[extname(file)] ?? "", "content-security-policy": POLICY });
      answer.end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    passTo: (other) => {
      target = other;
    },
    cut: () => server.closeAllConnections(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
