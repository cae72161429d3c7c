/**
 * A restart on a socket that a service manager holds: nobody is refused, and nobody is reset. And when the port opens.
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type InheritedSocket, onlySocket, socketsFor, takeInheritedSockets } from "../../src/cli/inherited.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { canConnect, freePort } from "../interop/support/listening.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { Relentless } from "../interop/support/relentless.ts";
import { ServiceManager } from "../interop/support/service-manager.ts";
import { hopwise, type Listening, origin, proxy, run } from "./running.ts";

const hello = () => origin((_request, response) => response.end("hello"));

let manager: ServiceManager | undefined;
afterEach(() => manager?.stop());

const isBun = process.env.TESTS_RUNTIME?.includes("bun") === true;
const unlessBun = isBun ? " (Bun inherits no sockets)" : "";

describe.skipIf(isBun).each([
  { processes: "one process", args: [] },
  { processes: "two workers", args: ["--workers", "2"] },
])(`$processes${unlessBun}`, ({ args }) => {
  it("a successor on the same socket, then the old one drained: 0 refused, 0 reset", async () => {
    const { url } = await hello();
    manager = await ServiceManager.start();
    const command = ["proxy", "--to", url, ...args];
    const first = await manager.run(...command);
    expect(first.listening).toMatchObject({ port: manager.port, inherited: true });
    const clients = new Relentless(manager.port, 8);
    await clients.servedAgain();
    const second = await manager.run(...command);
    process.kill(first.pid, "SIGTERM");
    expect(await first.ended()).toBe(0);
    await clients.servedAgain();
    expect(await clients.end()).toEqual([]);
    process.kill(second.pid, "SIGTERM");
    expect(await second.ended()).toBe(0);
  });

  it("one after the other: those who come in between wait for the successor", async () => {
    const { url } = await hello();
    manager = await ServiceManager.start();
    const command = ["proxy", "--to", url, ...args];
    const first = await manager.run(...command);
    const clients = new Relentless(manager.port, 8);
    await clients.servedAgain();
    process.kill(first.pid, "SIGTERM");
    expect(await first.ended()).toBe(0);
    const waiting = await RawClient.open(manager.port);
    const response = waiting.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const second = await manager.run(...command);
    expect((await response).status).toBe(200);
    waiting.close();
    await clients.servedAgain();
    expect(await clients.end()).toEqual([]);
    process.kill(second.pid, "SIGTERM");
    expect(await second.ended()).toBe(0);
  });
});

it.skipIf(isBun)(`a forward proxy inherits, too, and says that its own address is not used${unlessBun}`, async () => {
  manager = await ServiceManager.start();
  const { pid, listening, ended } = await manager.run("forward", "--listen", "4000");
  expect(listening).toMatchObject({ port: manager.port, inherited: true });
  expect(manager.said).toBe("warning: --listen is not used: a socket was handed over (LISTEN_FDS)\n");
  process.kill(pid, "SIGTERM");
  expect(await ended()).toBe(0);
});

describe("what is handed over", () => {
  const said: string[] = [];
  const terminal = new Terminal();
  vi.spyOn(terminal, "warn").mockImplementation((line) => void said.push(line));
  const take = (env: NodeJS.ProcessEnv) => takeInheritedSockets(terminal, env, 42);

  it("nothing", () => {
    expect([take({}), take({ LISTEN_FDS: "0", LISTEN_PID: "42" })]).toEqual([[], []]);
  });

  it("is for another process: it is left alone, and that is said", () => {
    const env = { LISTEN_FDS: "1", LISTEN_PID: "41", LISTEN_FDNAMES: "http", PATH: "/bin" };
    expect(take(env)).toEqual([]);
    expect(said.splice(0)).toEqual([expect.stringContaining("handed over to process 41, and this is 42")]);
    // Children are not to take it for theirs.
    expect(env).toEqual({ PATH: "/bin" });
  });

  it("is no number of sockets, or no socket", () => {
    expect(() => take({ LISTEN_FDS: "x", LISTEN_PID: "42" })).toThrow(/LISTEN_FDS is "x": it must be a number/);
    expect(() => take({ LISTEN_FDS: "999", LISTEN_PID: "42" })).toThrow(/and descriptor \d+ is not a socket/);
  });

  const sockets = (...names: (string | undefined)[]): InheritedSocket[] =>
    names.map((name, index) => ({ fd: 3 + index, name }));

  it("is more than a proxy with one listener can take", () => {
    expect([onlySocket([]), onlySocket(sockets("a"))]).toEqual([undefined, 3]);
    expect(() => onlySocket(sockets("a", "b"))).toThrow(
      /LISTEN_FDS is 2, and there is one listener: .*one ListenStream=/,
    );
  });

  it.each<readonly [listeners: (string | undefined)[], names: (string | undefined)[], fds: (number | undefined)[]]>([
    [
      ["web", "secure"],
      ["secure", "web"],
      [4, 3],
    ],
    [["web", undefined, "secure"], ["secure"], [undefined, undefined, 3]],
    // What systemd calls them without FileDescriptorName= is its unit, which names no listener.
    [
      ["web", "secure"],
      ["hopwise.socket", "hopwise.socket"],
      [3, 4],
    ],
    [[undefined, undefined], [undefined], [3, undefined]],
    [["web"], [], [undefined]],
  ])("is for the listener of its name, otherwise in order: %j, %j", (listeners, names, fds) => {
    const named = listeners.map((name) => (name === undefined ? {} : { name }));
    expect(socketsFor(named, sockets(...names))).toEqual(fds);
  });

  it.each<readonly [listeners: string[], names: string[], says: RegExp]>([
    [["web"], ["a", "b"], /LISTEN_FDS is 2, and there are 1 listeners: hand over one socket for each/],
    [
      ["web", "secure"],
      ["web", "secur"],
      /the socket "secur" \(LISTEN_FDNAMES\) belongs to no listener.* there are web, secure/,
    ],
    [["web", "secure"], ["web", "web"], /the socket "web" .* or to one that has one/],
  ])("belongs to no listener: %j, %j", (listeners, names, says) => {
    expect(() =>
      socketsFor(
        listeners.map((name) => ({ name })),
        sockets(...names),
      ),
    ).toThrow(says);
  });
});

describe("--workers", () => {
  it("opens the port when everybody is ready to serve, and not before", async () => {
    const { url } = await hello();
    const port = await freePort();
    const running = hopwise("proxy", "--to", url, "--workers", "2", "--json", "--no-admin", "--listen", `${port}`);
    let since: number | undefined;
    await vi.waitFor(
      async () => {
        since = performance.now();
        if (!(await canConnect(Number(port)))) throw new Error("not yet");
      },
      { timeout: 30_000, interval: 1 },
    );
    const client = await RawClient.open(Number(port));
    expect((await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status).toBe(200);
    // Starting two processes takes several times as long.
    expect(performance.now() - (since ?? 0)).toBeLessThan(300);
    client.close();
    await running.json<Listening>("listening");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});

describe("--drain-delay", () => {
  it.each([
    [[]],
    [["--workers", "2"]],
  ])("is how long everybody is served as before, after /readyz has turned (%j)", async (args) => {
    const { url: to } = await hello();
    const { running, url, admin } = await proxy("--to", to, "--drain-delay", "1s", ...args);
    const port = Number(new URL(url).port);
    const client = await RawClient.open(port);
    running.child.kill("SIGTERM");
    await running.json("drain");
    const since = performance.now();
    expect((await fetch(`${admin}/readyz`)).status).toBe(503);
    const { status, fields } = await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect([status, fields.connection]).toEqual([200, undefined]);
    while (await canConnect(port)) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(performance.now() - since).toBeGreaterThan(900);
    expect(await running.ended).toBe(0);
    client.close();
  });
});

it("--reuse-port: two at one port where the runtime can; elsewhere it says what to do", async () => {
  const { url } = await hello();
  const args = ["proxy", "--to", url, "--reuse-port", "--no-admin", "--json"];
  const first = hopwise(...args, "--listen", "0");
  const outcome = await Promise.race([first.json<Listening & { port: number }>("listening"), first.ended]);
  if (typeof outcome === "object" && outcome !== null) {
    const second = hopwise(...args, "--listen", String(outcome.port), "--workers", "2");
    expect(await second.json("listening")).toMatchObject({ port: outcome.port });
    return;
  }
  const why = "this runtime cannot share a port: use Node from 23.1 on, or Bun, on Linux, or inherited sockets";
  expect([outcome, first.errLines]).toEqual([2, [`hopwise: --reuse-port: ${why} (LISTEN_FDS)`]]);
  const { code, err } = await run(...args, "--listen", "0", "--workers", "2");
  expect([code, err]).toEqual([2, `hopwise: --reuse-port: ${why} (LISTEN_FDS)`]);
});
