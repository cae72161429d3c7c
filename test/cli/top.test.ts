/** `hopwise top`: somebody who sees a 502 finds its cause with one command, in words. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createProxy, type HopwiseProxy, type ProxyOptions } from "../../src/index.ts";
import { proxy, run } from "./running.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function proxyTo(options: ProxyOptions): Promise<{ url: string; admin: string; proxy: HopwiseProxy }> {
  const proxy = createProxy({ port: 0, admin: 0, drainDelay: 0, ...options });
  const { url, admin } = await proxy.listen();
  stops.push(() => proxy.close({ graceMs: 0 }));
  return { url, admin: admin?.url ?? "", proxy };
}

/** Answers nothing but in its own way. */
async function origin(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("says why", () => {
  it("an origin closed early", async () => {
    const to = await origin((request) => request.socket.destroy());
    const { url, admin } = await proxyTo({ to });
    await fetch(`${url}/pay?card=1`, { method: "POST", body: "x" });
    const { out, code } = await run("top", admin);
    expect(out).toMatch(/502 +[0-9.]+ ms {2}POST 127\.0\.0\.1:[0-9]+\/pay\?…\n/);
    expect(out).toContain(`upstream-closed: The origin closed the connection`);
    expect(out).toContain(to);
    expect(code).toBe(0);
  });

  it("a name is not found", async () => {
    const { url, admin } = await proxyTo({ to: "http://nobody.invalid:1234" });
    await fetch(url);
    const { out } = await run("top", admin);
    expect(out).toMatch(/502 .*\n.*(its name cannot be resolved|no name server answered)/);
    expect(out).toMatch(/connect-failed: .*\(http:\/\/nobody\.invalid:1234\)/);
  });

  it("an origin is silent", async () => {
    const to = await origin(() => {});
    const { url, admin } = await proxyTo({ to, responseTimeout: 100 });
    await fetch(url);
    expect((await run("top", new URL(admin).port)).out).toMatch(
      /504 .*\n +response-timeout: The origin took the request and did not begin to answer in time/,
    );
  });
});

it("shows what there is, once, into a pipe", async () => {
  const { url, admin } = await proxyTo({ to: await origin((_request, response) => response.end("ok")) });
  await (await fetch(url)).text();
  const { out } = await run("top", admin);
  expect(out).toContain("1 in all");
  expect(out).toMatch(/^origin +busy +idle/m);
  expect(out).toContain("nothing has failed");
});

it.each([
  ["1", 3, "there is no admin server of hopwise at 127.0.0.1:1"],
  ["not a url", 2, "write one like 9901"],
])("of %s: exit code %i", async (target, code, problem) => {
  const result = await run("top", target);
  expect(result.code).toBe(code);
  expect(result.err).toContain(problem);
});

it("of somebody else's server: says that it is none", async () => {
  const result = await run("top", await origin((_request, response) => response.end("{}")));
  expect(result.err).toContain("that is no hopwise");
  expect(result.code).toBe(3);
});

describe("of an admin server that asks for a token", () => {
  const secured = async (...more: readonly string[]) => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-top-"));
    stops.push(async () => rmSync(folder, { recursive: true }));
    const file = join(folder, "read.token");
    const to = await origin((_request, response) => response.end("ok"));
    const { url, admin } = await proxy("--to", to, "--admin-read-token-file", file, ...more);
    await fetch(`${url}/pay?card=1`);
    return { admin: admin ?? "", file, folder };
  };

  it.each([[[]], [["--workers", "2"]]])("shows what there is to one who has it, with %j", async (workers) => {
    const { admin, file } = await secured(...workers);
    const { out, code } = await run("top", "--admin-read-token-file", file, admin);
    expect([code, out]).toEqual([0, expect.stringContaining("1 in all")]);
    expect((await fetch(`${admin}/stats`)).status).toBe(401);
    expect((await fetch(`${admin}/healthz`)).status).toBe(200);
  });

  it("says what is missing, or wrong", async () => {
    const { admin, folder } = await secured();
    const { host } = new URL(admin);
    expect(await run("top", admin)).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        `--admin-read-token-file: the admin server at ${host} asks for a token: name the file`,
      ),
    });
    writeFileSync(join(folder, "other"), "another-token-of-somebody-else\n");
    expect((await run("top", "--admin-read-token-file", join(folder, "other"), admin)).err).toContain(
      "does not take this token",
    );
    expect((await run("top", "--admin-read-token-file", join(folder, "none"), admin)).err).toContain(
      "cannot be used (does not exist)",
    );
  });

  it("shows queries where the operator wants it", async () => {
    const { admin, file } = await secured("--admin-show-queries");
    const headers = { Authorization: `Bearer ${readFileSync(file, "utf8").trim()}` };
    const { exchanges } = (await (await fetch(`${admin}/api/exchanges`, { headers })).json()) as {
      exchanges: { target: string }[];
    };
    expect(exchanges.map(({ target }) => target)).toEqual(["/pay?card=1"]);
  });
});
