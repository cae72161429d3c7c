/** Passwords that stand where none may: they are in no log, event, figure, answer or message. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { createForwardProxy, createProxy, type HopwiseProxy } from "./index.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function logFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "hopwise-secrets-"));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  return join(directory, "access.log");
}

const kinds: Readonly<Record<string, (options: { accessLog: string; admin: string }) => HopwiseProxy>> = {
  "a gateway": (options) => createProxy({ to: "http://127.0.0.1:9", port: 0, ...options }),
  "a forward proxy": (options) => createForwardProxy({ port: 0, ...options }),
};

/** Start-lines of requests; the password is always `s3cret`. */
const lines = [
  "GET http://user:s3cret@host.test/ HTTP/1.1",
  "GET http://s3cret@host.test HTTP/1.1",
  "GET http://user:s3cret/x@host.test/ HTTP/1.1",
  "GET ftp://user:s3cret@host.test/ HTTP/1.1",
  "GET user:s3cret@host.test HTTP/1.1",
  "GET //user:s3cret@host.test/ HTTP/1.1",
  "CONNECT user:s3cret@host.test:443 HTTP/1.1",
  // These are refused before there is a target at all.
  "GET http://user:s3cret@host.test/ HTTP/9.9",
  "GET http://user:s3cret@host.test/ HXTP/1.1",
  "GET http://user:s3cret@host.test/ ",
  "GET http://user:s3cret@host.test/",
  "GET  http://user:s3cret@host.test/ HTTP/1.1",
  "http://user:s3cret@host.test/ GET HTTP/1.1",
  "G\u0001T http://user:s3cret@host.test/ HTTP/1.1",
];

async function answerTo(line: string, port: number): Promise<string> {
  const client = connect(port, "127.0.0.1");
  await once(client, "connect");
  client.end(`${line}\r\nHost: host.test\r\n\r\n`);
  return await text(client);
}

it.each(Object.entries(kinds))("%s tells nobody of passwords in targets", async (_kind, make) => {
  const accessLog = logFile();
  const proxy = make({ accessLog, admin: "127.0.0.1:0" });
  cleanups.push(() => proxy.close({ graceMs: 0 }));
  const events: unknown[] = [];
  for (const name of ["exchange", "connection-open", "connection-close"] as const) {
    proxy.on(name, (event) => events.push(event));
  }
  const { port, admin } = await proxy.listen();
  const answers = await Promise.all(lines.map((line) => answerTo(line, port)));
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 [45]/);
  const figures = await Promise.all(
    ["/stats", "/metrics"].map(async (page) => (await fetch(`${admin?.url}${page}`)).text()),
  );
  await proxy.close();
  const log = readFileSync(accessLog, "utf8");
  expect(log.split("\n")).toHaveLength(lines.length + 1);
  expect(JSON.stringify(events)).toContain("***@host.test");
  for (const told of [...answers, ...figures, ...log.split("\n"), ...events.map((event) => JSON.stringify(event))]) {
    expect(told).not.toContain("s3cret");
  }
});

describe("an option's message does not repeat the password in", () => {
  it.each([
    ["http://user:s3cret@host.test"],
    ["http://user:s3cret@host.test/path"],
    ["http://user:s3cret@host.test:99999"],
    ["ftp://user:s3cret@host.test"],
    ["user:s3cret@host.test:80"],
    ["http://user:s3c/s3cret@host.test"],
    ["http://user:s3cret@host.test", "http://user:s3cret@host.test"],
    ["unix:s3cret@host"],
  ])("%j", (...to) => {
    let message = "";
    try {
      createProxy({ to });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^to: /);
    expect(message).not.toContain("s3cret");
  });
});
