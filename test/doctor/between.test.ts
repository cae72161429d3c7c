/** Real traffic through hopwise's gateway, and what the doctor says about it: origins whose keep-alive is short, and other failures. */
import { Agent, createServer, type RequestListener, request, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { BetweenOptions } from "../../src/doctor/between/between-options.ts";
import { examineBetween } from "../../src/doctor/between/examine-between.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { Report } from "../../src/doctor/report/report.ts";
import { authority, CertificateFolder, certificateFor } from "../kit/certificates.ts";

const cleanings: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanings.splice(0)) await clean();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanings.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function origin(onRequest: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(onRequest);
  const url = await listening(server);
  cleanings.push(() => server.closeAllConnections());
  return { url, server };
}

/** Closes a connection that has idled for so long. */
async function impatient(idle_ms: number, fields: string): Promise<{ url: string; closed: () => Promise<void> }> {
  let tell = () => {};
  const server = createTcpServer((socket) => {
    socket
      .on("error", () => {})
      .on("close", () => tell())
      .on("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`);
        setTimeout(() => socket.end(), idle_ms);
      });
  });
  const url = await listening(server);
  const closed = () =>
    new Promise<void>((resolve) => {
      tell = resolve;
    });
  return { url, closed };
}

/** One client with one connection. */
function client(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanings.push(() => agent.destroy());
  return (method: string, path = "/") =>
    new Promise<number>((resolve, reject) => {
      const asked = request(url + path, { agent, method }, (answer) => {
        answer.on("error", reject).on("end", () => resolve(answer.statusCode ?? 0));
        answer.resume();
      });
      asked.on("error", reject).end();
    });
}

/** Ends when the traffic is over. */
async function examined(
  to: string,
  traffic: (url: string) => Promise<unknown>,
  options: Partial<BetweenOptions> = {},
): Promise<Report> {
  const stopper = new AbortController();
  let driven: Promise<unknown> = Promise.resolve();
  const report = await examineBetween({
    to,
    listen: "127.0.0.1:0",
    duration: "1m",
    signal: stopper.signal,
    onListening(url) {
      driven = traffic(url).finally(() => stopper.abort());
    },
    ...options,
  });
  await driven;
  return report;
}

