/** The doctor on real sockets: servers of Node's, TLS, and targets that cannot be examined. */
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { examineIn } from "../../src/doctor/examine.ts";
import { type ExamineOptions, examine, HopwiseError, type Report } from "../../src/doctor/index.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import { listen } from "../../src/net/runtime.ts";
import { authority, CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { Mannered } from "./mannered-server.ts";
import { findingOf } from "./virtual-network.ts";

const cleanings: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanings.splice(0)) clean();
});

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  cleanings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const hello: RequestListener = (request, response) => {
  request.resume();
  response.end("hello\n");
};

/** A server that answers whatever comes with these bytes, and then does with the socket what `then` says. */
const saying = (bytes: string, then: (socket: Socket) => void = (socket) => socket.end()) =>
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(bytes, "latin1");
      then(socket);
    });
  });

const patient = { pace: { answer_ms: 300, dial_ms: 1_000, settle_ms: 300 } };

async function problemWith(url: string, options: ExamineOptions = {}): Promise<string> {
  try {
    await examineIn(patient, url, options);
  } catch (error) {
    if (error instanceof HopwiseError && error.code === "target-unreachable") return error.message;
    throw error;
  }
  throw new Error(`${url} was examined`);
}

/** Everything but long waits. */
const brief: ExamineOptions = { quick: true, maxWait: "700ms", maxRequests: 30 };

describe("a server of node:http", () => {
  it("that keeps what it says gets advice alone", async () => {
    const server = createHttpServer({ keepAliveTimeout: 200 }, hello);
    const report = await examine(`http://127.0.0.1:${await portOf(server)}/`, { ...brief, maxWait: "2s" });
    expect(report.product).toStrictEqual({ name: "node", from: "behaviour" });
    const idle = findingOf(report, "HW201").values.idle_timeout_ms;
    // Node adds a second to the timeout that it is told.
    expect(idle).toBeGreaterThan(1_000);
    expect(idle).toBeLessThan(1_900);
    expect(report.findings.filter(({ verdict }) => verdict === "fail")).toStrictEqual([]);
    expect(findingOf(report, "HW202").fixes).toStrictEqual([
      {
        product: "node",
        text: "Change it in the program, before server.listen.",
        setting: "server.keepAliveTimeout = 65000;",
      },
    ]);
  });

  it("costs few connections, and each says who asks", async () => {
    const agents = new Set<string | undefined>();
    const methods = new Set<string | undefined>();
    const server = createHttpServer((request, response) => {
      agents.add(request.headers["user-agent"]);
      methods.add(request.method);
      hello(request, response);
    });
    let atOnce = 0;
    let most = 0;
    server.on("connection", (socket: Socket) => {
      most = Math.max(most, ++atOnce);
      socket.on("close", () => atOnce--);
    });
    const report = await examine(`http://127.0.0.1:${await portOf(server)}/`, brief);
    expect([...agents]).toStrictEqual([`hopwise-doctor/${report.doctor.version}`]);
    expect([...methods].toSorted()).toStrictEqual(["GET", "HEAD"]);
    expect(most).toBeLessThanOrEqual(20);
  });
});

it("a small server on real sockets is as healthy as under virtual time", async () => {
  const server = new Mannered(nodeClock);
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    onSocket: (socket) => server.accept(socket),
    onFault: () => {},
  });
  cleanings.push(() => void listener.close());
  const report = await examine(`http://127.0.0.1:${listener.address.port}/`, {
    ...brief,
    allowPost: "/upload",
    intrusive: true,
    load: 20,
  });
  const wrong = report.findings.filter(({ verdict }) => verdict === "fail" || verdict === "advice");
  expect(wrong).toStrictEqual([]);
  expect(report.grade).toBe("A");
});

it("a server of HTTP/1.0 alone gets advice", async () => {
  const server = saying("HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nContent-Length: 2\r\n\r\nhi");
  const report = await examine(`http://127.0.0.1:${await portOf(server)}/`, brief);
  expect(findingOf(report, "HW001")).toMatchObject({
    verdict: "advice",
    measured: expect.stringMatching(/^HTTP\/1\.0 200 within/),
  });
  expect(findingOf(report, "HW101")).toMatchObject({
    verdict: "advice",
    measured: "each response is the connection's last: it answers as HTTP/1.0",
  });
});

