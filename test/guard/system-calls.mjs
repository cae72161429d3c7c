/**
 * Counts the system calls of one exchange: the command line under strace, one client, one request after the other.
 *
 * Run by system-calls.test.ts and update.mjs. Writes one line of JSON: calls per exchange, by name.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const WARM_UP = 3_000;
const COUNTED = 2_000;
const START_MS_MAX = 20_000;
const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const request = "GET /path HTTP/1.1\r\nHost: example.com\r\n\r\n";
const body = "x".repeat(64);
const response = `HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 64\r\n\r\n${body}`;

const origin = createServer({ noDelay: true }, (socket) => {
  socket.on("data", () => socket.write(response));
  socket.on("error", () => {});
});
origin.listen(0, "127.0.0.1");
await once(origin, "listening");

const directory = mkdtempSync(join(tmpdir(), "hopwise-guard-"));
const log = join(directory, "calls");
const traced = [process.execPath, cli, "proxy", "--to", `http://127.0.0.1:${origin.address().port}`];
const options = ["--listen", "127.0.0.1:0", "--no-admin", "--json", "--quiet"];
// -D: the traced program is our child, and strace its; so that a signal to the child reaches hopwise.
const child = spawn("strace", ["-D", "-f", "-qq", "-ttt", "-o", log, ...traced, ...options], {
  stdio: ["ignore", "pipe", "inherit"],
});

try {
  const port = await listeningPort();
  const client = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(client, "connect");
  await exchange(client, WARM_UP);
  // Compiling goes on beside the first exchanges; what is counted begins a moment later.
  await sleep(300);
  await exchange(client, 50);
  const from = Date.now() / 1_000;
  await exchange(client, COUNTED);
  const to = Date.now() / 1_000;
  client.destroy();
  child.kill("SIGTERM");
  // strace holds its standard output too: when that closes, the log is complete.
  await once(child, "close");
  process.stdout.write(`${JSON.stringify(await countCalls(from, to))}\n`);
} finally {
  child.kill("SIGKILL");
  origin.close();
  rmSync(directory, { recursive: true, force: true });
}

async function listeningPort() {
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS_MAX);
  for await (const line of createInterface({ input: child.stdout })) {
    const news = JSON.parse(line);
    if (news.type !== "listening") continue;
    clearTimeout(timer);
    return news.port;
  }
  throw new Error("hopwise does not listen under strace");
}

function exchange(client, count) {
  return new Promise((resolve, reject) => {
    let left = count;
    let text = "";
    const onData = (octets) => {
      text += octets.latin1Slice();
      if (!text.endsWith(body)) return;
      text = "";
      if (--left > 0) return void client.write(request);
      client.removeListener("data", onData);
      resolve();
    };
    client.on("data", onData);
    client.once("close", () => reject(new Error("hopwise closed the connection")));
    client.write(request);
  });
}

/** Calls between two moments, per exchange. A call that another thread interrupted has a second line, `resumed`. */
async function countCalls(from, to) {
  const calls = new Map();
  for await (const line of createInterface({ input: createReadStream(log) })) {
    const [, time, name] = /^\d+ +(\d+\.\d+) (\w+)\(/.exec(line) ?? [];
    if (name === undefined || Number(time) < from || Number(time) > to) continue;
    calls.set(name, (calls.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...calls].sort((a, b) => b[1] - a[1]).map(([name, count]) => [name, count / COUNTED]));
}
