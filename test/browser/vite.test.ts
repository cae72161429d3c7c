/** A page of Vite's in Chromium, beside hopwise's handler: what is edited is replaced in place, what is the backend's comes from it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Directory } from "../interop/support/directory.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { runtimes } from "../runtimes/runtimes.ts";
import { quiet } from "./quiet.ts";

const frameworks = fileURLToPath(new URL("../frameworks/", import.meta.url));
const isThere = existsSync(`${frameworks}node_modules`);
const missing = isThere ? needing("chromium") : " (skipped: npm ci --prefix test/frameworks)";

const MAIN = `
  import { word } from "./word.js";
  document.title = word;
  fetch("/api/x").then((response) => response.text()).then((text) => { document.body.dataset.api = text; });
  new WebSocket(location.origin.replace("http", "ws") + "/live").onmessage = ({ data }) => { document.body.dataset.live = data; };
  import.meta.hot?.accept("./word.js", (changed) => { document.title = changed.word; });
`;

const own = { name: "this runtime", path: process.execPath };

describe.skipIf(!has("chromium") || !isThere)(`Vite beside the handler, in Chromium${missing}`, () => {
  const directory = new Directory();
  let server: ChildProcess | undefined;
  let browser: Browser;

  beforeAll(async () => {
    const args = ["--no-sandbox", "--disable-gpu", ...quiet];
    browser = await chromium.launch({ executablePath: pathOf("chromium") ?? "", args });
  });

  afterEach(() => server?.kill("SIGKILL"));

  afterAll(async () => {
    await browser?.close();
    directory.remove();
  });

  async function started(path: string): Promise<string> {
    writeFileSync(directory.at("index.html"), '<body><script type="module" src="/main.js"></script>');
    writeFileSync(directory.at("main.js"), MAIN);
    writeFileSync(directory.at("word.js"), 'export const word = "before";\n');
    const args = [`${frameworks}hot-page.mjs`, directory.at("")];
    server = spawn(path, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(server.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    return String(line).trim();
  }

  for (const { name, path = "" } of [own, ...runtimes]) {
    // Not installed: npm ci --prefix test/runtimes.
    const absent = path === "" ? " (skipped: npm ci --prefix test/runtimes)" : "";
    it.skipIf(path === "")(`asks the backend, hears from it, and is changed in place: ${name}${absent}`, async () => {
      const url = await started(path);
      const page = await browser.newPage();
      const loaded: string[] = [];
      page.on("framenavigated", (frame) => loaded.push(frame.url()));
      await page.goto(url);
      await page.waitForFunction('document.title === "before"');
      await page.waitForFunction('document.body.dataset.api === "backend: /x"');
      await page.waitForFunction('document.body.dataset.live === "backend: live"');
      writeFileSync(directory.at("word.js"), 'export const word = "after";\n');
      await page.waitForFunction('document.title === "after"');
      expect(loaded).toStrictEqual([`${url}/`]);
      await page.close();
    });
  }
});
