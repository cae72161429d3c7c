/**
 * curl through the forward proxy to a real server: in absolute-form, in tunnels, as HTTP/1.0, and with a name and password.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { closesOf, difference, total } from "./support/closes.ts";
import { curl as curlPastProxies } from "./support/curl.ts";
import { Directory } from "./support/directory.ts";
import { type Hopwise, startHopwise } from "./support/hopwise.ts";
import { large, type Origin, small, startOrigin } from "./support/origins.ts";
import { has, needing, run } from "./support/programs.ts";
import { randomOctets } from "./support/random.ts";
import { startSite } from "./support/site.ts";
import { until } from "./support/waiting.ts";

/** A client that persists ends its connection itself. */
const clientLeft = { downstream: { "peer-closed-idle": 1 } };
const tunnelEnded = { downstream: { "tunnel-ended": 1 }, upstream: { "tunnel-ended": 1 } };

const curl = (proxy: Hopwise, args: readonly string[], input?: Buffer) =>
  curlPastProxies(["--noproxy", "", "--proxy", proxy.url, ...args], input);

describe.skipIf(!has("curl"))(`curl through the forward proxy${needing("curl")}`, () => {
  let origin: Origin;
  let hopwise: Hopwise;

  beforeAll(async () => {
    origin = await startOrigin("node");
    hopwise = await startHopwise(["--allow-private", "--connect-ports", "1-65535"], "forward");
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    await origin?.stop();
    expect(exit?.code).toBe(0);
  });

  it("gets several resources on one connection", async () => {
    const urls = [`${origin.url}/small.txt`, `${origin.url}/large.bin`, `${origin.url}/small.txt`];
    const result = await closesOf(hopwise, clientLeft, () => curl(hopwise, urls));
    expect(result.code).toBe(0);
    expect(result.transfers.map((it) => it.num_connects)).toEqual([1, 0, 0]);
    expect(result.stdout.equals(Buffer.concat([small, large, small]))).toBe(true);
  });

  it("is never kept with HTTP/1.0, though it asks for it", async () => {
    const args = ["--http1.0", "--include", "--header", "Connection: keep-alive"];
    const result = await closesOf(hopwise, { downstream: { "http10-not-kept": 2 } }, () =>
      curl(hopwise, [...args, `${origin.url}/small.txt`, `${origin.url}/small.txt`]),
    );
    expect(result.code).toBe(0);
    expect(result.transfers.map((it) => it.num_connects)).toEqual([1, 1]);
    const heads = result.stdout.toString("latin1").toLowerCase();
    expect(heads.match(/^connection: close\r$/gm)).toHaveLength(2);
    expect(heads).not.toMatch(/^(?:keep-alive|proxy-connection):/m);
  });

  it("sends a body with an expectation, and one in chunks", async () => {
    const body = randomOctets(2_000_000, 11);
    for (const headers of [[], ["--header", "Transfer-Encoding: chunked"]]) {
      const args = ["--request", origin.uploadMethod, ...headers, "--data-binary", "@-", `${origin.url}/upload`];
      const result = await closesOf(hopwise, clientLeft, () => curl(hopwise, args, body));
      expect(result.code).toBe(0);
      expect(origin.received(result.stdout).equals(body)).toBe(true);
    }
  });

  it("tunnels what it could have asked for in absolute-form", async () => {
    const urls = [`${origin.url}/small.txt`, `${origin.url}/large.bin`];
    const result = await closesOf(hopwise, tunnelEnded, () => curl(hopwise, ["--proxytunnel", ...urls]));
    expect(result.code).toBe(0);
    expect(result.stdout.equals(Buffer.concat([small, large]))).toBe(true);
  });

  it("tunnels with a CONNECT of HTTP/1.0", async () => {
    const args = ["--proxy1.0", hopwise.url, "--proxytunnel", `${origin.url}/small.txt`];
    const result = await closesOf(hopwise, tunnelEnded, () => curlPastProxies(["--noproxy", "", ...args]));
    expect(result.code).toBe(0);
    expect(result.stdout).toEqual(small);
  });

  it.skipIf(!has("openssl"))(`speaks TLS through a tunnel${needing("openssl")}`, async () => {
    const site = await startSite(true);
    // Not before the tunnel is gone: a site that stops before it has read curl's end would reset it.
    onTestFinished(() => site.stop());
    const before = await hopwise.stats();
    const result = await curl(hopwise, ["--insecure", `${site.url}/script-1.js`]);
    expect(result.code).toBe(0);
    // Which of the two it is depends on whether curl has read its neighbour's closing alert before it closes.
    let closes = {};
    await until("the tunnel is gone", async () => {
      closes = difference(before.connections.downstream.closed, (await hopwise.stats()).connections.downstream.closed);
      return total(closes) === 1;
    });
    expect([{ "tunnel-ended": 1 }, { "peer-reset": 1 }]).toContainEqual(closes);
    expect(result.stdout.toString()).toContain("scriptsRun");
  });

  it("is told when there is no origin", async () => {
    const plain = await curl(hopwise, ["http://127.0.0.1:1/"]);
    expect(plain.transfers[0]?.response_code).toBe(502);
    expect(plain.stdout.toString()).toContain("connect-failed");
    const tunnel = await closesOf(hopwise, { downstream: { "no-tunnel": 1 } }, () =>
      curl(hopwise, ["--proxytunnel", "http://127.0.0.1:1/"]),
    );
    expect(tunnel.messages).toMatch(/502/);
  });
});

