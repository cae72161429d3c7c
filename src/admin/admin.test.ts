import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { hostname } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { answered } from "../../test/interop/support/answered.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { sourceOf } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import { nodeClock } from "../net/node-clock.ts";
import { type AdminFigures, type AdminRequest, adminAnswer } from "./answers.ts";
import { AdminServer } from "./server.ts";

function figures(ledger = new Ledger(nodeClock)): AdminFigures {
  return { source: sourceOf(ledger), host: "proxy.internal" };
}

const ask = (some: Partial<AdminRequest> = {}, from = figures()) =>
  adminAnswer({ method: "GET", target: "/", hosts: ["127.0.0.1:9901"], ...some }, from);

describe("the admin's pages", () => {
  it.each([
    ["/", "text/plain; charset=utf-8", /\/metrics/],
    ["/healthz", "text/plain; charset=utf-8", /^ok\n$/],
    ["/readyz", "text/plain; charset=utf-8", /^ready\n$/],
    ["/stats", "application/json", /"isDraining": false/],
    ["/metrics", "text/plain; version=0.0.4; charset=utf-8", /hopwise_connections\{hop="downstream",state="idle"\} 0/],
    ["/healthz?verbose", "text/plain; charset=utf-8", /ok/],
    ["http://127.0.0.1:9901/healthz", "text/plain; charset=utf-8", /ok/],
  ])("%s", async (target, contentType, body) => {
    const answer = await ask({ target });
    expect(answer).toMatchObject({ status: 200, contentType });
    expect(answer.body).toMatch(body);
  });

  it("stats are JSON", async () => {
    expect(JSON.parse((await ask({ target: "/stats" })).body)).toMatchObject({ exchanges: { total: 0 } });
  });

  it("not ready while the proxy drains, but healthy", async () => {
    const ledger = new Ledger(nodeClock);
    ledger.watch({ isDraining: true } as Gateway);
    const from = figures(ledger);
    expect(await ask({ target: "/readyz" }, from)).toMatchObject({ status: 503, body: "draining\n" });
    expect(await ask({ target: "/healthz" }, from)).toMatchObject({ status: 200 });
  });

  it("no other paths, however they are spelled", async () => {
    for (const target of ["/nope", "/stats/", "/constructor", "/__proto__", "*", "/\u001b[31m"]) {
      const answer = await ask({ target });
      expect(answer.status, target).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ status: 404, reason: "not-found" });
    }
  });

  it("no other methods", async () => {
    expect(await ask({ method: "POST", target: "/stats" })).toMatchObject({ status: 405, allow: "GET, HEAD" });
    expect(await ask({ method: "HEAD", target: "/stats" })).toMatchObject({ status: 200 });
  });

  it.each([
    ["127.0.0.1:9901", 200],
    ["127.0.0.1", 200],
    ["[::1]:9901", 200],
    ["localhost:9901", 200],
    ["LOCALHOST", 200],
    ["proxy.internal:9901", 200],
    [undefined, 200],
    ["proxy.internal.", 200],
    ["Proxy.INTERNAL.:9901", 200],
    ["localhost.:9901", 200],
    ["[::1]", 200],
    ["[::ffff:127.0.0.1]:9901", 200],
    ["[2001:DB8::1]:80", 200],
    ["192.0.2.1:1", 200],
    ["hopwise:9901", 200],
    [hostname(), 200],
    ["evil.example:9901", 421],
    ["evil.example.", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.evil.example", 421],
    ["proxy.internal.evil.example", 421],
    ["evil.example:9901:9901", 421],
    ["user@localhost", 421],
    ["localhost,evil.example", 421],
    ["[::1].evil.example", 421],
    ["::1.evil.example", 421],
    ["evil.example..", 421],
    ["127.0.0.1:9901/evil.example", 421],
    ["", 421],
  ])("asked of Host %s: %i, so that no web page can have its name rebound", async (host, status) => {
    expect((await ask({ target: "/stats", hosts: host === undefined ? [] : [host] })).status).toBe(status);
  });

  it("asked of two Hosts, whichever is ours: 400 (RFC 9112 section 3.2)", async () => {
    expect(await ask({ hosts: ["localhost", "evil.example"] })).toMatchObject({ status: 400 });
  });

  it("a target's host counts, not the field's (RFC 9112 section 3.2.2)", async () => {
    expect(await ask({ target: "http://evil.example/stats", hosts: ["localhost"] })).toMatchObject({ status: 421 });
    expect(await ask({ target: "http://localhost/stats", hosts: ["evil.example"] })).toMatchObject({ status: 200 });
  });
});

