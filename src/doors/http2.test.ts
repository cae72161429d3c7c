/** The handler behind the compatibility API of `node:http2`: the fields that only one of the protocols has, bodies, aborts. */
import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { until } from "../../test/interop/support/waiting.ts";
import { DoorStage, type OriginActs, says } from "../../test/kit/door-stage.ts";
import { contextOf, tlsTarget } from "../../test/kit/tls-peer.ts";

let stage: DoorStage;
let server: Http2Server;
let session: ClientHttp2Session;
let acts: OriginActs = () => undefined;

beforeEach(async () => {
  stage = await DoorStage.open((socket, asked) => acts(socket, asked));
  server = createServer();
  stage.handler.attach(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on("error", () => undefined);
});
afterEach(async () => {
  session.destroy();
  server.close();
  await stage.close();
});

interface Answer {
  readonly fields: IncomingHttpHeaders & { ":status"?: number };
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: string;
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let trailers: IncomingHttpHeaders | undefined;
  stream.on("trailers", (received) => {
    trailers = received;
  });
  const [fields] = (await once(stream, "response")) as [Answer["fields"]];
  let body = "";
  stream.setEncoding("latin1");
  for await (const piece of stream) body += piece;
  return { fields, trailers, body };
}

const ask = (fields: OutgoingHttpHeaders, body?: string): Promise<Answer> => {
  const stream = session.request({ ":authority": "a", ...fields }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
};

const ENDED = "Via: 2.0 door\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n";

it("makes an HTTP/1.1 request of pseudo-fields, one Cookie of its pieces, and says TE as HTTP/1.1 does", async () => {
  acts = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const { body } = await ask({ ":path": "/x?y", cookie: ["a=1", "b=2"], te: "trailers", "x-a": "1" });
  expect(body).toBe("ok");
  expect(stage.asked).toBe(
    `GET /x?y HTTP/1.1\r\nhost: a\r\nx-a: 1\r\ncookie: a=1; b=2\r\nConnection: TE\r\nTE: trailers\r\n${ENDED}`,
  );
});

it("frames a body whose length nobody has told in chunks", async () => {
  acts = (socket, asked) => {
    if (asked.endsWith("0\r\n\r\n")) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
  };
  for (const method of ["POST", "DELETE"]) {
    const { fields } = await ask({ ":method": method, "x-about": "content-length" }, "hello");
    expect(fields[":status"]).toBe(204);
    expect(stage.asked).toMatch(/\r\nTransfer-Encoding: chunked\r\n(.*\r\n)*\r\n5\r\nhello\r\n0\r\n\r\n$/);
  }
});

it("keeps a length that was told", async () => {
  acts = (socket, asked) => {
    if (asked.endsWith("hello")) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
  };
  await ask({ ":method": "POST", "content-length": "5" }, "hello");
  expect(stage.asked).toMatch(/\r\ncontent-length: 5\r\n(.*\r\n)*\r\nhello$/);
});

it("gives back fields that HTTP/2 has, without warning of a phrase, and trailers", async () => {
  const warned = vi.spyOn(process, "emitWarning");
  acts = says(
    "HTTP/1.1 200 Fine By Me\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\n" +
      "HTTP2-Settings: x\r\nTE: x\r\nUpgrade: x\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
  );
  const { fields, trailers, body } = await ask({});
  expect(body).toBe("ok");
  expect(Object.keys(fields)).toStrictEqual([":status", "x-a", "trailer", "date"]);
  expect(trailers).toMatchObject({ "x-sum": "1" });
  expect(warned).not.toHaveBeenCalled();
});

it("says what it knows of the client: protocol, TLS, and which server it means", async () => {
  const versions: string[] = [];
  const hooked = await DoorStage.open(says("HTTP/1.1 204 No Content\r\n\r\n"), {
    onRequest: ({ httpVersion }) => void versions.push(httpVersion),
  });
  hooked.handler.on("exchange", ({ version }) => versions.push(version));
  const secure = createSecureServer({ SNICallback: (_name, give) => give(null, contextOf()) });
  hooked.handler.attach(secure);
  await once(secure.listen(0, "127.0.0.1"), "listening");
  const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
  const client = connect(url, { servername: "localhost", ca: tlsTarget.ca });
  await answerOf(client.request({ ":authority": "a" }));
  await hooked.ended();
  client.destroy();
  secure.close();
  await hooked.close();
  expect(hooked.asked).toBe(`GET / HTTP/1.1\r\nhost: a\r\n${ENDED.replace("Proto: http", "Proto: https")}`);
  expect(versions).toStrictEqual(["2.0", "2.0"]);
});

it("takes the scheme from the connection, whatever the client says", async () => {
  acts = says("HTTP/1.1 204 No Content\r\n\r\n");
  await ask({ ":scheme": "https" });
  expect(stage.asked).toBe(`GET / HTTP/1.1\r\nhost: a\r\n${ENDED}`);
});

it("nominates TE only if there is one", async () => {
  acts = says("HTTP/1.1 204 No Content\r\n\r\n");
  await ask({ "x-a": "te" });
  expect(stage.asked).toBe(`GET / HTTP/1.1\r\nhost: a\r\nx-a: te\r\n${ENDED}`);
});

it("joins what Node sends once only, so that a field said twice fails no stream", async () => {
  acts = says(
    "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nX-Content-Type-Options: nosniff\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "0\r\nETag: a\r\netag: b\r\n\r\n",
  );
  const { fields, trailers } = await ask({});
  expect(fields["x-content-type-options"]).toBe("nosniff, nosniff");
  expect(trailers?.etag).toBe("a, b");
});

it("keeps lines of one name apart in hints, heads and trailers", async () => {
  const lines = "X-Day: Mon, 1 Jan\r\nx-day: Tue, 2 Jan\r\nConstructor: 1\r\nconstructor: 2\r\n";
  const hint = `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n${lines}\r\n`;
  acts = says(`${hint}HTTP/1.1 200 OK\r\n${lines}Transfer-Encoding: chunked\r\n\r\n0\r\n${lines}\r\n`);
  const stream = session.request({ ":authority": "a" });
  const told: string[][] = [];
  for (const event of ["headers", "response", "trailers"])
    stream.on(event, (_fields: unknown, _flags: number, raw: string[]) =>
      told.push(raw.flatMap((name, at) => (/^(x-day|constructor)$/.test(name) ? [name, raw[at + 1] ?? ""] : []))),
    );
  await answerOf(stream);
  const expected = ["x-day", "Mon, 1 Jan", "x-day", "Tue, 2 Jan", "constructor", "1", "constructor", "2"];
  expect(told).toStrictEqual([expected, expected, expected]);
});

it.each([
  ["a.test", "A.TEST", "a.test"],
  [undefined, "b.test", "b.test"],
])("takes :authority %s before a host %s that is the same", async (authority, host, expected) => {
  acts = says("HTTP/1.1 204 No Content\r\n\r\n");
  const stream = session.request(authority === undefined ? { host } : { ":authority": authority, host });
  await answerOf(stream);
  expect(stage.asked).toMatch(new RegExp(`^GET / HTTP/1.1\r\nhost: ${expected}\r\nVia: `));
});

it("is answered by hopwise where the origin fails", async () => {
  acts = (socket) => socket.destroy();
  const { fields, body } = await ask({});
  expect(fields).toMatchObject({ ":status": 502, "proxy-status": expect.stringContaining("upstream-closed") });
  expect(body).toMatch(/^502 Bad Gateway: upstream-closed\n/);
  expect(fields.connection).toBeUndefined();
});

it("gives a status that HTTP/2 servers cannot send as what clients take it for", async () => {
  acts = says("HTTP/1.1 799 What\r\nContent-Length: 0\r\n\r\n");
  expect((await ask({})).fields[":status"]).toBe(500);
});

it("cancels the work for a stream that its client has reset, and no other", async () => {
  acts = (socket, asked) => {
    if (asked.includes("/other")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  };
  const stream = session.request({ ":path": "/slow", ":authority": "a" });
  stream.on("error", () => undefined);
  await until("the origin is asked", () => stage.asked !== "");
  const other = ask({ ":path": "/other" });
  stream.close(constants.NGHTTP2_CANCEL);
  await stage.ended(2);
  expect((await other).body).toBe("ok");
  expect(stage.exchanges.map(({ outcome }) => outcome).toSorted()).toStrictEqual(["client-gone", "completed"]);
});

it("resets the stream of a response that is cut short", async () => {
  acts = (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n");
  const stream = session.request({ ":authority": "a" });
  stream.on("error", () => undefined).resume();
  await until("it is over", () => stream.destroyed);
  expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
});

it("says 103 as HTTP/2 does", async () => {
  acts = says(
    "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  );
  const stream = session.request({ ":authority": "a" });
  const [hints] = (await once(stream, "headers")) as [IncomingHttpHeaders];
  expect(hints).toMatchObject({ ":status": 103, link: "</a.css>; rel=preload" });
  expect((await answerOf(stream)).fields[":status"]).toBe(200);
});

it("refuses a Host that is another than :authority", async () => {
  const { fields } = await ask({ host: "b" });
  expect(fields).toMatchObject({ ":status": 400, "proxy-status": expect.stringContaining("host-repeated") });
});
