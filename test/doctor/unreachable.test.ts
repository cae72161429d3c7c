/** What cannot be examined, and what is said of it: the word for each is what somebody needs who has just written a wrong URL. */
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { examineIn } from "../../src/doctor/examine.ts";
import { type ExamineOptions, examineThrough, HopwiseError } from "../../src/doctor/index.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import type { Dialer } from "../../src/net/ports.ts";
import { certificateFor } from "../kit/certificates.ts";
import { findingOf } from "./virtual-network.ts";

const cleanings: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanings.splice(0)) clean();
});

async function listening(server: Server, place: number | string = 0): Promise<Server> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => {});
    sockets.add(socket);
  });
  server.on("tlsClientError", () => {});
  cleanings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) =>
    typeof place === "string" ? server.listen(place, resolve) : server.listen(place, "127.0.0.1", resolve),
  );
  return server;
}

const portOf = async (server: Server) => ((await listening(server)).address() as AddressInfo).port;

const hello: RequestListener = (request, response) => {
  request.resume();
  response.end("hello\n");
};
const pair = certificateFor(["localhost"]);
const onceAsked = (then: (socket: Socket) => void) =>
  createServer((socket) => {
    socket.once("data", () => then(socket));
  });
/** Answers requests in the clear, and whatever is none with a close. */
const plainAndCurt = () =>
  createServer((socket) => {
    socket.once("data", (bytes: Buffer) =>
      socket.end(/^[A-Z]+ /.test(bytes.toString("latin1")) ? "HTTP/1.1 204 No Content\r\n\r\n" : ""),
    );
  });
const plainAndPatient = () =>
  createServer((socket) => {
    socket.on("data", (bytes: Buffer) => {
      if (/^[A-Z]+ /.test(bytes.toString("latin1"))) socket.end("HTTP/1.1 204 No Content\r\n\r\n");
    });
  });

