/**
 * Chromium through hopwise in HTTP/2: a page with a hundred resources on one connection, a WebSocket on it, too, an upload and events.
 */
import { createServer, type Server } from "node:http";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { createProxy, type ExchangeEntry, type HopwiseProxy } from "../../src/index.ts";
import { listening } from "../interop/support/listening.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { quiet } from "./quiet.ts";

const RESOURCES = 100;
const UPLOAD_BYTES = 2_000_000;
const EVENTS = 3;

const page = `<!doctype html><link rel="icon" href="data:,"><script>window.ran = 0</script>${Array.from(
  { length: RESOURCES },
  (_, i) => `<script src="/script-${i}.js"></script>`,
).join("")}`;

describe.skipIf(!has("chromium") || "bun" in process.versions)(`Chromium in HTTP/2${needing("chromium")}`, () => {
  const folder = new CertificateFolder();
  const exchanges: ExchangeEntry[] = [];
  let origin: Server;
  let sockets: WebSocketServer;
  let proxy: HopwiseProxy;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    origin = createServer((request, response) => {
      if (request.url === "/") return void response.setHeader("Content-Type", "text/html").end(page);
      if (request.url === "/events") {
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        for (let i = 0; i < EVENTS; i++) response.write(`data: ${i}\n\n`);
        return;
      }
      if (request.url !== "/upload")
        return void response.setHeader("Content-Type", "text/javascript").end("window.ran++");
      let bytes = 0;
      request.on("data", (piece: Buffer) => {
        bytes += piece.length;
      });
      request.on("end", () => response.end(String(bytes)));
    });
    sockets = new WebSocketServer({ server: origin });
    sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(`you said ${data}`)));
    const { cert: tlsCert, key: tlsKey } = folder.write("site", certificateFor(["localhost"]));
    proxy = createProxy({ to: await listening(origin), listen: 0, tlsCert, tlsKey });
    proxy.on("exchange", (entry) => exchanges.push(entry));
    const { port } = await proxy.listen();
    url = `https://localhost:${port}`;
    browser = await chromium.launch({
      executablePath: pathOf("chromium") ?? "",
      args: ["--ignore-certificate-errors", "--no-sandbox", "--disable-gpu", ...quiet],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await proxy?.close({ graceMs: 0 });
    sockets?.close();
    origin?.closeAllConnections();
    origin?.close();
    folder.remove();
  });

  async function evaluated(inPage: Page, script: string): Promise<unknown> {
    return await inPage.evaluate(script);
  }

  it("loads a page of a hundred resources, uploads, hears events and speaks over a WebSocket, all on one connection", async () => {
    const inPage = await browser.newPage();
    await inPage.goto(`${url}/`, { waitUntil: "load" });
    expect(await evaluated(inPage, "window.ran")).toBe(RESOURCES);
    expect(await evaluated(inPage, "performance.getEntriesByType('navigation')[0].nextHopProtocol")).toBe("h2");
    const upload = `fetch("/upload", { method: "POST", body: new Uint8Array(${UPLOAD_BYTES}) }).then((it) => it.text())`;
    expect(await evaluated(inPage, upload)).toBe(String(UPLOAD_BYTES));
    const events = `new Promise((resolve) => {
      const source = new EventSource("/events");
      const heard = [];
      source.onmessage = ({ data }) => {
        heard.push(data);
        if (heard.length === ${EVENTS}) { source.close(); resolve(heard.join()); }
      };
    })`;
    expect(await evaluated(inPage, events)).toBe("0,1,2");
    const webSocket = `new Promise((resolve, reject) => {
      const socket = new WebSocket("wss://" + location.host + "/ws");
      socket.onopen = () => socket.send("hello");
      socket.onerror = () => reject(new Error("it failed"));
      socket.onmessage = ({ data }) => { socket.close(); socket.onclose = () => resolve(data); };
    })`;
    expect(await evaluated(inPage, webSocket)).toBe("you said hello");

    await inPage.close();
    expect(new Set(exchanges.map(({ version }) => version))).toEqual(new Set(["2.0"]));
    expect(new Set(exchanges.map(({ downstream }) => downstream.id)).size).toBe(1);
    expect(exchanges.filter(({ status, outcome }) => status === 200 && outcome === "completed")).toHaveLength(
      RESOURCES + 2,
    );
    expect(exchanges.filter(({ outcome }) => outcome === "tunnel")).toHaveLength(1);
  });
});
