/** Closed-loop load: as much as the proxy takes. From wrk, or from autocannon where wrk is not installed. */
import { fileURLToPath } from "node:url";
import { isExecutable, pathOf, runPinned, versionOf } from "../programs.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const autocannon = here("../node_modules/autocannon/autocannon.js");
const wrk = pathOf("wrk");
/** What a tool may take longer than it was told. */
const GRACE_MS = 20_000;

export const loadTool = wrk ? `wrk ${versionOf(wrk, ["-v"], /wrk \S*?([\d.]+)/)}` : "autocannon";
export const missingLoadTool = wrk || isExecutable(autocannon) ? undefined : "apt-get install wrk";

/**
 * @param {{ port: number, path: string, seconds: number, connections: number, bodyBytes?: number, closes?: boolean }} load
 *   `closes`: each request says `Connection: close`
 */
export async function runLoad(load) {
  return wrk === undefined ? await runAutocannon(load) : await runWrk(load);
}

async function runWrk({ port, path, seconds, connections, bodyBytes = 0, closes = false }) {
  const url = `http://127.0.0.1:${port}${path}`;
  const args = ["-t", "1", "-c", connections, "-d", `${seconds}s`, "--timeout", "10s", "-s", here("wrk.lua")];
  if (closes) args.push("-H", "Connection: close");
  const env = { ...process.env, BODY_BYTES: String(bodyBytes) };
  const text = await runPinned("load", wrk, [...args.map(String), url], seconds * 1_000 + GRACE_MS, { env });
  const { requests, duration_us, p50_us, p99_us, failed } = JSON.parse(/^\{.*\}$/m.exec(text)[0]);
  return { requests, failed, rate: (requests / duration_us) * 1e6, p50_ms: p50_us / 1e3, p99_ms: p99_us / 1e3 };
}

async function runAutocannon({ port, path, seconds, connections, bodyBytes = 0, closes = false }) {
  const args = [autocannon, "-j", "-c", connections, "-d", seconds, "-t", 10];
  if (closes) args.push("-H", "Connection: close");
  if (bodyBytes > 0) args.push("-m", "POST", "-b", "x".repeat(bodyBytes));
  args.push(`http://127.0.0.1:${port}${path}`);
  const text = await runPinned("load", process.execPath, args.map(String), seconds * 1_000 + GRACE_MS);
  const report = JSON.parse(/^\{.*\}$/m.exec(text)[0]);
  return {
    requests: report["2xx"],
    failed: report.errors + report.timeouts + report.non2xx,
    rate: report["2xx"] / report.duration,
    p50_ms: report.latency.p50,
    p99_ms: report.latency.p99,
  };
}