async function problemWith(url: string, options: ExamineOptions = {}, dialer?: Dialer): Promise<string> {
  const world = {
    pace: { answer_ms: 300, dial_ms: 500, settle_ms: 300 },
    ...(dialer === undefined ? {} : { ports: { clock: nodeClock, dialer } }),
  };
  try {
    await examineIn(world, url, options);
  } catch (error) {
    if (error instanceof HopwiseError) return error.message.replace(/:\d{4,5}\//g, ":PORT/");
    throw error;
  }
  throw new Error(`${url} was examined`);
}

describe("https:// to a port where", () => {
  it.each<[string, () => Server, string]>([
    [
      "the handshake is never answered",
      () => createServer((socket) => socket.resume()),
      "it takes connections and does not answer the TLS handshake within 500 ms",
    ],
    [
      "the handshake is cut",
      () => onceAsked((socket) => socket.end()),
      "it closes the connection in the TLS handshake (ECONNRESET)",
    ],
    [
      "the handshake is reset",
      () => onceAsked((socket) => socket.resetAndDestroy()),
      "it closes the connection in the TLS handshake (ECONNRESET)",
    ],
    [
      "mail is served",
      () => createServer((socket) => socket.resume().write("220 mail.test ESMTP\r\n")),
      "it does not speak TLS there, and no HTTP either (ERR_SSL_WRONG_VERSION_NUMBER)",
    ],
    [
      "HTTP is served, and everything else is answered 400",
      () => createHttpServer(hello),
      "it does not speak TLS there: write http://127.0.0.1:PORT/",
    ],
    [
      "HTTP is served, and everything else is closed",
      plainAndCurt,
      "it does not speak TLS there: write http://127.0.0.1:PORT/",
    ],
    [
      "HTTP is served, and everything else is waited for",
      plainAndPatient,
      "it does not speak TLS there: write http://127.0.0.1:PORT/",
    ],
    [
      "HTTP/2 alone is agreed to",
      () => createTlsServer({ ...pair, ALPNProtocols: ["h2"] }, (socket) => socket.end()),
      "it does not take HTTP/1.1 over TLS (ALPN), and HTTP/2 is not examined: allow HTTP/1.1 there (ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)",
    ],
    [
      "clients need a certificate",
      () => createHttpsServer({ ...pair, requestCert: true, rejectUnauthorized: true }, hello),
      "it asks clients for a certificate, and the doctor has none to show (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)",
    ],
  ])("%s", async (_name, server, problem) => {
    const url = `https://127.0.0.1:${await portOf(server())}/`;
    expect(await problemWith(url, { insecure: true })).toBe(`https://127.0.0.1:PORT/ cannot be examined: ${problem}`);
  });
});

it("what is waited for is told before the first response, too", async () => {
  const told = new Set<string>();
  const onProgress = ({ running }: { readonly running: readonly string[] }) => void running.map((one) => told.add(one));
  const server = createServer((socket) => socket.resume());
  await problemWith(`http://127.0.0.1:${await portOf(server)}/`, { onProgress });
  expect([...told]).toContain("the first response");
});

it("what is waited for is told before anything comes through a proxy, too", async () => {
  const told = new Set<string>();
  const onProgress = ({ running }: { readonly running: readonly string[] }) => void running.map((one) => told.add(one));
  const proxy = await portOf(createServer((socket) => socket.end()));
  await expect(
    examineThrough(`http://127.0.0.1:${proxy}/`, { originListen: "127.0.0.1:0", onProgress }),
  ).rejects.toThrow(/is \S+ where it sends to\?$/);
  expect([...told]).toEqual(["the first request through it"]);
});

it.each([
  ["http://127.0.0.1:99999/", '"99999" is not a port: write one from 1 to 65535'],
  ["http://[::1]:http/", '"http" is not a port: write one from 1 to 65535'],
  ["https://::1/", '"https://::1/" is not a URL: write http://HOST:PORT/'],
  ["localhost:3000", '"localhost:3000" is not a URL: write http://localhost:3000'],
])("%s is not a URL, and what is wrong with it is said", async (url, problem) => {
  expect(await problemWith(url)).toBe(problem);
});

it.each([
  [401, ': it is this refusal that is examined; credentials go with --header "Authorization: ..."'],
  [503, ": it is this error that is examined; write a URL that is answered well to examine that"],
  [308, ": a redirect, and it is the redirect that is examined"],
  [200, ""],
])("that it is not the page that is examined is said behind %i", async (status, aside) => {
  const server = createHttpServer((request, response) => {
    response.statusCode = status;
    hello(request, response);
  });
  const report = await examineIn({}, `http://127.0.0.1:${await portOf(server)}/`, { only: ["HW001"] });
  expect(findingOf(report, "HW001").measured.replace(/[0-9.]+ m?s/, "TIME")).toBe(
    `HTTP/1.1 ${status} within TIME${aside}`,
  );
});

it("a port that switches protocols unasked has no HTTP to examine", async () => {
  const switching = onceAsked((socket) => void socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nx"));
  expect(await problemWith(`http://127.0.0.1:${await portOf(switching)}/`)).toMatch(
    /it switches protocols \(101\) without having been asked to, and what follows is not HTTP: examine a path that answers plain requests$/,
  );
});

it("a port that drops is not one that stalls in the handshake", async () => {
  const silent: Dialer = { dial: () => () => "connection" };
  expect(await problemWith("https://127.0.0.1:9443/", {}, silent)).toMatch(
    /it does not take connections: no answer within 500 ms \(ETIMEDOUT\)$/,
  );
});

it("http:// to a port of HTTP/2 alone", async () => {
  const server = createHttp2Server((_request, response) => response.end());
  server.on("sessionError", () => {});
  expect(await problemWith(`http://127.0.0.1:${await portOf(server)}/`)).toMatch(
    /it speaks HTTP\/2 alone there, which is not examined: allow HTTP\/1\.1, or examine another port$/,
  );
});

it("a proxy that wants TLS is not taken for one that sends elsewhere", async () => {
  const proxy = await portOf(createHttpsServer(pair, hello));
  await expect(examineThrough(`http://127.0.0.1:${proxy}/`, { originListen: "127.0.0.1:0" })).rejects.toThrow(
    `http://127.0.0.1:${proxy}/: it speaks TLS there: write https://127.0.0.1:${proxy}/`,
  );
});

it("a proxy whose certificate is not trusted is said to have that", async () => {
  const proxy = await portOf(createHttpsServer(pair, hello));
  await expect(examineThrough(`https://127.0.0.1:${proxy}/`, { originListen: "127.0.0.1:0" })).rejects.toThrow(
    /cannot be reached: its certificate is signed by an unknown authority: name that with --ca FILE, or take any with --insecure/,
  );
});

describe.skipIf(process.platform === "win32")("a Unix socket", () => {
  const path = () => join(tmpdir(), `hopwise-doctor-${process.pid}.sock`);

  it("is examined like any other place", async () => {
    const asked: (string | undefined)[] = [];
    await listening(
      createHttpServer((request, response) => {
        asked.push(`${request.headers.host}${request.url}`);
        hello(request, response);
      }),
      path(),
    );
    const report = await examineIn({}, `unix:${path()}:/healthz?key=1`, { quick: true, only: ["HW1", "HW4"] });
    expect(report.target).toBe(`unix:${path()}:/healthz`);
    expect(findingOf(report, "HW101").verdict).toBe("pass");
    expect(new Set(asked)).toContain("localhost/healthz?key=1");
  });

  it.each([
    ["unix:/nowhere/app.sock", /unix:\/nowhere\/app\.sock cannot be examined: there is no such socket \(ENOENT\)$/],
    ["unix:app.sock", /is not the path of a socket: write unix:\/run\/app\.sock, or unix:\/run\/app\.sock:\/healthz$/],
    ["/run/app.sock", /is not a URL: write unix:\/run\/app\.sock for a socket, or http:\/\/HOST:PORT\/$/],
    [
      "http+unix://%2Frun%2Fapp.sock/",
      /the doctor examines http and https, not http\+unix: write unix:\/path\/to\/socket$/,
    ],
  ])("%s", async (url, problem) => {
    expect(await problemWith(url)).toMatch(problem);
  });
});
