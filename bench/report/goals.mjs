/** The goals, and whether a run met them. A goal that was not measured is said to be that, not met. */
import { figure, ratio } from "./summary.mjs";

const times = (value) => `${value.toFixed(2)} ×`;

/** `limit` is met by values up to it, or from it on where `isLeast`. */
const goal = (what, limit, shown, of, isLeast = false) => ({ what, limit, shown, of, isLeast });

const onNode = "hopwise";
const onBun = "hopwise-bun";

const all = [
  goal("small requests on Node: CPU at most 1.25 × nginx's", 1.25, times, (run) => ratio(run, "small", onNode)?.median),
  goal("small requests on Bun: CPU at most 1.0 × nginx's", 1.0, times, (run) => ratio(run, "small", onBun)?.median),
  goal(
    "small requests: at least 7 × cheaper than http-proxy-3",
    7,
    times,
    (run) => ratio(run, "small", "http-proxy-3", onNode)?.median,
    true,
  ),
  goal("1 MiB responses: CPU at most 1.2 × nginx's", 1.2, times, (run) => ratio(run, "1m", onNode)?.median),
  goal("1 MiB uploads: CPU at most 1.2 × nginx's", 1.2, times, (run) => ratio(run, "upload", onNode)?.median),
  goal("at most 2 KiB of memory per idle connection", 2048, bytes, (run) => figure(run, "idle", onNode, "idle_bytes")),
  goal("5,000 idle connections cost an active one nothing (within 5 %)", 1.05, times, (run) =>
    figure(run, "idle", onNode, "besideRatio"),
  ),
  goal(
    "p99 at 4,000 requests/s no worse than nginx's (within 5 %)",
    1.05,
    times,
    (run) => ratio(run, "rate-4k", onNode, "nginx", "p99_ms")?.median,
  ),
  goal(
    "p99 at 12,000 requests/s no worse than nginx's (within 5 %)",
    1.05,
    times,
    (run) => ratio(run, "rate-12k", onNode, "nginx", "p99_ms")?.median,
  ),
  goal(
    "upstream connections reused for at least 99.9 % of requests",
    0.999,
    (value) => `${(value * 100).toFixed(3)} %`,
    (run) => figure(run, "small", onNode, "reuse"),
    true,
  ),
  goal(
    "small requests over TLS: CPU at most 1.5 × nginx's",
    1.5,
    times,
    (run) => ratio(run, "tls-small", onNode)?.median,
  ),
  goal("TLS handshakes: CPU at most 1.3 × nginx's", 1.3, times, (run) => ratio(run, "tls-handshakes", onNode)?.median),
  goal(
    "1 MiB responses over TLS: CPU at most 1.5 × nginx's",
    1.5,
    times,
    (run) => ratio(run, "tls-1m", onNode)?.median,
  ),
  goal("HTTP/2, 100 streams: CPU at most 3 × nginx's", 3, times, (run) => ratio(run, "http2", onNode)?.median),
  goal("1,000 routes cost what one costs (within 10 %)", 1.1, times, (run) =>
    figure(run, "routes-1000", onNode, "besideRatio"),
  ),
  goal("a group of three weighted endpoints costs what one costs (within 10 %)", 1.1, times, (run) =>
    figure(run, "group", onNode, "besideRatio"),
  ),
  goal("admin server, open dashboard and access log cost at most 10 %", 1.1, times, (run) =>
    figure(run, "window", onNode, "besideRatio"),
  ),
];

function bytes(value) {
  return `${(value / 1024).toFixed(2)} KiB`;
}

/** How far a figure is from its goal: what is missing of it, or what is too much. */
function by(value, limit) {
  const share = Math.abs(value - limit) / limit;
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 0)} %`;
}

export function goalsOf(result) {
  return all.map(({ what, limit, shown, of, isLeast }) => {
    const value = of(result);
    if (value === undefined) return { what, measured: "not measured", verdict: "–" };
    const isMet = isLeast ? value >= limit : value <= limit;
    return { what, measured: shown(value), verdict: isMet ? "met" : `**missed** by ${by(value, limit)}` };
  });
}
