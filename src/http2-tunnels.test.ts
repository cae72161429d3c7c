/** Tunnels in streams of HTTP/2: WebSocket to an origin that agrees (RFC 8441), and CONNECT through the forward proxy (RFC 9113 section 8.5). */
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Directory } from "../test/interop/support/directory.ts";
import { Http2Stage } from "../test/kit/http2-stage.ts";
import { formatPasswordHash, hashPassword } from "./forward/password-hash.ts";

const { NGHTTP2_CANCEL, NGHTTP2_CONNECT_ERROR, NGHTTP2_NO_ERROR } = constants;

/** However it closes. */
const closing = (it: ClientHttp2Stream | Socket) => new Promise((resolve) => it.once("close", resolve));

let stage: Http2Stage;
beforeEach(() => {
  stage = new Http2Stage();
});
afterEach(() => stage.end());

describe("a WebSocket", () => {
  const asking = (path: string, protocol = "websocket") => ({
    ...{ ":method": "CONNECT", ":protocol": protocol, ":scheme": "http", ":path": path, ":authority": "a.test" },
    "sec-websocket-version": "13",
  });

  it.each<[what: string, path: string, status: number, ended: string]>([
    ["2xx, which would look like agreement", "/ws-200", 502, "GET 502 answered upgrade-not-agreed"],
    ["a wrong acceptance", "/ws-wrong", 502, "GET 502 answered upgrade-not-agreed"],
    ["no acceptance", "/ws-none", 502, "GET 502 answered upgrade-not-agreed"],
    ["the acceptance twice", "/ws-twice", 502, "GET 502 answered upgrade-not-agreed"],
    ["another protocol", "/ws-other", 502, "GET 502 answered upgrade-unexpected"],
    ["no, which goes to the client as it is", "/ws-403", 403, "GET 403 completed"],
  ])("is none where the origin says %s", async (_what, path, status, ended) => {
    await stage.begin();
    const client = await stage.client();
    const answered = await stage.ask(client, asking(path));
    expect([answered.status, await stage.ended(1)]).toEqual([status, [ended]]);
    expect(answered.body).toContain(status === 502 ? ended.split(" ").at(-1) : "no");
    expect(await stage.ask(client, { ":path": "/next" })).toMatchObject({ status: 200, body: "GET /next" });
  });

  it("has the key that hopwise made, whatever its client says", async () => {
    await stage.begin();
    const stream = (await stage.client()).request({ ...asking("/ws"), "sec-websocket-key": "mine" });
    stream.on("error", () => {});
    expect((await once(stream, "response"))[0]).toMatchObject({ ":status": 200 });
    const keys = stage.asked[0]?.fields.filter((_, at, all) => all[at - 1]?.toLowerCase() === "sec-websocket-key");
    expect(keys).toEqual([expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/)]);
    stream.close();
  });

  it("may be another protocol, which has no key, and agrees by 101 alone", async () => {
    await stage.begin();
    const stream = (await stage.client()).request(asking("/x", "other"));
    stream.on("error", () => {});
    expect((await once(stream, "response"))[0]).toMatchObject({ ":status": 200 });
    const said = stage.asked[0]?.fields.join(" ").toLowerCase() ?? "";
    expect([said.includes("upgrade other"), said.includes("sec-websocket-key")]).toEqual([true, false]);
    stream.close();
  });

  it("is no way to another version of HTTP", async () => {
    await stage.begin();
    const answered = await stage.ask(await stage.client(), asking("/", "h2c"));
    expect([answered.status, stage.asked]).toEqual([501, []]);
    expect(await stage.ended(1)).toEqual(["GET 501 answered protocol-not-supported"]);
  });
});

