/** Who may read on the admin port, and how much, as a proxy's options say it, and as a reload says it anew. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createProxy, type HopwiseProxy, type ProxyOptions } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-reading-"));
const origin = createServer((_request, response) => response.end("ok"));
let options: ProxyOptions;
let proxy: HopwiseProxy;
let url: string;
let admin: string;
const [first, second] = [join(folder, "first.token"), join(folder, "second.token")];

beforeAll(async () => {
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const to = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  options = { to, port: 0, admin: 0, drainDelay: 0 };
  proxy = createProxy({ ...options, adminReadTokenFile: first });
  const listening = await proxy.listen();
  [url, admin] = [listening.url, listening.admin?.url ?? ""];
});

afterAll(async () => {
  await proxy.close({ graceMs: 0 });
  origin.close();
  origin.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const status = async (file?: string) => {
  const headers = file === undefined ? {} : { Authorization: `Bearer ${readFileSync(file, "utf8").trim()}` };
  return (await fetch(`${admin}/stats`, { headers })).status;
};
const targets = async () => {
  const told = (await (await fetch(`${admin}/api/exchanges`)).json()) as { exchanges: { target: string }[] };
  return told.exchanges.map(({ target }) => target);
};

it("a token is asked for, another one behind a reload, and none where none is named any more", async () => {
  expect([await status(), await status(first)]).toStrictEqual([401, 200]);
  const { changes } = await proxy.reload({ ...options, adminReadTokenFile: second });
  expect(changes).toStrictEqual(["adminReadTokenFile"]);
  expect([await status(), await status(first), await status(second)]).toStrictEqual([401, 401, 200]);
  await proxy.reload(options);
  expect(await status()).toBe(200);
});

it("a token's file that holds something else by then counts from the reload on", async () => {
  await proxy.reload({ ...options, adminReadTokenFile: second });
  writeFileSync(second, `${"n".repeat(43)}\n`);
  expect(await status(second)).toBe(401);
  await proxy.reload({ ...options, adminReadTokenFile: second });
  expect(await status(second)).toBe(200);
  await proxy.reload(options);
});

it("a file that cannot be used changes nothing", async () => {
  await expect(proxy.reload({ ...options, adminReadTokenFile: folder })).rejects.toMatchObject({
    code: "option-invalid",
    option: "adminReadTokenFile",
  });
  expect(await status()).toBe(200);
});

it("queries are hidden, shown while the operator wants it, and hidden again", async () => {
  await fetch(`${url}/pay?card=1`);
  expect(await targets()).toStrictEqual(["/pay?…"]);
  await proxy.reload({ ...options, adminShowQueries: true });
  expect(await targets()).toStrictEqual(["/pay?card=1"]);
  await proxy.reload(options);
  expect(await targets()).toStrictEqual(["/pay?…"]);
});

it("what is watched with a token ends when another one is asked for, and goes on when the same is", async () => {
  await proxy.reload({ ...options, adminReadTokenFile: first });
  const headers = { Authorization: `Bearer ${readFileSync(first, "utf8").trim()}` };
  const reader = (await fetch(`${admin}/api/events?types=exchange`, { headers })).body?.getReader();
  const read = async () => await reader?.read().then(({ done }) => (done ? "end" : "more"));
  expect(await read()).toBe("more");
  await proxy.reload({ ...options, adminReadTokenFile: first });
  await (await fetch(url)).text();
  expect(await read()).toBe("more");
  await proxy.reload({ ...options, adminReadTokenFile: second });
  let last: string | undefined = "more";
  while (last === "more") last = await read().catch(() => "broken off");
  expect(last).toMatch(/^(?:end|broken off)$/);
  await proxy.reload(options);
});
