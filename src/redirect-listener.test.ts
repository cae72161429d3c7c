/** A listener that sends everybody to https: the same resource, the same method, and no origin is asked. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TlsStage } from "../test/kit/tls-stage.ts";
import { createProxy, HopwiseError, type ProxyOptions } from "./index.ts";

let stage: TlsStage;
beforeEach(() => {
  stage = new TlsStage();
});
afterEach(() => stage.end());

async function ask(request: string): Promise<string> {
  const client = connect(stage.redirectPort, "127.0.0.1");
  await once(client, "connect");
  client.end(request);
  return await text(client);
}

const head = (answer: string) => answer.slice(0, answer.indexOf("\r\n\r\n"));
const location = (answer: string) => /^Location: (.*)\r?$/m.exec(head(answer))?.[1];

describe("a request in the clear", () => {
  it.each([
    ["Host: site.test", "/", "https://site.test/"],
    ["Host: site.test:8080", "/a/b?c=%20d", "https://site.test/a/b?c=%20d"],
    ["Host: [::1]:80", "/", "https://[::1]/"],
    ["Host: site.test", "//evil.test/", "https://site.test//evil.test/"],
    ["Host: elsewhere.test", "http://site.test/a", "https://site.test/a"],
  ])("with %s for %s is sent to %s", async (host, target, expected) => {
    await stage.begin({ redirect: 0 });
    const answer = await ask(`GET ${target} HTTP/1.1\r\n${host}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 308 Permanent Redirect\r\n/);
    expect(location(answer)).toBe(expected);
    expect(stage.exchanges).toMatchObject([{ status: 308, reason: "https-redirect", outcome: "answered" }]);
    expect(stage.exchanges[0]).not.toHaveProperty("upstream");
  });

  it("is sent to another port than 443 where that is said", async () => {
    await stage.begin({ redirect: 0, redirectPort: 8443 });
    expect(location(await ask("GET /a HTTP/1.1\r\nHost: site.test:80\r\n\r\n"))).toBe("https://site.test:8443/a");
  });

  it("is sent on however long its target is, as long as its head may be", async () => {
    await stage.begin({ redirect: 0 });
    const target = `/saml?request=${"x".repeat(60_000)}`;
    expect(location(await ask(`GET ${target} HTTP/1.1\r\nHost: site.test\r\n\r\n`))).toBe(`https://site.test${target}`);
  });

  it("may have a body, and its connection serves the next one", async () => {
    await stage.begin({ redirect: 0 });
    const post = "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    const answers = await ask(`${post}HEAD /b HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answers.match(/^Location: .*/gm)).toEqual(["Location: https://a/form", "Location: https://a/b"]);
  });

  it("that names no host, as one of HTTP/1.0 may, is answered 400", async () => {
    await stage.begin({ redirect: 0 });
    const answer = await ask("GET / HTTP/1.0\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(location(answer)).toBeUndefined();
    expect(stage.exchanges).toMatchObject([{ status: 400, reason: "host-missing" }]);
  });

  it("is judged as anywhere else before", async () => {
    await stage.begin({ redirect: 0 });
    expect(await ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("is served over https beside it", async () => {
    await stage.begin({ redirect: 0 });
    expect(await stage.ask(await stage.connect())).toMatch(/^HTTP\/1\.1 200 /);
  });
});

it.each<[Partial<ProxyOptions>, RegExp]>([
  [
    { redirect: "https://127.0.0.1:80" },
    /^redirect: https:\/\/127\.0\.0\.1:80 would redirect what is https already: write 127/,
  ],
  [
    { listen: 8080, redirect: "127.0.0.1:8080" },
    /^redirect: 127\.0\.0\.1:8080 is where clients are served: write another/,
  ],
  [{ redirect: 80, redirectPort: 0 }, /^redirectPort: 0 is no port that clients can be sent to/],
  [{ redirect: 80, redirectPort: "a" }, /^redirectPort: /],
])("%j says what is wrong", (options, says) => {
  expect(() => createProxy({ to: "http://127.0.0.1:9", ...options })).toThrow(HopwiseError);
  expect(() => createProxy({ to: "http://127.0.0.1:9", ...options })).toThrow(says);
});
