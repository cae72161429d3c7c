/**
 * `npm run proof`: the same requests, at the same moments, through hopwise and through other proxies, each in front of an
 * origin of its own that closes idle connections silently. Requests come about when it closes. Counted is what clients see.
 *
 * Deliberately absent: load. Sixteen clients send a request a second each; nothing here measures speed.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chosen, readNumber } from "./options.mjs";
import { peers, startPeer } from "./peers.mjs";
import { stopAll } from "./programs.mjs";
import { SilentOrigin } from "./proof/silent-origin.mjs";

const HELP = `npm run proof -- [options]

An origin closes each connection that has been idle for a second, and does not
say so. Requests come about when it does. Counts those that fail through each
proxy. Takes about a minute; real sockets, this machine only.

  --requests N        through each proxy (default 640)
  --peers NAME,...    these proxies only (default: all that are installed)
  --json              the result as one line of JSON
  --help              print this

Exit code: 0 when no request through hopwise failed and no POST was executed
twice, otherwise 1.`;

/** How long the origin lets a connection idle. It says nothing of it. */
const IDLE_MS = 1_000;
/** One way to the origin, as to another region: in this time a request and a FIN can cross. */
const DISTANCE_MS = 5;
/** Requests come this much before or after the origin closes. */
const SPREAD_MS = 50;
const CLIENTS = 16;
/** Every so many requests is a POST: it must not be repeated. */
const POST_EVERY = 3;
const RESPONSE_MS_MAX = 10_000;

/** Whom this is about; the naive one and hopwise need nothing installed. */
const names = ["naive", "http-proxy-middleware", "http-proxy-3", "httpxy", "fastify", "nginx", "hopwise"];

/** What those are called that the bench knows by a shorter name. */
const titles = { naive: "node:http by hand,", fastify: "@fastify/http-proxy" };

/** One proxy with its origin, and what its clients saw. */
class Way {
  sent = 0;
  failed = 0;
  failedPosts = 0;
  #faults = new Map();
  #agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });

  constructor(peer, origin, port) {
    this.peer = peer;
    this.origin = origin;
    this.port = port;
  }

  async send(number) {
    const isPost = number % POST_EVERY === 0;
    const fault = await this.#faultOf(isPost ? "POST" : "GET", `/${isPost ? "orders" : "hello"}/${number}`);
    this.sent++;
    if (fault === undefined) return;
    this.failed++;
    if (isPost) this.failedPosts++;
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
  }

