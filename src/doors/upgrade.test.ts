/** Upgrades through a server of `node:http`: a tunnel, or an answer on the socket, and nothing behind it. */
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, it } from "vitest";
import { until } from "../../test/interop/support/waiting.ts";
import { DoorStage, type OriginActs, RawEnd, says, withoutDate } from "../../test/kit/door-stage.ts";
import { SERVED } from "../../test/kit/tls-peer.ts";
import { readsUpgradeBodies } from "../net/runtime.ts";

const SWITCHES = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const ASKS = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Key: 1\r\n\r\n";

let stage: DoorStage;
afterEach(() => stage.close());

const open = async (acts: OriginActs) => {
  stage = await DoorStage.open(acts, {}, (handler) => {
    const server = createServer();
    handler.attach(server);
    return server;
  });
};

/** Switches, and then says everything back. */
const echoes: OriginActs = (socket, asked) => {
  const [, ...rest] = asked.split("\r\n\r\n");
  const said = rest.join("\r\n\r\n");
  if (said === "") socket.write(SWITCHES);
  else socket.write(`(${said})`);
};

it.each([
  ["/live", "/"],
  ["/live?x=1", "/?x=1"],
])("of %s, of which a program cuts /live, asks for %s", async (sent, arrived) => {
  stage = await DoorStage.open(echoes, {}, (handler) =>
    createServer().on("upgrade", (request, socket, head) => {
      request.url = request.url?.slice("/live".length);
      handler.upgrade(request, socket, head);
    }),
  );
  await stage.ask(ASKS.replace("/chat", sent), "101");
  expect(stage.asked.split(" ")[1]).toBe(arrived);
});

// The connection is the server's outside, and so are its rules for how it ends.
it("over TLS is a tunnel like any other, which ends in order also where its client sends no closure alert", async () => {
  stage = await DoorStage.open(echoes, {}, (handler) => {
    const server = createSecureServer({ key: SERVED.key, cert: SERVED.cert });
    handler.attach(server);
    return server;
  });
  const transport = connect(stage.port, "127.0.0.1").on("error", () => {});
  const client = new RawEnd(connectTls({ socket: transport, rejectUnauthorized: false }));
  await client.send(ASKS).until("101");
  await client.send("hello").until("(hello)");
  transport.end();
  await until("the origin hears the end", () => stage.origins[0]?.ended !== undefined);
  expect(stage.origins[0]?.ended).toBe("FIN");
  transport.destroy();
});

it("asks the origin for the upgrade, and becomes a tunnel that ends as either side ends it", async () => {
  await open(echoes);
  const client = stage.client(ASKS);
  expect(await client.until("\r\n\r\n")).toBe(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
  );
  expect(stage.asked).toBe(
    "GET /chat HTTP/1.1\r\nHost: a\r\nX-Key: 1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n" +
      "Via: 1.1 door\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n",
  );
  await client.send("hello").until("(hello)");
  client.socket.end();
  await until("both sides are done", () => client.isClosed && stage.origins[0]?.isClosed === true);
  await stage.ended();
  expect(stage.exchanges).toStrictEqual([{ outcome: "tunnel", status: 101 }]);
});

it("tells the origin that the client came over TLS", async () => {
  await open(echoes);
  stage.server.on("connection", (socket) => Object.assign(socket, { encrypted: true }));
  await stage.client(ASKS).until("\r\n\r\n");
  expect(stage.asked).toContain("X-Forwarded-Proto: https\r\n");
});

it("takes what the client sent early along", async () => {
  await open(echoes);
  const client = stage.client(`${ASKS}early`);
  await client.until("(early)");
});

it("answers on the socket when the origin does not switch, and closes: nothing may follow that was not judged outside", async () => {
  await open(says("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  const client = stage.client(`${ASKS}GET /secret HTTP/1.1\r\nHost: a\r\n\r\n`);
  await until("it is over", () => client.ended !== undefined);
  expect(withoutDate(client.received)).toBe(
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
  );
  expect(stage.asked).not.toContain("/secret");
  expect(client.ended).toBe("FIN");
});

it("answers on the socket when the origin cannot be reached", async () => {
  await open((socket) => socket.destroy());
  const client = stage.client(ASKS);
  await until("it is over", () => client.ended !== undefined);
  expect(client.received).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n(.*\r\n)*Connection: close\r\n\r\n502 /);
});

it("is not begun for a client that is gone", async () => {
  await open(says(SWITCHES));
  stage.server.removeAllListeners("upgrade");
  let isCalled = false;
  let isAsked = false;
  stage.server.on("upgrade", (request, socket, head) => {
    isAsked = true;
    socket.on("error", () => undefined);
    socket.resume().on("close", () => {
      stage.handler.upgrade(request, socket, head);
      isCalled = true;
    });
  });
  const client = stage.client(ASKS);
  await until("the server has it", () => isAsked);
  client.socket.resetAndDestroy();
  await until("the handler is called", () => isCalled);
  expect(stage.origins).toHaveLength(0);
  expect(await stage.handler.close()).toStrictEqual({ cut: 0 });
});

it("that is malformed is refused", async () => {
  await open(says(SWITCHES));
  stage.server.prependListener("upgrade", (request) => {
    request.url = "/a b";
  });
  expect(await stage.ask(ASKS, /\n$/)).toMatch(/^HTTP\/1\.1 400 /);
});

it.runIf(readsUpgradeBodies)("with a body is refused where the body comes from elsewhere", async () => {
  stage = await DoorStage.open(says(SWITCHES), {}, (handler) =>
    createServer().on("upgrade", (request, socket, head) => handler.upgrade(request, socket, head)),
  );
  expect(await stage.ask(ASKS.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello"), /\n$/)).toContain(
    "content-not-allowed",
  );
});

it("with a body goes on with it where the handler is attached, and the offer of h2c is not made", async () => {
  await open((socket, asked) => {
    if (asked.endsWith("hello")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const post =
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n";
  await stage.ask(`${post}Content-Length: 5\r\n\r\nhello`, "ok");
  expect(stage.asked).not.toMatch(/upgrade|h2c|http2/i);
});

it("is answered when the handler is closed", async () => {
  await open(says(SWITCHES));
  await stage.handler.close();
  expect(await stage.ask(ASKS, /\n$/)).toMatch(/^HTTP\/1\.1 503 /);
});

it("that is a tunnel is cut at the end of the time that a close has", async () => {
  await open(echoes);
  const client = stage.client(ASKS);
  await client.until("\r\n\r\n");
  expect(await stage.handler.close({ graceMs: 1 })).toStrictEqual({ cut: 1 });
  await until("it is over", () => client.ended !== undefined);
});
