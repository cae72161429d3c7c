/** `hopwise run --workers` reads its file again: all of its processes go on with what it says then, or none does. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { answered } from "../interop/support/answered.ts";
import { CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { hopwise, type Running } from "./running.ts";

const folder = new CertificateFolder();
afterAll(() => folder.remove());

/** A condition comes true when it does, however busy the machine is. */
const PATIENT = { timeout: 30_000 };
const isBun = "bun" in process.versions || process.env.TESTS_RUNTIME?.includes("bun") === true;

interface Told {
  readonly version: number;
  readonly isEverywhere: boolean;
  readonly workers: readonly { readonly worker: number; readonly pid: number; readonly version: number }[];
  readonly latestFailure: { readonly problem: string } | null;
  readonly config: { readonly routes: readonly object[]; readonly listeners: readonly object[] };
}

interface ReloadAnswer {
  readonly reason: string;
  readonly detail: string;
}

async function run(name: string, text: string, ...flags: string[]) {
  const file = folder.at(name);
  writeFileSync(file, text);
  const args = ["run", "-c", file, "--workers", "2", "--admin-token-file", folder.at(`${name}.token`)];
  const running = hopwise(...args, ...flags);
  const [, url = ""] = /(https?:\S+) by /.exec(await running.err(/^hopwise/)) ?? [];
  const [, admin = "", token = ""] =
    /POST (http:\S+)\/reload with the token in (\S+)/.exec(await running.err(/^POST/)) ?? [];
  expect(token).toBe(folder.at(`${name}.token`));
  const told = async (): Promise<Told> => (await (await fetch(`${admin}/config`)).json()) as Told;
  const reload = async () => {
    const headers = { Authorization: `Bearer ${readFileSync(token, "utf8").trim()}` };
    const response = await fetch(`${admin}/reload`, { method: "POST", headers });
    return { status: response.status, body: (await response.json()) as ReloadAnswer };
  };
  return { file, running, url, admin, told, reload, ...asking(url) };
}

/** Answers of several connections, so that each worker gives some. */
function asking(url: string) {
  const answers = async (count = 6): Promise<ReadonlySet<string>> => {
    const all = Array.from({ length: count }, async () => {
      const response = await answered(request(url, { agent: false }).end());
      let body = "";
      for await (const piece of response) body += piece;
      return body;
    });
    return new Set(await Promise.all(all));
  };
  return { answers };
}

async function end(running: Running): Promise<void> {
  running.child.kill("SIGTERM");
  expect(await running.ended).toBe(0);
}

