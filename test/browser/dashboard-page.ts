/**
 * The dashboard, opened in Chromium, of a proxy that runs here: what the tests of it have in common.
 *
 * Deliberately absent: what is expected of it.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { createProxy, type HopwiseProxy, type ProxyOptions } from "../../src/index.ts";
import { pathOf } from "../interop/support/programs.ts";
import { quiet } from "./quiet.ts";

export interface Opened {
  readonly page: Page;
  readonly proxy: HopwiseProxy;
  /** Where the page is. */
  readonly admin: string;
  /** Sends a request through the proxy, and returns its status. */
  readonly send: (path: string, init?: RequestInit) => Promise<number>;
}

export class DashboardPages {
  /** What should never happen: complaints of a page, and requests to others. */
  readonly trouble: string[] = [];
  private browser: Browser | undefined;
  private readonly stops: (() => unknown)[] = [];
  private readonly contexts: BrowserContext[] = [];

  async start(): Promise<void> {
    const args = ["--no-sandbox", "--disable-gpu", ...quiet];
    this.browser = await chromium.launch({ executablePath: pathOf("chromium") ?? "", args });
  }

  /** An origin that answers in its own way. */
  async origin(answer: RequestListener, change?: (server: Server) => void): Promise<string> {
    const server = createServer(answer);
    change?.(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.stops.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async open(options: ProxyOptions, context: BrowserContextOptions = {}, fragment = ""): Promise<Opened> {
    const { proxy, admin, send } = await this.run(options);
    const page = await (
      await this.launched.newContext({ viewport: { width: 1280, height: 800 }, ...context })
    ).newPage();
    this.contexts.push(page.context());
    page.on("console", (message) => this.trouble.push(message.text()));
    page.on("pageerror", (error) => this.trouble.push(String(error)));
    page.on("request", (request) => request.url().startsWith(admin) || this.trouble.push(request.url()));
    await page.goto(`${admin}/${fragment}`);
    return { page, proxy, admin, send };
  }

  /** A proxy with an admin port, without a page. */
  async run(options: ProxyOptions): Promise<Omit<Opened, "page">> {
    const proxy = createProxy({ port: 0, admin: 0, drainDelay: 0, ...options });
    const { url, admin } = await proxy.listen();
    this.stops.push(() => proxy.close({ graceMs: 0 }));
    const send = async (path: string, init?: RequestInit) => {
      const response = await fetch(new URL(path, url), init);
      await response.arrayBuffer();
      return response.status;
    };
    return { proxy, admin: admin?.url ?? "", send };
  }

  /** Ends what a test has begun. Returns what should not have happened. */
  async clear(): Promise<readonly string[]> {
    // A page would say that its proxy is gone.
    for (const context of this.contexts.splice(0)) await context.close();
    for (const stop of this.stops.splice(0).reverse()) await stop();
    return this.trouble.splice(0);
  }

  async stop(): Promise<void> {
    await this.browser?.close();
  }

  private get launched(): Browser {
    if (this.browser === undefined) throw new Error("start() comes first");
    return this.browser;
  }
}
