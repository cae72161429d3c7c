/** Other people's HTTP/2 clients in front of hopwise: curl, nghttp and h2load, over TLS and in the clear. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authority } from "../kit/certificates.ts";
import { Http2Stage } from "../kit/http2-stage.ts";
import { TlsStage } from "../kit/tls-stage.ts";
import { curl } from "./support/curl.ts";
import { has, needing, run } from "./support/programs.ts";

const REQUESTS = 2_000;

describe.skipIf("bun" in process.versions)("HTTP/2 in the clear", () => {
  const stage = new Http2Stage();
  beforeAll(() => stage.begin());
  afterAll(() => stage.end());
  const at = (path: string) => `http://127.0.0.1:${stage.port}${path}`;

  it.skipIf(!has("curl"))(`curl with prior knowledge${needing("curl")}`, async () => {
    // One request: curl 7.88 uses no connection again that began so, with anybody's server.
    const body = "x".repeat(300_000);
    const { transfers, stdout } = await curl(
      ["--http2-prior-knowledge", "--data-binary", "@-", at("/up")],
      Buffer.from(body),
    );
    expect(transfers[0]).toMatchObject({ response_code: 200, http_version: "2", size_upload: body.length });
    expect([stdout.toString(), stage.asked.at(-1)?.body.length]).toEqual(["POST /up", body.length]);
  });

  it.skipIf(!has("curl"))(`curl that asks to upgrade is served in HTTP/1.1${needing("curl")}`, async () => {
    const { transfers, stdout } = await curl(["--http2", at("/h2c")]);
    expect([transfers[0]?.http_version, stdout.toString()]).toEqual(["1.1", "GET /h2c"]);
    expect(stage.asked.at(-1)?.fields.join(" ").toLowerCase()).not.toContain("h2c http2-settings");
  });

  it.skipIf(!has("nghttp"))(`nghttp: priorities, trailers, a large response${needing("nghttp")}`, async () => {
    const { code, stdout } = await run("nghttp", ["-v", "-n", at("/trailers"), at("/large?bytes=1000000")]);
    expect([code, stdout.toString().includes("x-sum: 1")]).toEqual([0, true]);
  });

  it.skipIf(!has("h2load"))(
    `h2load: all of ${REQUESTS} requests, 100 at once on each connection${needing("h2load")}`,
    async () => {
      const { stdout } = await run("h2load", ["-n", String(REQUESTS), "-c", "4", "-m", "100", at("/load")]);
      expect(stdout.toString()).toContain(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`);
    },
  );

  it.skipIf(!has("h2load"))(`h2load during a drain: 0 requests fail${needing("h2load")}`, async () => {
    const own = new Http2Stage();
    await own.begin();
    const load = run("h2load", ["-n", "3000", "-c", "2", "-m", "10", `http://127.0.0.1:${own.port}/`]);
    await own.ended(200);
    const drained = own.proxy?.close({ graceMs: 20_000 });
    const { stdout } = await load;
    // What it could not ask any more was not begun.
    expect(stdout.toString()).toMatch(/status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx/);
    expect([await drained, own.exchanges.every(({ outcome }) => outcome === "completed")]).toEqual([{ cut: 0 }, true]);
    await own.end();
  });
});

describe.skipIf(!has("curl") || "bun" in process.versions)(`HTTP/2 over TLS${needing("curl")}`, () => {
  const stage = new TlsStage();
  let ca: string;
  beforeAll(async () => {
    await stage.begin();
    ca = stage.folder.at("ca.pem");
    writeFileSync(ca, authority.cert);
  });
  afterAll(() => stage.end());

  it.each(["1.1", "2"])("curl settles on HTTP/%s", async (version) => {
    const { transfers, stdout } = await curl(["--cacert", ca, `--http${version}`, `https://localhost:${stage.port}/x`]);
    expect(transfers[0]).toMatchObject({ response_code: 200, http_version: version });
    expect(stdout.toString()).toContain("X-Forwarded-Proto: https\r\n");
    expect(stage.exchanges.at(-1)?.version).toBe(version === "2" ? "2.0" : "1.1");
  });
});