describe.skipIf(!has("curl"))(`curl through a forward proxy with users${needing("curl")}`, () => {
  const directory = new Directory();
  const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  let origin: Origin;
  let hopwise: Hopwise;

  async function lineFor(name: string, password: string): Promise<string> {
    const made = await run(process.execPath, [cli, "forward", "--hash-password"], {
      input: Buffer.from(`${password}\n`),
    });
    expect(made).toMatchObject({ code: 0, stderr: "" });
    return `${name}:${made.stdout}`;
  }

  beforeAll(async () => {
    origin = await startOrigin("node");
    directory.write("users", Buffer.from(await lineFor("alice", "secret")));
    const users = ["--users", directory.at("users")];
    hopwise = await startHopwise(["--allow-private", "--connect-ports", "1-65535", ...users], "forward");
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    await origin?.stop();
    directory.remove();
    expect(exit?.code).toBe(0);
  });

  const get = (...args: string[]) => curl(hopwise, [...args, `${origin.url}/small.txt`]);

  it("finds out by itself that it must say who it is, on the same connection", async () => {
    const result = await get("--proxy-anyauth", "--proxy-user", "alice:secret");
    expect(result.stdout).toEqual(small);
    expect(result.transfers[0]).toMatchObject({ response_code: 200, num_connects: 1 });
  });

  it("is turned away with a wrong password, or none", async () => {
    expect((await get()).transfers[0]?.response_code).toBe(407);
    expect((await get("--proxy-user", "alice:wrong")).transfers[0]?.response_code).toBe(407);
  });

  it("says it for each tunnel", async () => {
    expect((await get("--proxytunnel", "--proxy-user", "alice:secret")).stdout).toEqual(small);
    expect((await get("--proxytunnel", "--proxy-anyauth", "--proxy-user", "alice:secret")).stdout).toEqual(small);
    expect((await get("--proxytunnel", "--proxy-user", "alice:wrong")).messages).toMatch(/407/);
  });

  it("knows new users after SIGHUP, and the old ones if the new file is wrong", async () => {
    directory.write("users", Buffer.from(await lineFor("bob", "other")));
    hopwise.kill("SIGHUP");
    const bob = () => get("--proxy-user", "bob:other");
    await until("bob may pass", async () => (await bob()).transfers[0]?.response_code === 200);
    expect((await get("--proxy-user", "alice:secret")).transfers[0]?.response_code).toBe(407);
    directory.write("users", Buffer.from("bob\n"));
    hopwise.kill("SIGHUP");
    expect((await bob()).transfers[0]?.response_code).toBe(200);
  });
});
