/**
 * curl through hopwise to real servers: every way it has of using a connection and of sending a body.
 *
 * Each case says why connections closed.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closesOf } from "./support/closes.ts";
import { curl } from "./support/curl.ts";
import { Directory } from "./support/directory.ts";
import { type Hopwise, startHopwise } from "./support/hopwise.ts";
import { large, type Origin, type OriginName, programOf, prose, small, startOrigin } from "./support/origins.ts";
import { has, needing } from "./support/programs.ts";
import { randomOctets } from "./support/random.ts";

/** A client that persists ends its connection itself. */
const clientLeft = { downstream: { "peer-closed-idle": 1 } };
/** An HTTP/1.0 client that asked for nothing. */
const notKept = { downstream: { "http10-not-kept": 1 } };

for (const name of ["nginx", "apache", "node"] satisfies OriginName[]) {
  const programs = ["curl", ...(programOf[name] === undefined ? [] : [programOf[name]])];

  describe.skipIf(!programs.every(has))(`curl and ${name}${needing(...programs)}`, () => {
    const directory = new Directory();
    let origin: Origin;
    let hopwise: Hopwise;

    beforeAll(async () => {
      origin = await startOrigin(name);
      hopwise = await startHopwise(["--to", origin.url]);
    });

    afterAll(async () => {
      const exit = await hopwise?.stop();
      await origin?.stop();
      directory.remove();
      expect(exit?.code).toBe(0);
    });

    const at = (path: string) => `${hopwise.url}${path}`;

    it("gets a small resource over HTTP/1.1", async () => {
      const result = await closesOf(hopwise, clientLeft, () => curl([at("/small.txt")]));
      expect(result.code).toBe(0);
      expect(result.stdout).toEqual(small);
      expect(result.transfers[0]).toMatchObject({ response_code: 200, http_version: "1.1" });
    });

    it("gets it over HTTP/1.0, and the connection closes", async () => {
      const result = await closesOf(hopwise, notKept, () => curl(["--http1.0", "--include", at("/small.txt")]));
      const answer = result.stdout.toString("latin1");
      expect(result.code).toBe(0);
      expect(answer.endsWith(small.toString())).toBe(true);
      expect(answer.toLowerCase()).toContain("\r\nconnection: close\r\n");
      expect(answer.toLowerCase()).not.toContain("transfer-encoding");
    });

    it("keeps an HTTP/1.0 connection that asks for keep-alive", async () => {
      const url = at("/small.txt");
      const args = ["--http1.0", "--header", "Connection: keep-alive", "--include", url, url, url];
      const result = await closesOf(hopwise, clientLeft, () => curl(args));
      const answer = result.stdout.toString("latin1");
      expect(result.code).toBe(0);
      expect(result.transfers.map((it) => it.num_connects)).toEqual([1, 0, 0]);
      expect(answer.match(/^keep-alive: timeout=\d+, max=\d+\r$/gim)).toHaveLength(3);
    });

    it("answers several requests on one connection", async () => {
      const urls = [at("/small.txt"), at("/large.bin"), at("/prose.txt"), at("/small.txt")];
      const result = await closesOf(hopwise, clientLeft, () => curl(urls));
      expect(result.code).toBe(0);
      expect(result.transfers.map((it) => it.num_connects)).toEqual([1, 0, 0, 0]);
      expect(result.stdout.equals(Buffer.concat([small, large, prose, small]))).toBe(true);
    });

    it("closes when the client says so", async () => {
      const url = at("/small.txt");
      const result = await closesOf(hopwise, { downstream: { "close-received": 2 } }, () =>
        curl(["--header", "Connection: close", url, url]),
      );
      expect(result.code).toBe(0);
      expect(result.transfers.map((it) => it.num_connects)).toEqual([1, 1]);
    });

    it("passes a megabyte unchanged", async () => {
      for (const version of ["--http1.1", "--http1.0"]) {
        const result = await curl([version, at("/large.bin")]);
        expect(result.code).toBe(0);
        expect(result.stdout.equals(large)).toBe(true);
      }
    });

    it("answers HEAD with the length and no body, and the connection goes on", async () => {
      const args = ["--head", at("/large.bin"), at("/large.bin")];
      const result = await closesOf(hopwise, clientLeft, () => curl(args));
      expect(result.code).toBe(0);
      expect(result.stdout.toString("latin1").toLowerCase()).toContain(`content-length: ${large.length}\r\n`);
      expect(result.transfers.map((it) => it.num_connects)).toEqual([1, 0]);
    });

    it("passes 304 through, and the connection goes on", async () => {
      const first = await curl(["--head", at("/large.bin")]);
      const etag = /^etag: (.*)\r$/im.exec(first.stdout.toString("latin1"))?.[1];
      expect(etag).toBeDefined();
      const args = ["--header", `If-None-Match: ${etag}`, at("/large.bin"), at("/large.bin")];
      const result = await closesOf(hopwise, clientLeft, () => curl(args));
      expect(result.code).toBe(0);
      expect(result.stdout).toHaveLength(0);
      expect(result.transfers.map((it) => [it.response_code, it.num_connects])).toEqual([
        [304, 1],
        [304, 0],
      ]);
    });

    it("passes ranges through", async () => {
      const result = await curl(["--range", "1000-200999", at("/large.bin")]);
      expect(result.code).toBe(0);
      expect(result.transfers[0]?.response_code).toBe(206);
      expect(result.stdout.equals(large.subarray(1_000, 201_000))).toBe(true);
    });

    it("passes compressed content through as it is", async () => {
      const accepts = ["--header", "Accept-Encoding: gzip"];
      const result = await curl([...accepts, "--dump-header", directory.at("head"), at("/prose.txt")]);
      expect(result.code).toBe(0);
      expect(readFileSync(directory.at("head"), "latin1").toLowerCase()).toContain("content-encoding: gzip\r\n");
      expect(result.stdout.length).toBeLessThan(prose.length / 10);
      expect(gunzipSync(result.stdout)).toEqual(prose);
    });

    describe("uploads", () => {
      const body = randomOctets(5_000_000, 7);
      const path = directory.write("body.bin", body);
      const upload = (...args: string[]) => [...args, "--request", origin.uploadMethod, at("/upload")];

      async function arrives(args: readonly string[], sent: Buffer, input?: Buffer): Promise<string> {
        const result = await curl([...args, "--verbose"], input);
        expect(result.code).toBe(0);
        expect([200, 201, 204]).toContain(result.transfers[0]?.response_code);
        expect(origin.received(result.stdout).equals(sent)).toBe(true);
        return result.messages;
      }

      it("sends 5 MB with a length, and waits for 100 Continue as curl does by itself", async () => {
        const trace = await closesOf(hopwise, clientLeft, () => arrives(upload("--data-binary", `@${path}`), body));
        expect(trace).toMatch(/^> Expect: 100-continue/m);
        expect(trace).toMatch(/^< HTTP\/1\.1 100 Continue/m);
      });

      it("sends 5 MB with a length and without Expect", async () => {
        const args = upload("--header", "Expect:", "--data-binary", `@${path}`);
        const trace = await closesOf(hopwise, clientLeft, () => arrives(args, body));
        expect(trace).not.toContain("100 Continue");
      });

      it("sends 5 MB in chunks", async () => {
        const trace = await closesOf(hopwise, clientLeft, () => arrives(upload("--upload-file", "-"), body, body));
        expect(trace).toMatch(/^> Transfer-Encoding: chunked/m);
      });

      it("sends chunks after 100 Continue, and without Expect", async () => {
        const part = body.subarray(0, 100_000);
        for (const expectation of ["Expect: 100-continue", "Expect:"]) {
          await arrives(upload("--header", expectation, "--upload-file", "-"), part, part);
        }
      });

      it("sends a body over HTTP/1.0", async () => {
        const args = upload("--http1.0", "--data-binary", `@${path}`);
        await closesOf(hopwise, notKept, () => arrives(args, body));
      });

      it("sends an empty body", async () => {
        await arrives(upload("--data-binary", ""), Buffer.alloc(0));
      });

      it("sends two bodies on one connection", async () => {
        const args = upload("--data-binary", `@${path}`);
        const result = await closesOf(hopwise, clientLeft, () => curl([...args, at("/upload")]));
        expect(result.code).toBe(0);
        expect(result.transfers.map((it) => it.num_connects)).toEqual([1, 0]);
      });
    });
  });
}