it("PHP's built-in server is known by the Host that it sends back, and is not told to persist", async () => {
  const server = saying("HTTP/1.1 200 OK\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  const report = await examine(`http://127.0.0.1:${await portOf(server)}/`, { ...brief, only: ["HW101"] });
  expect(report.product).toStrictEqual({ name: "php", from: "behaviour" });
  expect(findingOf(report, "HW101").fixes).toStrictEqual([
    {
      product: "php",
      text: "PHP's built-in server closes behind each response: serve PHP with php-fpm behind a web server.",
    },
  ]);
});

it("a limit that would end a connection although another is raised is named beside that", async () => {
  const server = createHttpServer({ keepAliveTimeout: 1 }, hello);
  const options = { ...brief, maxWait: "2s", product: "haproxy", only: ["HW202"] };
  const report = await examine(`http://127.0.0.1:${await portOf(server)}/`, options);
  expect(findingOf(report, "HW202").fixes.map(({ setting }) => setting)).toStrictEqual([
    "timeout http-keep-alive 65s",
    "timeout client 65s",
  ]);
});

describe("over TLS", () => {
  const folder = new CertificateFolder();
  const ca = folder.write("authority", authority).cert;
  const served = async (days: number, ALPNProtocols = ["http/1.1"]) => {
    const { cert, key } = certificateFor(["localhost"], { days });
    return `https://localhost:${await portOf(createHttpsServer({ cert, key, ALPNProtocols }, hello))}/`;
  };
  const report = (url: string): Promise<Report> => examine(url, { ...brief, ca, only: ["HW0", "HW1"] });

  it("it says what was agreed on, and for how long the certificate is good", async () => {
    const { findings, grade } = await report(await served(90, ["h2", "http/1.1"]));
    expect(grade).toBe("A");
    expect(findings.find(({ id }) => id === "HW002")).toMatchObject({
      verdict: "pass",
      measured: "TLSv1.3, ALPN chose h2 of h2 and http/1.1, certificate for 89 more days",
      values: { tls_version: "TLSv1.3", alpn: "h2", certificate_days_left: 89, is_trusted: true },
    });
  });

  it("a certificate that is about to expire is advice", async () => {
    expect(findingOf(await report(await served(10)), "HW002").verdict).toBe("advice");
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      "an unknown authority",
      () => served(90),
      /signed by an unknown authority: name that with --ca FILE, or take any with --insecure/,
    ],
    [
      "plain HTTP",
      async () => `https://localhost:${await portOf(createHttpServer(hello))}/`,
      /does not speak TLS there: write http:\/\/localhost:\d+\/$/,
    ],
  ])("%s: exit with a sentence", async (_name, url, message) => {
    expect(await problemWith(await url())).toMatch(message);
  });

  it("and takes any certificate if it is told to", async () => {
    const { findings } = await examine(await served(90), { ...brief, insecure: true, only: ["HW0"] });
    expect(findings.map(({ id, verdict }) => `${id} ${verdict}`)).toStrictEqual(["HW001 pass", "HW002 pass"]);
  });

  it("http to a port of TLS: says so", async () => {
    const url = await served(90);
    expect(await problemWith(url.replace("https:", "http:"))).toMatch(/it speaks TLS there: write https:\/\/localhost/);
  });
});

describe("what cannot be examined is said in one sentence", () => {
  it.each<[string, () => Promise<string>, RegExp]>([
    ["nothing listens", async () => "http://127.0.0.1:1/", /nothing listens there \(ECONNREFUSED\)/],
    ["no such name", async () => "http://hopwise-doctor.invalid/", /its name cannot be resolved/],
    [
      "a stalling server",
      async () => `http://127.0.0.1:${await portOf(createServer((socket) => socket.resume()))}/`,
      /it takes connections and does not answer within 600 ms/,
    ],
    [
      "a response without an end",
      async () =>
        `http://127.0.0.1:${await portOf(saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", () => {}))}/`,
      /its response did not end within 600 ms/,
    ],
    [
      "a server that closes",
      async () => `http://127.0.0.1:${await portOf(saying(""))}/`,
      /the connection ended without a response \(FIN\)/,
    ],
    [
      "another protocol",
      async () => `http://127.0.0.1:${await portOf(saying("SSH-2.0-OpenSSH_9.2\r\n"))}/`,
      /is not HTTP\/1: it began with "SSH-2\.0-OpenSSH_9\.2"/,
    ],
  ])("%s", async (_name, url, message) => {
    const problem = await problemWith(await url());
    expect(problem).toMatch(message);
    expect(problem).not.toContain("\n");
  });
});
