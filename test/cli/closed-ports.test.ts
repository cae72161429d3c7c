/** Ports of a forward proxy's own: no client gets there through it, though private addresses are allowed. */

import { afterEach, describe, expect, it } from "vitest";
import type { ProxyStats } from "../../src/index.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { ServiceManager } from "../interop/support/service-manager.ts";
import { hopwise, type Listening, origin } from "./running.ts";

const COMMAND = ["forward", "--allow-private", "--connect-ports", "1-65535", "--admin", "0"];

let manager: ServiceManager | undefined;
afterEach(() => manager?.stop());

/** What each way of asking for a port of this machine is answered; `hosts` in every spelling. */
async function answers(proxyPort: number, port: string, hosts: readonly string[]): Promise<readonly string[]> {
  const asked = hosts.flatMap((host) => [
    `GET http://${host}:${port}/ HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`,
    `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`,
  ]);
  return await Promise.all(
    asked.map(async (request) => {
      const client = await RawClient.open(proxyPort);
      const { status, body } = await client.exchange(request);
      client.close();
      return `${request.split(" HTTP")[0]}: ${status} ${/: ([a-z-]+)\n/.exec(body.toString())?.[1]}`;
    }),
  );
}

const all = (port: string, hosts: readonly string[], answer: string) =>
  hosts.flatMap((host) => [`GET http://${host}:${port}/: ${answer}`, `CONNECT ${host}:${port}: ${answer}`]);

const LOOPBACK = [
  "127.0.0.1",
  "localhost",
  "127.1",
  "2130706433",
  "0.0.0.0",
  "[::]",
  "[::ffff:7f00:1]",
  "[64:ff9b::7f00:1]",
];

async function expectClosed({ url, admin }: Pick<Listening, "url" | "admin">): Promise<void> {
  const { port } = new URL(url);
  const { port: adminPort } = new URL(admin ?? "");
  expect(await answers(Number(port), adminPort, LOOPBACK)).toEqual(all(adminPort, LOOPBACK, "403 address-protected"));
  expect(await answers(Number(port), port, LOOPBACK)).toEqual(all(port, LOOPBACK, "508 loop-detected"));
}

describe.each([
  { processes: "one process", args: [] },
  { processes: "two workers", args: ["--workers", "2"] },
])("$processes", ({ args }) => {
  it("the admin port and the proxy's own stay closed, other ports of this machine do not", async () => {
    const running = hopwise(...COMMAND, "--json", "--listen", "127.0.0.1:0", ...args);
    const listening = await running.json<Listening>("listening");
    await expectClosed(listening);
    const { url } = await origin((_request, response) => response.end("hello"));
    const client = await RawClient.open(Number(new URL(listening.url).port));
    const { status } = await client.exchange(
      `GET ${url}/ HTTP/1.1\r\nHost: ${url.slice(7)}\r\nConnection: close\r\n\r\n`,
    );
    client.close();
    expect(status).toBe(200);
  });

  const isBun = process.env.TESTS_RUNTIME?.includes("bun") === true;
  it.skipIf(isBun)(`also on an inherited socket${isBun ? " (Bun inherits none)" : ""}`, async () => {
    manager = await ServiceManager.start();
    const { pid, listening, ended } = await manager.run(...COMMAND, ...args);
    await expectClosed({ ...listening, url: `http://127.0.0.1:${listening.port}` });
    process.kill(pid, "SIGTERM");
    expect(await ended()).toBe(0);
  });
});

it("a worker that replaces another knows the admin port, too", async () => {
  const running = hopwise(...COMMAND, "--json", "--listen", "127.0.0.1:0", "--workers", "2");
  const listening = await running.json<Listening>("listening");
  const stats = await (await fetch(`${listening.admin}/stats`, { headers: { Accept: "application/json" } })).json();
  for (const { pid } of (stats as ProxyStats).workers?.processes ?? []) process.kill(pid, "SIGKILL");
  await running.out(/"state":"running".*"instead":1\}/);
  await running.out(/"state":"running".*"instead":2\}/);
  await expectClosed(listening);
});
