/** The PROXY protocol where several processes, or a socket that was handed over, stand for one proxy: headers read, and headers sent. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RawClient } from "../interop/support/raw-client.ts";
import { ServiceManager } from "../interop/support/service-manager.ts";
import { proxy } from "./running.ts";

const CLIENTS = 12;
const ROUNDS = 3;
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const addressOf = (client: number) => `192.0.2.${client + 1}`;
const portOf = (client: number) => 10_000 + client;
const headerOf = (client: number) => `PROXY TCP4 ${addressOf(client)} 192.0.2.200 ${portOf(client)} 443\r\n`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** One that wants headers, and answers each request with the one that stands in front of its connection, and the client that was told. */
async function toldOrigin(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    let text = "";
    let header: string | undefined;
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      if (header === undefined && text.includes("\r\n")) [header = ""] = text.split("\r\n", 1);
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const told = /x-forwarded-for: (\S+)/i.exec(text.slice(0, end))?.[1] ?? "nobody";
        text = text.slice(end + 4);
        const [, , source = "", , port = ""] = (header ?? "").split(" ");
        const body = `${source} ${port} ${told}`;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

/** Clients that a balancer names, on connections that stay, ask side by side. @returns what each was told, round by round */
async function asked(port: number): Promise<string[]> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.open(port)));
  cleanups.push(() => clients.forEach((client) => void client.close()));
  const answers: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const all = clients.map((client, at) => client.exchange(`${round === 0 ? headerOf(at) : ""}${GET}`));
    answers.push(...(await Promise.all(all)).map(({ body }) => body.toString()));
  }
  return answers;
}

/** Each connection to the origin carries the requests of the client that its header names, and no other's. */
const expected = Array.from({ length: CLIENTS * ROUNDS }, (_, at) => {
  const client = at % CLIENTS;
  return `${addressOf(client)} ${portOf(client)} ${addressOf(client)}`;
});
const OPTIONS = ["--proxy-protocol", "127.0.0.1", "--send-proxy-protocol", "v1"];

const isBun = process.env.TESTS_RUNTIME?.includes("bun") === true;

describe.each([
  { processes: "one process", args: [] },
  { processes: "two workers", args: ["--workers", "2"] },
])("$processes", ({ args }) => {
  it("read and send headers, client by client", async () => {
    const { url } = await proxy("--to", await toldOrigin(), ...OPTIONS, ...args);
    expect(await asked(Number(new URL(url).port))).toEqual(expected);
  });

  it.skipIf(isBun)("also on a socket that was handed over", async () => {
    const manager = await ServiceManager.start();
    cleanups.push(() => manager.stop());
    const { pid, listening, ended } = await manager.run("proxy", "--to", await toldOrigin(), ...OPTIONS, ...args);
    expect(listening).toMatchObject({ port: manager.port, inherited: true });
    expect(await asked(manager.port)).toEqual(expected);
    const stranger = await RawClient.open(manager.port);
    expect((await stranger.exchange(GET)).body.toString()).toContain("proxy-header-missing");
    stranger.close();
    process.kill(pid, "SIGTERM");
    await ended();
  });
});
