/**
 * The example files run as they stand, but for where they listen and where their endpoints are, and do what their comments say.
 *
 * Deliberately absent: the whole site, which other people's programs pass through, see test/interop/site.test.ts.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rewritten } from "../interop/support/site-file.ts";
import { certificateFor } from "../kit/certificates.ts";
import { hopwise, type Listening, origin } from "./running.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-examples-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** An endpoint that answers with its name, and what it was asked for. */
async function endpoint(name: string): Promise<string> {
  const { url } = await origin(({ url: target, headers }, response) =>
    response.setHeader("Server", name).end(`${name} ${target} ${headers["x-tenant"] ?? "-"}`),
  );
  return url;
}

/** Runs `examples/gateway/NAME.yaml` with endpoints at the ports that it names. @returns asks it, for "STATUS BODY or Location" */
async function example(name: string, endpoints: Readonly<Record<number, string>>) {
  const places = await Promise.all(
    Object.entries(endpoints).map(async ([port, called]) => [`http://127.0.0.1:${port}`, await endpoint(called)]),
  );
  const file = join(folder, `${name}.yaml`);
  const here = { "http: 127.0.0.1:8080": "http: 127.0.0.1:0", ...Object.fromEntries(places) };
  writeFileSync(file, `${rewritten(`examples/gateway/${name}.yaml`, here)}admin: 0\n`);
  const running = hopwise("run", "--json", "-c", file);
  const { url, admin } = await running.json<Listening>("listening");
  const ask = async (target: string, headers: Readonly<Record<string, string>> = {}, method = "GET") => {
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      request(url + target, { method, headers }, resolve)
        .on("error", reject)
        .end(),
    );
    const body = await text(response);
    return { response, said: `${response.statusCode} ${response.headers.location ?? body}` };
  };
  return Object.assign(ask, { admin: admin ?? "" });
}

describe("examples/gateway", () => {
  it("blue-green: one version is served; a request for a preview gets the other", async () => {
    const ask = await example("blue-green", { 3001: "blue", 3002: "green" });
    expect((await ask("/x", { "X-Preview": "green" })).said).toBe("200 green /x -");
    for (let i = 0; i < 5; i++) expect((await ask("/x", { "X-Preview": "red" })).said).toBe("200 blue /x -");
    // Green is in two groups, and one endpoint to those who look at it: Prometheus refuses series that are there twice.
    const metrics = await (await fetch(`${ask.admin}/metrics`)).text();
    const series = [...metrics.matchAll(/^hopwise\S+(?= )/gm)].map(([one]) => one);
    expect(series.filter((one) => one.startsWith("hopwise_endpoint_available"))).toHaveLength(2);
    expect(series.filter((one, index) => series.indexOf(one) !== index)).toStrictEqual([]);
  });

  it("tenants: by the host, the exact one before the wildcard, and no claim of a client's", async () => {
    const ask = await example("tenants", { 3001: "acme-1", 3002: "acme-2", 3003: "shared" });
    const said = async (host: string) => (await ask("/x", { Host: host, "X-Tenant": "claimed" })).said;
    expect(await said("acme.example.com")).toMatch(/^200 acme-[12] \/x acme$/);
    expect(await said("other.example.com")).toBe("200 shared /x -");
    expect(await said("deep.other.example.com")).toBe("200 shared /x -");
    expect(await said("example.com")).toBe("404 There is no such site.\n");
  });

  it("moved: every path and query is kept, but for what is somewhere else now", async () => {
    const ask = await example("moved", {});
    const said = async (target: string, method?: string) => (await ask(target, {}, method)).said;
    expect(await said("/news/today?page=2")).toBe("308 https://www.example.com/news/today?page=2");
    expect(await said("/", "POST")).toBe("308 https://www.example.com/");
    expect(await said("/shop/cart")).toBe("308 https://shop.example.com/cart");
    expect(await said("/status")).toBe("302 https://status.example.net/");
  });

  it("fixed-answers: what needs no origin is answered, the API has its prefix, and the rest is not there", async () => {
    const ask = await example("fixed-answers", { 3000: "api" });
    const robots = await ask("/robots.txt");
    expect([robots.said, robots.response.headers["cache-control"]]).toStrictEqual([
      "200 User-agent: *\nDisallow: /\n",
      "max-age=3600",
    ]);
    const user = await ask("/api/users/7");
    expect([user.said, user.response.headers.server]).toStrictEqual(["200 api /v1/users/7 -", undefined]);
    expect((await ask("/api/internal/x")).said).toMatch(/^403 /);
    expect((await ask("/.well-known/security.txt")).said).toBe("200 Contact: mailto:security@example.com\n");
    expect((await ask("/else")).said).toBe("404 not found\n");
  });
});

describe("examples/site", () => {
  it("hopwise route says of it what docs/one-file.md shows", async () => {
    const file = join(folder, "site.yaml");
    writeFileSync(file, rewritten("examples/site/hopwise.config.yaml", { "/etc/letsencrypt": folder }));
    for (const host of ["www.example.com", "shop.example.com"]) {
      const { cert, key } = certificateFor([host]);
      mkdirSync(join(folder, "live", host), { recursive: true });
      writeFileSync(join(folder, "live", host, "fullchain.pem"), cert);
      writeFileSync(join(folder, "live", host, "privkey.pem"), key);
    }
    const page = readFileSync(new URL("../../docs/one-file.md", import.meta.url), "utf8");
    const [, url = "", shown = ""] = /^\$ hopwise route GET (\S+)\n([\s\S]*?)\n```$/m.exec(page) ?? [];
    const running = hopwise("route", "GET", url, "-c", file);
    expect(await running.ended).toBe(0);
    expect(running.outLines.join("\n")).toBe(shown);
  });
});