  result() {
    const { peer, origin, sent, failed, failedPosts } = this;
    const posts = [...origin.executions].filter(([target]) => target.startsWith("/orders/"));
    return {
      ...{ name: peer.name, version: versionOf(peer), sent, failed, failedPosts },
      repeatedPosts: posts.filter(([, times]) => times > 1).length,
      connections: origin.connections,
      idleCloses: origin.idleCloses,
      faults: Object.fromEntries([...this.#faults].sort(([, a], [, b]) => b - a)),
    };
  }

  close() {
    this.#agent.destroy();
    this.origin.stop();
  }

  /** What went wrong, as the client saw it; nothing: undefined. */
  #faultOf(method, path) {
    const body = method === "POST" ? "quantity=1" : "";
    const headers = body === "" ? {} : { "Content-Length": body.length };
    return new Promise((resolve) => {
      const sending = request({ host: "127.0.0.1", port: this.port, agent: this.#agent, method, path, headers });
      sending.setTimeout(RESPONSE_MS_MAX, () => sending.destroy(new Error("no response")));
      sending.on("error", (error) => resolve(error.message));
      sending.on("response", (response) => {
        response.resume();
        response.on("error", () => {});
        response.on("close", () => {
          if (!response.complete) resolve("response cut off");
          else resolve(response.statusCode === 200 ? undefined : String(response.statusCode));
        });
      });
      sending.end(body);
    });
  }
}

/** Its own; of what has none that of Node. */
function versionOf({ kind, version }) {
  if (kind !== "hopwise") return version().replace(/, Node.*/, "");
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

const options = readOptions();
if (options !== undefined) process.exitCode = await prove(options);

function readOptions() {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "640" },
      peers: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  return {
    requests: readNumber("requests", values.requests, CLIENTS, 100_000),
    only: values.peers,
    isJson: values.json,
  };
}

async function prove({ requests, only, isJson }) {
  const all = names.map((name) => peers.find((peer) => peer.name === name));
  const wanted = chosen(
    all.map((peer) => ({ ...peer, wantsNaming: false })),
    only?.split(","),
    "proxies",
  );
  const present = wanted.filter((peer) => peer.missing() === undefined);
  const isUnbuilt = wanted.some((peer) => peer.name === "hopwise" && peer.missing() !== undefined);
  if (isUnbuilt) throw new Error("hopwise is not built: npm run build");
  const rounds = Math.ceil(requests / CLIENTS);
  if (!isJson) console.log(introduction(requests, rounds, wanted));
  const directory = mkdtempSync(join(tmpdir(), "hopwise-proof-"));
  const ways = [];
  try {
    for (const peer of present) ways.push(await startWay(peer, directory));
    await play(ways, requests, rounds);
  } finally {
    for (const way of ways) way.close();
    await stopAll();
    rmSync(directory, { recursive: true, force: true });
  }
  const results = ways.map((way) => way.result());
  console.log(isJson ? JSON.stringify({ requests, results }) : table(results));
  const hopwise = results.find(({ name }) => name === "hopwise");
  return hopwise !== undefined && hopwise.failed + hopwise.repeatedPosts > 0 ? 1 : 0;
}

async function startWay(peer, directory) {
  const origin = new SilentOrigin({ idle_ms: IDLE_MS, distance_ms: DISTANCE_MS });
  await origin.start();
  const { port } = await startPeer(peer, directory, origin.port);
  return new Way(peer, origin, port);
}

/** Rounds of one request from each client, all ways at once, about when the origins close what idled since the last one. */
async function play(ways, requests, rounds) {
  let sent = 0;
  for (let round = 0; round < rounds; round++) {
    const burst = Array.from({ length: Math.min(CLIENTS, requests - sent) }, async () => {
      const number = ++sent;
      await sleep(2 * SPREAD_MS * Math.random());
      await Promise.all(ways.map((way) => way.send(number)));
    });
    await Promise.all(burst);
    if (round < rounds - 1) await sleep(IDLE_MS - DISTANCE_MS - 2 * SPREAD_MS);
  }
}

function introduction(requests, rounds, wanted) {
  return [
    `An origin ${2 * DISTANCE_MS} ms away closes each connection that was idle for ${IDLE_MS / 1_000} s, and does not`,
    `say so. ${requests} requests, every third a POST, come at about that time, through each`,
    "proxy at the same moments. No proxy was told anything about the origin.",
    ...missing(wanted),
    `This takes about ${Math.ceil((rounds * (IDLE_MS + 4 * SPREAD_MS)) / 1_000 + 5)} seconds.`,
    "",
  ].join("\n");
}

/** What is left out, by what would install it. */
function missing(wanted) {
  const hints = [...new Set(wanted.map((peer) => peer.missing()))].filter((hint) => hint !== undefined);
  return hints.flatMap((hint) => {
    const names = wanted.filter((peer) => peer.missing() === hint).map(({ name }) => name);
    return [`Left out: ${names.join(", ")}.`, `  To have it: ${hint}`];
  });
}

function table(results) {
  const rows = [
    ["", "failed", "of them POST", "POST twice", "connections"],
    ...results.map(({ name, version, sent, failed, failedPosts, repeatedPosts, connections }) => [
      `${titles[name] ?? name} ${version.replace(/^Node /, "")}`,
      `${failed} of ${sent}`,
      ...[failedPosts, repeatedPosts, connections].map(String),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map(([first, ...rest]) =>
      [first.padEnd(widths[0]), ...rest.map((cell, index) => cell.padStart(widths[index + 1]))].join("  "),
    )
    .join("\n");
}