describe("pages of other origins", () => {
  it.each([
    ["a cross-origin fetch", { origin: "https://evil.example" }],
    ["a page in a sandbox", { origin: "null" }],
    ["a frame in a page", { fetchSite: "cross-site", fetchMode: "navigate", fetchDest: "iframe" }],
    ["a plugin in a page", { fetchSite: "same-site", fetchMode: "navigate", fetchDest: "object" }],
    ["the same host on its usual port", { origin: "http://127.0.0.1" }],
    ["another port of this machine", { origin: "http://127.0.0.1:3000", fetchSite: "same-site", fetchMode: "cors" }],
    ["an image or a script", { fetchSite: "cross-site", fetchMode: "no-cors" }],
    ["an image or a script from a neighbour", { fetchSite: "same-site", fetchMode: "no-cors" }],
    ["what says two things of itself", { fetchSite: "same-origin, cross-site" }],
    ["what says it in other letters", { fetchSite: "Cross-Site" }],
  ])("may not ask: %s", async (_name, headers) => {
    for (const target of ["/", "/stats", "/metrics", "/healthz", "/nope"]) {
      expect(await ask({ target, ...headers }), target).toMatchObject({ status: 403 });
    }
  });

  it.each([
    ["an address that is typed", { fetchSite: "none", fetchMode: "navigate" }],
    ["a link that is followed", { fetchSite: "cross-site", fetchMode: "navigate" }],
    ["a link that is followed in a window", { fetchSite: "cross-site", fetchMode: "navigate", fetchDest: "document" }],
    ["this origin's own page", { fetchSite: "same-origin", fetchMode: "cors" }],
    ["a module of this origin's own page", { origin: "http://127.0.0.1:9901", fetchSite: "same-origin" }],
    ["a page that came through something that speaks https", { origin: "https://127.0.0.1:9901" }],
    ["a program", {}],
  ])("are not %s", async (_name, headers) => {
    expect(await ask({ target: "/stats", ...headers })).toMatchObject({ status: 200 });
  });
});

describe("the admin's server", () => {
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });

  async function occupied(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    opened.push(server);
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  async function listen(port: number, isAsked: boolean): Promise<AdminServer> {
    const server = await AdminServer.listen({ host: "127.0.0.1", port, isAsked }, sourceOf(new Ledger(nodeClock)));
    opened.push(server);
    return server;
  }

  async function open(url: string): Promise<Socket> {
    const client = connect(Number(new URL(url).port), "127.0.0.1");
    client.on("error", () => {});
    opened.push({ close: () => client.destroy() });
    await once(client, "connect");
    return client;
  }

  it("answers over HTTP, without a body to HEAD", async () => {
    const { url } = await listen(0, true);
    const got = await fetch(`${url}/healthz`);
    expect([got.status, got.headers.get("cache-control"), await got.text()]).toEqual([200, "no-store", "ok\n"]);
    expect(got.headers.get("access-control-allow-origin")).toBeNull();
    const head = await fetch(`${url}/healthz`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "3", ""]);
    const posted = await fetch(`${url}/healthz`, { method: "POST", body: "x" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("looks at the Host that was sent", async () => {
    const { url } = await listen(0, true);
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${url}/stats`, { headers: { Host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on("error", reject).end();
    });
    expect(status).toBe(421);
  });

  it("looks at what browsers say of the page that asks, and lets no page have the answer", async () => {
    const { url } = await listen(0, true);
    const got = async (headers: Record<string, string>) => {
      const response = await answered(request(`${url}/stats`, { headers }).end());
      response.resume();
      return response;
    };
    expect((await got({ Origin: "https://evil.example" })).statusCode).toBe(403);
    expect((await got({ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" })).statusCode).toBe(403);
    const response = await got({});
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    });
  });

  it("repeats a path that does not exist shortly, and harmlessly", async () => {
    const { body } = await ask({ target: `/${"\u009b".repeat(5_000)}` });
    expect(body).toMatch(/^[\x20-\x7e]{1,300}\n$/);
  });

  it("lets nobody in the way of who asks: whoever was quiet longest gives way", async () => {
    const { url } = await listen(0, true);
    const slow = await Promise.all(Array.from({ length: 100 }, () => open(url)));
    for (const client of slow) client.write("GET /healthz HTTP/1.1\r\nHo");
    const ends = slow.map((client) => once(client, "close"));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await Promise.race(ends);
    expect(slow.filter(({ destroyed }) => destroyed)).toHaveLength(1);
  });

  it("answers nobody who asks for much at once: the answers would wait in memory", async () => {
    const { url } = await listen(0, true);
    const client = await open(url);
    let answers = "";
    client.on("data", (octets) => {
      answers += octets;
    });
    client.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000));
    await once(client, "close");
    expect(answers.split("HTTP/1.1 200").length - 1).toBeLessThan(100);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it("goes elsewhere when its usual port is taken", async () => {
    const server = await listen(await occupied(), false);
    expect(server.isElsewhere).toBe(true);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it("stays where it was asked to be, or says why not", async () => {
    const port = await occupied();
    await expect(listen(port, true)).rejects.toMatchObject({ code: "address-in-use", option: "admin" });
    await expect(listen(port, true)).rejects.toThrow(`127.0.0.1:${port} is taken`);
  });
});