/** A port that nobody has; the system chooses others for a while. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const saying = (body: string, more = "") => `listeners:
  - http: 127.0.0.1:0
routes:
  - respond: { body: ${body} }
admin: 127.0.0.1:0
${more}`;

describe("a file that has changed", () => {
  it.each(["SIGHUP", "POST /reload", "--watch"])("is read again by %s, and all workers go on with it", async (way) => {
    const { file, running, told, reload, answers } = await run(
      `${way.replaceAll(/\W/g, "")}.yaml`,
      saying("one"),
      ...(way === "--watch" ? [way] : []),
    );
    expect(await answers()).toEqual(new Set(["one"]));
    writeFileSync(file, saying("two", "keepAliveTimeout: 10s\n"));
    if (way === "SIGHUP") running.child.kill("SIGHUP");
    if (way === "POST /reload") expect(await reload()).toMatchObject({ status: 200, body: { version: 2, workers: 2 } });
    const line = `reloaded ${file} (version 2): routes: 1, changed; keepAliveTimeout`;
    expect(await running.err(/^reloaded/)).toBe(line);
    expect(await answers()).toEqual(new Set(["two"]));
    const { version, isEverywhere, workers } = await told();
    expect([version, isEverywhere, workers.map((worker) => worker.version)]).toEqual([2, true, [2, 2]]);
    await end(running);
  });

  it("changes nothing where it has a fault, and says why; secrets stay hidden", async () => {
    const secret = folder.at("secret");
    writeFileSync(secret, "not-a-status");
    const { file, running, admin, told, reload, answers } = await run("bad.yaml", saying("one"));
    writeFileSync(file, saying("two").replace("body: two", 'body: two, status: "$' + '{file:secret}"'));
    const { status, body } = await reload();
    expect([status, body.reason]).toEqual([422, "config-refused"]);
    const { version, latestFailure } = await told();
    expect([version, latestFailure?.problem]).toEqual([1, body.detail]);
    expect(body.detail).toContain(`${file}:4:`);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toContain('hopwise_reloads_total{result="refused"} 1');
    expect(metrics).toContain("hopwise_config_last_reload_successful 0");
    expect(JSON.stringify([body, await told(), running.errLines])).not.toContain("not-a-status");
    expect(await answers()).toEqual(new Set(["one"]));
    await end(running);
  });

  it("opens listeners and leaves others, without those that stay", async () => {
    const [first, second] = [await freePort(), await freePort()];
    const at = (...ports: number[]) =>
      saying("here").replace("  - http: 127.0.0.1:0", ports.map((port) => `  - http: 127.0.0.1:${port}`).join("\n"));
    const { file, running, reload } = await run("listeners.yaml", at(first));
    const stays = await idle(first);
    writeFileSync(file, at(first, second));
    expect((await reload()).status).toBe(200);
    expect(await asking(`http://127.0.0.1:${second}`).answers()).toEqual(new Set(["here"]));
    expect(await asking(`http://127.0.0.1:${first}`).answers()).toEqual(new Set(["here"]));
    const leaves = await idle(second);
    writeFileSync(file, at(first));
    expect((await reload()).status).toBe(200);
    await expect.poll(() => refused(second), PATIENT).toBe(true);
    await expect.poll(() => leaves.closed, PATIENT).toBe(true);
    expect(await stays.ask()).toContain("here");
    await end(running);
  });

  it("moves the access log, from each worker's file to the one writer of the standard output, and back", async () => {
    const log = folder.at("access.log");
    const to = (where: string) => saying("one", `accessLog: ${where}\n`);
    const { file, running, url, reload } = await run("log.yaml", to(log));
    const ask = async (path: string) => {
      const response = await answered(request(`${url}${path}`, { agent: false }).end());
      response.resume();
      await once(response, "end");
    };
    const linesOf = (text: string) => [...text.matchAll(/"target":"(\/[a-z]+)"/g)].map(([, target]) => target);
    const filed = () => linesOf(readFileSync(log, "utf8")).toSorted();
    await Promise.all(["/a", "/b"].map(ask));
    await expect.poll(filed, PATIENT).toEqual(["/a", "/b"]);
    writeFileSync(file, to('"-"'));
    expect((await reload()).status).toBe(200);
    await Promise.all(["/c", "/d", "/e", "/f"].map(ask));
    await expect.poll(() => linesOf(running.outLines.join("\n")).toSorted(), PATIENT).toEqual(["/c", "/d", "/e", "/f"]);
    writeFileSync(file, to(log));
    expect((await reload()).status).toBe(200);
    await Promise.all(["/g", "/h"].map(ask));
    await expect.poll(filed, PATIENT).toEqual(["/a", "/b", "/g", "/h"]);
    await end(running);
  });

  it("is refused where a port is taken, though all workers could", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { file, running, reload, answers } = await run("taken.yaml", saying("one"));
    writeFileSync(file, saying("two").replace("routes", `  - http: 127.0.0.1:${port}\nroutes`));
    const { status, body } = await reload();
    expect([status, body.detail]).toEqual([422, expect.stringContaining(`127.0.0.1:${port} is taken`)]);
    expect(await answers()).toEqual(new Set(["one"]));
    await end(running);
  });
});

describe("one worker (TLS not on Bun, which serves no clients over it)", () => {
  it.skipIf(isBun)(
    "that has died is replaced by one that has what is in force, whatever the files say by then",
    async () => {
      const names = { one: certificateFor(["one.test"]), two: certificateFor(["two.test"]) };
      const pair = folder.write("site", names.one);
      const certificates = `certificates: [{ cert: ${pair.cert}, key: ${pair.key} }]`;
      const text = (body: string) =>
        saying(body).replace("http: 127.0.0.1:0", `{ https: 127.0.0.1:0, ${certificates} }`);
      const { file, running, url, told, reload } = await run("replaced.yaml", text("one"));
      folder.write("site", names.two);
      writeFileSync(file, text("two"));
      expect((await reload()).status).toBe(200);
      // Neither file can be used any more.
      writeFileSync(pair.cert, "nonsense");
      writeFileSync(file, "routes: nonsense");
      const [victim] = (await told()).workers;
      process.kill(victim?.pid ?? 0, "SIGKILL");
      await running.err(/instead of worker 1/);
      const { version, isEverywhere, workers } = await told();
      expect([version, isEverywhere, workers.length]).toEqual([2, true, 2]);
      expect(new Set(await Promise.all(Array.from({ length: 6 }, () => certificateAt(url))))).toEqual(
        new Set(["two.test"]),
      );
      await end(running);
    },
  );

  it("that is stopped keeps all of them as they are, and it is said which one", async () => {
    const { file, running, told, reload, answers } = await run("stopped.yaml", saying("one"));
    const { workers } = await told();
    const stopped = workers[1]?.pid ?? 0;
    process.kill(stopped, "SIGSTOP");
    writeFileSync(file, saying("two"));
    const { status, body } = await reload();
    process.kill(stopped, "SIGCONT");
    const why = `worker 2 (process ${stopped}): it did not answer within 5 s`;
    expect([status, body.detail]).toEqual([422, why]);
    expect(await answers()).toEqual(new Set(["one"]));
    expect((await told()).version).toBe(1);
    // It has forgotten what it was to have ready.
    expect(await reload()).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await answers()).toEqual(new Set(["two"]));
    await end(running);
  });

  it("that dies in the middle keeps the others as they are, and is replaced by one that is as they are", async () => {
    const { file, running, told, reload, answers } = await run("killed.yaml", saying("one"));
    const port = await freePort();
    const victim = (await told()).workers[0]?.pid ?? 0;
    // Stopped, so that it is in the middle for certain.
    process.kill(victim, "SIGSTOP");
    writeFileSync(file, saying("two").replace("routes", `  - http: 127.0.0.1:${port}\nroutes`));
    const reloading = reload();
    // What all are asked for is opened first.
    await expect.poll(() => refused(port), PATIENT).toBe(false);
    process.kill(victim, "SIGKILL");
    const { status, body } = await reloading;
    expect([status, body.detail]).toEqual([422, `worker 1 (process ${victim}): it ended (SIGKILL)`]);
    await expect.poll(() => refused(port), PATIENT).toBe(true);
    await running.err(/instead of worker 1/);
    const { version, isEverywhere, workers } = await told();
    expect([version, isEverywhere, workers.map((one) => one.version)]).toEqual([1, true, [1, 1]]);
    expect(await answers()).toEqual(new Set(["one"]));
    expect(await reload()).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await answers()).toEqual(new Set(["two"]));
    await end(running);
  });
});

describe("under load", () => {
  it("no request fails, and no WebSocket and no event stream of what is named still is closed", async () => {
    const [held, app, other] = [await origin("held"), await origin("app"), await origin("other")];
    const site = (turn: number) => `listeners:
  - http: 127.0.0.1:0
groups:
  held: { to: ["${held}"] }
  app: { to: ["${turn % 2 === 0 ? app : other}"] }
routes:
  - { match: { path: ["/events", "/echo"] }, to: held }
  - { match: { path: /turn-${turn} }, respond: { body: "${turn}" } }
  - to: app
admin: 127.0.0.1:0
poolIdleTimeout: ${20 + turn}s
`;
    const { file, running, url, told, reload } = await run("load.yaml", site(0));
    const { host } = new URL(url);
    const sockets = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = new WebSocket(`ws://${host}/echo`).on("error", () => undefined);
        await once(socket, "open");
        return socket;
      }),
    );
    const streams = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const response = await answered(request(`${url}/events`, { agent: false }).end());
        const stream = { beats: 0, isOpen: true, end: () => response.destroy() };
        response.on("data", () => stream.beats++);
        response.on("error", () => {}).on("close", () => (stream.isOpen = false));
        return stream;
      }),
    );
    let isOver = false;
    let served = 0;
    const failed: string[] = [];
    const client = async (number: number) => {
      const agent = number % 2 === 0 ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
      while (!isOver) {
        try {
          const response = await answered(request(url, { agent }).end());
          let body = "";
          for await (const piece of response) body += piece;
          if (response.statusCode !== 200) failed.push(`${response.statusCode} ${body}`);
          served++;
        } catch (error) {
          failed.push(String(error));
        }
      }
      if (agent !== false) agent.destroy();
    };
    const clients = Array.from({ length: 6 }, (_, number) => client(number));
    for (let turn = 1; turn <= 9; turn++) {
      writeFileSync(file, turn % 3 === 0 ? "routes: [{ to: nowhere }]\n" : site(turn));
      expect((await reload()).status).toBe(turn % 3 === 0 ? 422 : 200);
      const before = served;
      await expect.poll(() => served, PATIENT).toBeGreaterThan(before + 12);
    }
    const { version, isEverywhere } = await told();
    expect([version, isEverywhere]).toEqual([7, true]);
    isOver = true;
    await Promise.all(clients);
    const echoes = sockets.map(async (socket) => {
      socket.send("still");
      const [data] = await once(socket, "message");
      socket.terminate();
      return String(data);
    });
    expect(await Promise.all(echoes)).toEqual(sockets.map(() => "still"));
    const beats = streams.map((stream) => stream.beats);
    await expect
      .poll(() => streams.every(({ beats: now }, index) => now > (beats[index] as number)), PATIENT)
      .toBe(true);
    expect({ failed, open: streams.map(({ isOpen }) => isOpen) }).toEqual({
      failed: [],
      open: streams.map(() => true),
    });
    for (const stream of streams) stream.end();
    await end(running);
  });
});

/** A connection that has been used, and idles. */
async function idle(port: number) {
  const socket: Socket = connect(port, "127.0.0.1");
  const state = { text: "", closed: false };
  socket.on("data", (data) => (state.text += data));
  socket.on("end", () => (state.closed = true)).on("error", () => (state.closed = true));
  onTestFinished(() => void socket.destroy());
  const ask = async (): Promise<string> => {
    state.text = "";
    socket.write("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    await expect.poll(() => state.text, PATIENT).toMatch(/here$/);
    return state.text;
  };
  await ask();
  return {
    ask,
    get closed() {
      return state.closed;
    },
  };
}

async function refused(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const [how] = await Promise.race([
    once(socket, "connect").then(() => ["connected"]),
    once(socket, "error").then(() => ["refused"]),
  ]).catch(() => ["refused"]);
  socket.destroy();
  return how === "refused";
}

async function certificateAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const client = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false, servername: "two.test" });
  await once(client, "secureConnect");
  const { subject } = client.getPeerCertificate();
  client.destroy();
  return String(subject.CN);
}

/** Says who it is; holds event streams open, and echoes what comes by WebSocket. */
async function origin(name: string): Promise<string> {
  const server = createServer((asked, response) => {
    if (asked.url !== "/events") return void response.end(name);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const beat = setInterval(() => response.write("data: x\n\n"), 50);
    response.on("close", () => clearInterval(beat));
  });
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("error", () => undefined).on("message", (data) => socket.send(data));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
