/** Requests that a route buffers, on real sockets: how their bodies are framed towards the origin. */
import { createServer, type Server } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type HopwiseProxy } from "./index.ts";

const CHUNKED = "Transfer-Encoding: chunked\r\n";
const FRAMING = /^(?:content-length|transfer-encoding)$/i;

/** The framing of the latest request, its body and its trailers, as its origin had them. */
let asked: readonly string[] = [];
const origin: Server = createServer(async (request, response) => {
  const { rawHeaders } = request;
  const framing = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && FRAMING.test(name) ? [`${name}: ${rawHeaders[index + 1]}`] : [],
  );
  asked = [...framing, await text(request), ...request.rawTrailers];
  response.end();
});
let proxy: HopwiseProxy;
let port = 0;

beforeAll(async () => {
  const to = await listening(origin);
  proxy = createGateway({
    listeners: [{ http: "127.0.0.1:0" }],
    routes: [{ match: { path: "/buffered" }, to, bufferRequest: "1k" }, { to }],
  });
  ({ port } = await proxy.listen());
});
afterAll(async () => {
  await proxy.close({ graceMs: 0 });
  origin.close();
});

async function send(...pieces: readonly string[]): Promise<readonly string[]> {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true).on("error", () => {});
  for (const [index, piece] of pieces.entries()) {
    // Each is read by itself: what is waited for is that hopwise has taken it.
    if (index > 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => socket.write(piece, resolve));
  }
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  return asked;
}

const head = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${CHUNKED}\r\n`;

it.each<[what: string, ...pieces: string[]]>([
  ["at once", `${head("/buffered")}5\r\nhello\r\n0\r\n\r\n`],
  ["in pieces", head("/buffered"), "2\r\nhe\r\n", "3\r\nllo\r\n", "0\r\n\r\n"],
])("a body in chunks that comes %s has a length where all of it is here", async (_what, ...pieces) => {
  expect(await send(...pieces)).toStrictEqual(["Content-Length: 5", "hello"]);
});

it("so has one over HTTP/2 that says no length", async () => {
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = client.request({ ":method": "POST", ":path": "/buffered" });
  stream.write("he");
  stream.end("llo");
  await text(stream);
  client.close();
  expect(asked).toStrictEqual(["Content-Length: 5", "hello"]);
});

it("so has one that is empty", async () => {
  expect(await send(`${head("/buffered")}0\r\n\r\n`)).toStrictEqual(["Content-Length: 0", ""]);
});

/** More than one read brings. */
const large = "x".repeat(100_000);

it.each<[what: string, path: string, sent: string, asked: string[]]>([
  ["has trailers", "/buffered", "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", ["hello", "X-Sum", "1"]],
  ["takes a route that does not buffer", "/other", "5\r\nhello\r\n0\r\n\r\n", ["hello"]],
  ["is larger than its route holds", "/buffered", `186a0\r\n${large}\r\n0\r\n\r\n`, [large]],
])("one that %s stays in chunks", async (_what, path, sent, expected) => {
  expect(await send(head(path) + sent)).toStrictEqual([CHUNKED.trimEnd(), ...expected]);
});