function findingOf({ findings }: Report, id: string): Finding {
  const found = findings.find((finding) => finding.id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
}

describe("between a client and an origin", () => {
  it("learns when the origin closes, and says which neighbours in front would lose requests, and what to set", async () => {
    // Well above what a busy machine is late: the origin counts from its write, the doctor from when it saw the response.
    const { url, closed } = await impatient(600, "");
    const report = await examined(
      url,
      async (front) => {
        const ask = client(front);
        for (let round = 0; round < 2; round++) {
          const isGone = closed();
          expect(await ask("GET", `/page?secret=${round}`)).toBe(200);
          await isGone;
        }
      },
      { product: "node" },
    );
    expect(report).toMatchObject({ mode: "between", target: url, isComplete: false, cost: { requests: 2 } });
    expect(findingOf(report, "HW851")).toMatchObject({ verdict: "pass" });
    expect(findingOf(report, "HW851").values.idle_timeout_ms).toBeGreaterThan(150);
    const front = findingOf(report, "HW853");
    expect(front.verdict).toBe("advice");
    expect(front.measured).toMatch(/is too short behind AWS ALB \(60 s\), nginx \(60 s\)$/);
    expect(front.fixes.map(({ setting }) => setting)).toContain("server.keepAliveTimeout = 65000;");
    expect(JSON.stringify(report)).not.toContain("secret");
  });

  it("holds an origin to what it says", async () => {
    const { url, closed } = await impatient(200, "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n");
    const report = await examined(url, async (front) => {
      const isGone = closed();
      await client(front)("GET");
      await isGone;
    });
    expect(findingOf(report, "HW851")).toMatchObject({ verdict: "fail", values: { advertised_ms: 5_000 } });
    // Node says just this and nothing else of itself.
    expect(report).toMatchObject({ grade: "D", product: { name: "node", from: "behaviour" } });
  });

  it("says what is told of the neighbours in front", async () => {
    const { url, closed } = await impatient(200, "");
    const report = await examined(
      url,
      async (front) => {
        const isGone = closed();
        await client(front)("GET");
        await isGone;
      },
      { front: "go-client" },
    );
    expect(findingOf(report, "HW853")).toMatchObject({ verdict: "fail", cap: { grade: "D" } });
  });

  it("tells a request that met a close from one that was lost, and whose they are", async () => {
    // It closes as the second request of a connection arrives: just what a client sees whose request met an idle timeout.
    const server = createTcpServer((socket) => {
      let requests = 0;
      socket
        .on("error", () => {})
        .on("data", () => {
          if (++requests > 1) socket.destroy();
          else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
    });
    const to = await listening(server);
    const report = await examined(to, async (front) => {
      const ask = client(front);
      expect([await ask("GET", "/a"), await ask("GET", "/b?token=x")]).toStrictEqual([200, 200]);
    });
    const races = findingOf(report, "HW852");
    expect(races).toMatchObject({ verdict: "advice", values: { races: 1, saved: 1, lost: 0 } });
    expect(races.measured).toContain("1 of 2 requests met a close (GET 1): 1 sent again and answered, 0 lost");
    expect(races.consequence).toContain("127.0.0.1 (1)");
    expect(races.evidence[0]?.lines.map(({ text }) => text.replace(/, \d.*Z$/, ""))).toStrictEqual([
      "GET /b?...",
      expect.stringMatching(/^connection \d+, exchange 2: the origin closed \(.+\)$/),
      expect.stringMatching(/^sent again on connection \d+: 200$/),
    ]);
    expect(report.grade).toBe("C");
  });

  it("takes a request that ends every connection for a failure, in the words of the reasons", async () => {
    const { url } = await origin((asked, response) => {
      if (asked.url === "/crash") asked.socket.destroy();
      else response.end("hello\n");
    });
    const report = await examined(url, async (front) => {
      const ask = client(front);
      expect([await ask("GET"), await ask("GET", "/crash")]).toStrictEqual([200, 502]);
    });
    expect(findingOf(report, "HW852").verdict).toBe("pass");
    const failure = findingOf(report, "HW858");
    expect(failure.verdict).toBe("fail");
    expect(failure.measured).toMatch(/^1 of 2 requests: upstream-closed \(502.*\), http:\/\/127\.0\.0\.1:\d+$/);
    expect(failure.fixes[0]?.text).toContain("The connection was new");
    expect(report.grade).toBe("D");
  });
});

describe("there is nothing to report", () => {
  it("where the origin takes no connections", async () => {
    const server = createTcpServer();
    const to = await listening(server);
    await cleanings.pop()?.();
    await expect(examineBetween({ to, listen: "127.0.0.1:0" })).rejects.toThrow(
      `${to} cannot be reached: nothing listens there (ECONNREFUSED)`,
    );
  });

  it("where no request came", async () => {
    const { url } = await origin((_request, response) => void response.end());
    await expect(
      examined(url, async (front) => {
        const { port } = new URL(front);
        await new Promise((resolve) =>
          connect(Number(port), "127.0.0.1").on("connect", resolve).on("error", resolve).end(),
        );
      }),
    ).rejects.toThrow(/^no request came to http:\/\/127\.0\.0\.1:\d+ within .* send your clients there/);
  });

  it.each([
    [{ duration: "5" }, /has no unit/],
    [{ to: "127.0.0.1:3000" }, /has no scheme: write http:/],
    [{ product: "ngin" }, /did you mean nginx/],
    [{ front: "alb,nginks" }, /did you mean nginx/],
  ])("where an option is wrong: %j", async (options, problem) => {
    await expect(examineBetween({ to: "http://127.0.0.1:1", listen: "127.0.0.1:0", ...options })).rejects.toThrow(
      problem,
    );
  });
});

describe("an origin over TLS whose certificate nobody knows", () => {
  async function secure() {
    const folder = new CertificateFolder();
    cleanings.push(() => folder.remove());
    const server = createSecureServer(certificateFor(["127.0.0.1"]), (_request, response) => response.end("ok"));
    const url = (await listening(server)).replace("http:", "https:");
    cleanings.push(() => server.closeAllConnections());
    return { url, ca: folder.write("authority", authority).cert };
  }

  it.each(["insecure", "ca"] as const)("is examined with %s", async (way) => {
    const { url, ca } = await secure();
    const report = await examined(
      url,
      async (front) => expect(await client(front)("GET")).toBe(200),
      way === "ca" ? { ca } : { insecure: true },
    );
    expect(report.cost.requests).toBe(1);
  });

  it("is refused otherwise, and what helps is named", async () => {
    const { url } = await secure();
    await expect(examined(url, async () => {})).rejects.toThrow(/--ca FILE, or take any with --insecure/);
  });

  it("authorities that cannot be read are wrong usage", async () => {
    const { url } = await secure();
    await expect(examined(url, async () => {}, { ca: "/nowhere.pem" })).rejects.toMatchObject({
      code: "option-invalid",
    });
  });
});