describe("CONNECT through the forward proxy", () => {
  const sockets: Socket[] = [];
  let target: Server;
  let authority: string;
  beforeEach(async () => {
    target = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
    });
    target.listen(0, "127.0.0.1");
    await once(target, "listening");
    authority = `127.0.0.1:${(target.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    target.close();
  });

  async function opened(client: ClientHttp2Session): Promise<{ stream: ClientHttp2Stream; socket: Socket }> {
    const connected = once(target, "connection");
    const stream = client.request({ ":method": "CONNECT", ":authority": authority });
    stream.on("error", () => {});
    const [fields] = (await once(stream, "response")) as [Record<string, unknown>];
    expect(fields).toMatchObject({ ":status": 200 });
    expect(Object.keys(fields)).not.toContain("content-length");
    const [socket] = (await connected) as [Socket];
    return { stream, socket };
  }

  it("carries bytes both ways, and each side ends by itself", async () => {
    await stage.beginForward();
    const { stream, socket } = await opened(await stage.client());
    stream.write("\x16\x03\x01");
    expect(String(await once(socket, "data"))).toBe("\x16\x03\x01");
    socket.write("back");
    expect(String(await once(stream, "data"))).toBe("back");
    const ended = once(socket, "end");
    const closed = closing(stream);
    stream.end("last");
    expect(String(await once(socket, "data"))).toBe("last");
    await ended;
    socket.end("answer");
    expect(String(await once(stream, "data"))).toBe("answer");
    await closed;
    expect([stream.rstCode, await stage.ended(1)]).toEqual([NGHTTP2_NO_ERROR, ["CONNECT 200 tunnel"]]);
  });

  it("goes on towards the target when that has closed its side", async () => {
    await stage.beginForward();
    const { stream, socket } = await opened(await stage.client());
    const ended = once(stream, "end");
    socket.end("bye");
    expect(String(await once(stream, "data"))).toBe("bye");
    await ended;
    const closed = closing(stream);
    stream.end("more");
    expect(String(await once(socket, "data"))).toBe("more");
    await closed;
    expect(stream.rstCode).toBe(NGHTTP2_NO_ERROR);
  });

  it("paces each side by the other", async () => {
    await stage.beginForward();
    const { stream, socket } = await opened(await stage.client());
    const bytes = 3_000_000;
    let [up, down] = [0, 0];
    socket.on("data", (piece) => {
      up += piece.length;
      if (up === bytes) socket.end(Buffer.alloc(bytes));
    });
    stream.on("data", (piece: Buffer) => {
      down += piece.length;
    });
    const closed = closing(stream);
    stream.end(Buffer.alloc(bytes));
    await closed;
    expect([up, down, stream.rstCode]).toEqual([bytes, bytes, NGHTTP2_NO_ERROR]);
  });

  it("ends with CONNECT_ERROR when the target resets its connection, and other streams go on", async () => {
    await stage.beginForward();
    const client = await stage.client();
    const [one, other] = [await opened(client), await opened(client)];
    const closed = closing(one.stream);
    one.socket.resetAndDestroy();
    await closed;
    expect(one.stream.rstCode).toBe(NGHTTP2_CONNECT_ERROR);
    other.stream.write("still");
    expect(String(await once(other.socket, "data"))).toBe("still");
  });

  it("ends at the target when the client resets the stream", async () => {
    await stage.beginForward();
    const { stream, socket } = await opened(await stage.client());
    const closed = closing(socket);
    stream.close(NGHTTP2_CANCEL);
    socket.resume().on("end", () => socket.end());
    await closed;
    expect(await stage.ended(1)).toEqual(["CONNECT 200 tunnel"]);
  });

  it("ends at the target when the client's connection ends", async () => {
    await stage.beginForward();
    const client = await stage.client();
    const { socket } = await opened(client);
    const closed = closing(socket);
    client.destroy();
    socket.resume().on("end", () => socket.end());
    await closed;
    expect(await stage.ended(1)).toEqual(["CONNECT 200 tunnel"]);
  });

  it.each<[what: string, authority: string, status: number, reason: string]>([
    ["nobody listens", "127.0.0.1:1", 502, "connect-failed"],
    ["the port is not for tunnels", "127.0.0.1:25", 403, "connect-port-forbidden"],
    ["there is no port", "127.0.0.1", 400, "target-form-mismatch"],
  ])("gets no tunnel where %s, and the connection goes on", async (_what, to, status, reason) => {
    await stage.beginForward({ connectPorts: "1,1024-65535" });
    const client = await stage.client();
    const answered = await stage.ask(client, { ":method": "CONNECT", ":authority": to });
    expect([answered.status, answered.body]).toEqual([status, expect.stringContaining(reason)]);
    const { stream } = await opened(client);
    stream.close();
  });

  it("asks for a password, and once it is right makes the tunnel", async () => {
    const directory = new Directory();
    const users = directory.write("users", `alice:${formatPasswordHash(await hashPassword("secret"))}\n`);
    await stage.beginForward({ users });
    const client = await stage.client();
    const asking = { ":method": "CONNECT", ":authority": authority };
    const without = await stage.ask(client, asking);
    expect([without.status, without.fields["proxy-authenticate"]]).toEqual([407, expect.stringContaining("Basic")]);
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const wrong = await stage.ask(client, { ...asking, "proxy-authorization": basic("alice:wrong") });
    expect(wrong.status).toBe(407);
    const stream = client.request({ ...asking, "proxy-authorization": basic("alice:secret") });
    stream.on("error", () => {});
    expect((await once(stream, "response"))[0]).toMatchObject({ ":status": 200 });
    expect(sockets).toHaveLength(1);
    stream.close();
    directory.remove();
  });

  it("is for forward proxies alone", async () => {
    await stage.begin();
    const answered = await stage.ask(await stage.client(), { ":method": "CONNECT", ":authority": authority });
    expect([answered.status, await stage.ended(1)]).toEqual([501, ["CONNECT 501 answered connect-not-supported"]]);
  });
});

it("requests for others go through the forward proxy in HTTP/2 as well", async () => {
  await stage.beginForward();
  const client = await stage.client();
  const there = `127.0.0.1:${stage.originPort}`;
  const answered = await stage.ask(client, { ":scheme": "http", ":authority": there, ":path": "/far?x" });
  expect([answered.status, answered.body]).toEqual([200, "GET /far?x"]);
  expect(stage.asked[0]?.fields.slice(0, 2)).toEqual(["Host", there]);
});
