/**
 * Load: as much as the proxy takes, or at a rate. From wrk, or from autocannon where wrk is not installed.
 *
 * HTTP/2 comes from h2load. Whole TLS handshakes come from a program of our own, since wrk resumes sessions (handshakes.mjs).
 *
 * At a rate each connection is a client that pauses before each request, for random times that are much longer than an answer
 * takes: a slow answer holds up one of many clients, so few requests that should have waited are left out.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isExecutable, pathOf, runPinned, versionOf } from "../programs.mjs";
import { tlsTerms } from "../setups.mjs";
import { figuresOfH2load } from "./h2load.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const autocannon = here("../node_modules/autocannon/autocannon.js");
const wrk = pathOf("wrk");
const h2load = pathOf("h2load");
/** What a tool may take longer than it was told. */
const GRACE_MS = 20_000;
/** What lies between two requests of a client beside its pause: the answer, and that wrk counts in whole milliseconds. */
const BESIDE_PAUSE_MS = 0.6;

export const loadTool = wrk ? `wrk ${versionOf(wrk, ["-v"], /wrk \S*?([\d.]+)/)}` : "autocannon";
export const missingLoadTool = wrk || isExecutable(autocannon) ? undefined : "apt-get install wrk";

/**
 * @param {{ port: number, path: string, seconds: number, connections: number, bodyBytes?: number, closes?: boolean,
 *   rate?: number, isTls?: boolean, shakesHands?: boolean, streams?: number }} load `closes`: each request says `Connection: close`; `rate`: about so
 *   many requests a second in all; `shakesHands`: a whole TLS handshake for each request; `streams`: HTTP/2 over TLS, so many requests at
 *   once on each connection
 */
export async function runLoad(load) {
  if (load.streams !== undefined) return await runHttp2(load);
  if (load.shakesHands) return await runHandshakes(load);
  return wrk === undefined ? await runAutocannon(load) : await runWrk(load);
}

async function runWrk({ port, path, seconds, connections, bodyBytes = 0, closes = false, rate, isTls = false }) {
  const url = `${isTls ? "https" : "http"}://127.0.0.1:${port}${path}`;
  const args = ["-t", "1", "-c", connections, "-d", `${seconds}s`, "--timeout", "10s", "-s", here("wrk.lua")];
  if (closes) args.push("-H", "Connection: close");
  const env = { ...process.env, BODY_BYTES: String(bodyBytes), ...pauses(connections, rate) };
  const text = await runPinned("load", wrk, [...args.map(String), url], seconds * 1_000 + GRACE_MS, { env });
  return figuresOf(text);
}

async function runHttp2({ port, path, seconds, connections, streams }) {
  if (h2load === undefined)
    throw new Error("there is nothing to make load of HTTP/2 with: apt-get install nghttp2-client");
  const directory = mkdtempSync(join(tmpdir(), "hopwise-h2load-"));
  const log = join(directory, "requests.log");
  const amount = ["-t", 1, "-c", connections, "-m", streams, "-D", `${seconds}s`];
  const terms = [`--tls13-ciphers=${tlsTerms.cipher}`, `--groups=${tlsTerms.curve}`];
  const args = [...amount, ...terms, `--log-file=${log}`, `https://127.0.0.1:${port}${path}`];
  try {
    const report = await runPinned("load", h2load, args.map(String), seconds * 1_000 + GRACE_MS);
    return figuresOfH2load(report, readFileSync(log, "latin1"), tlsTerms);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function runHandshakes({ port, path, seconds, connections }) {
  const { version, cipher, curve } = tlsTerms;
  const args = [here("handshakes.mjs"), port, path, connections, seconds, version, cipher, curve];
  return figuresOf(await runPinned("load", process.execPath, args.map(String), seconds * 1_000 + GRACE_MS));
}

/** What a tool says in its line of JSON. */
function figuresOf(text) {
  const { requests, duration_us, failed, ...said } = JSON.parse(/^\{.*\}$/m.exec(text)[0]);
  const latency = { p50_ms: said.p50_us / 1e3, p90_ms: said.p90_us / 1e3, p99_ms: said.p99_us / 1e3 };
  return { requests, failed, rate: (requests / duration_us) * 1e6, ...latency, p999_ms: said.p999_us / 1e3 };
}

/** For wrk.lua: from half to one and a half of the mean. */
function pauses(connections, rate) {
  if (rate === undefined) return {};
  const mean_ms = (connections / rate) * 1_000 - BESIDE_PAUSE_MS;
  return {
    PAUSE_MS_LEAST: String(Math.round(mean_ms / 2)),
    PAUSE_MS_MOST: String(Math.round(mean_ms * 1.5)),
  };
}

async function runAutocannon({ port, path, seconds, connections, bodyBytes = 0, closes = false, rate, isTls = false }) {
  const args = [autocannon, "-j", "-c", connections, "-d", seconds, "-t", 10];
  if (closes) args.push("-H", "Connection: close");
  if (rate !== undefined) args.push("-R", rate);
  if (bodyBytes > 0) args.push("-m", "POST", "-b", "x".repeat(bodyBytes));
  args.push(`${isTls ? "https" : "http"}://127.0.0.1:${port}${path}`);
  const text = await runPinned("load", process.execPath, args.map(String), seconds * 1_000 + GRACE_MS);
  const report = JSON.parse(/^\{.*\}$/m.exec(text)[0]);
  return {
    requests: report["2xx"],
    failed: report.errors + report.timeouts + report.non2xx,
    rate: report["2xx"] / report.duration,
    p50_ms: report.latency.p50,
    p90_ms: report.latency.p90,
    p99_ms: report.latency.p99,
    p999_ms: report.latency.p99_9,
  };
}
