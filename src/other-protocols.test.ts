/** What is not HTTP is told apart, answered so that people can use it, and logged readably. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { expect, it, vi } from "vitest";
import { createProxy, type ExchangeEntry } from "./index.ts";
import { explained } from "./ledger/explained.ts";

const bytes: readonly (readonly [name: string, sent: string, entry: Partial<ExchangeEntry>, says: RegExp])[] = [
  [
    "SOCKS",
    "\x05\x01\x00",
    { reason: "socks-on-http-port", status: 400, received: "\\x05\\x01\\x00" },
    /^HTTP\/1\.1 400 .*got SOCKS/s,
  ],
  [
    "HTTP/2",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    { reason: "http2-on-http1-port", status: 505, method: "PRI", target: "*" },
    /^HTTP\/1\.1 505 .*got HTTP\/2/s,
  ],
  [
    "the PROXY protocol",
    "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a\r\nAuthorization: secret\r\n\r\n",
    { reason: "proxy-protocol-unexpected", status: 400, received: "PROXY UNKNOWN" },
    /^HTTP\/1\.1 400 .*got a PROXY protocol header/s,
  ],
  [
    "SSH",
    "SSH-2.0-OpenSSH_9.6\r\n",
    { reason: "request-line-malformed", status: 400, received: "SSH-2.0-OpenSSH_9.6" },
    /^HTTP\/1\.1 400 /,
  ],
  [
    "a terminal's escapes",
    "\x1b[31mred\r\n",
    { reason: "request-line-malformed", status: 400, received: "\\x1b[31mred" },
    /^HTTP\/1\.1 400 [^\x1b]*$/,
  ],
  ["half a line", "GE", { reason: "request-incomplete", status: 400, received: "GE" }, /^HTTP\/1\.1 400 /],
];

async function withProxy(
  use: (port: number) => Promise<void>,
  to = "http://127.0.0.1:9",
): Promise<Partial<ExchangeEntry>[]> {
  const proxy = createProxy({ to, port: 0, http2: false });
  const entries: ExchangeEntry[] = [];
  proxy.on("exchange", (entry) => entries.push(entry));
  try {
    const { port } = await proxy.listen();
    await use(port);
    await vi.waitUntil(() => entries.length > 0);
  } finally {
    await proxy.close({ graceMs: 0 });
  }
  return entries;
}

it.each(bytes)("%s", async (_name, sent, entry, says) => {
  const entries = await withProxy(async (port) => {
    const client = connect(port, "127.0.0.1");
    await once(client, "connect");
    client.end(sent, "latin1");
    expect(await text(client)).toMatch(says);
  });
  expect(entries).toMatchObject([entry]);
});

it("a client that speaks TLS finds out at once, and in words that are searched for", async () => {
  const entries = await withProxy(async (port) => {
    const client = connectTls({ port, host: "127.0.0.1" });
    const [error] = await once(client, "error");
    // OpenSSL's name for an answer in HTTP: "wrong version number".
    expect(error.code).toMatch(/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/);
  });
  expect(entries).toMatchObject([{ reason: "tls-on-plain-port", status: 400, method: "", target: "" }]);
  expect(entries[0]?.received).toMatch(/^\\x16\\x03\\x01/);
});

const answers: readonly (readonly [name: string, sent: string, fault: string, says: RegExp])[] = [
  [
    "HTTP/2 alone, as servers of gRPC do",
    "\0\0\x06\x04\0\0\0\0\0\0\x05\0\0@\0",
    "http2-on-http1-port",
    /speaks HTTP\/2 alone/,
  ],
  ["TLS", "\x15\x03\x03\0\x02\x02\x46", "tls-on-plain-port", /write its address with https:\/\//],
  ["SSH", "SSH-2.0-OpenSSH_9.6\r\n", "status-line-malformed", /status-line must be/],
  ["SMTP", "220 mail.test ESMTP\r\n", "status-line-malformed", /status-line must be/],
  [
    "HTTP, with a head beyond the limit",
    `HTTP/1.1 200 OK\r\nA: ${"a".repeat(70_000)}\r\n\r\n`,
    "head-too-large",
    /head of the origin's answer is larger than the limit/,
  ],
];

it.each(answers)("an origin that speaks %s is said to", async (_name, sent, fault, says) => {
  const origin = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(sent, "latin1"));
  });
  origin.listen(0, "127.0.0.1");
  await once(origin, "listening");
  const { port: originPort } = origin.address() as AddressInfo;
  const entries = await withProxy(async (port) => {
    const client = connect(port, "127.0.0.1");
    await once(client, "connect");
    client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const answer = await text(client);
    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
    expect(answer).toMatch(says);
  }, `http://127.0.0.1:${originPort}`);
  origin.close();
  expect(entries).toMatchObject([{ reason: "response-malformed", status: 502, fault }]);
  const about = explained(entries[0] as ExchangeEntry);
  expect(about?.detail).toMatch(says);
});
