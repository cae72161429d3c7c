/**
 * Clients that make a new TLS connection with a whole handshake for each request.
 * `node handshakes.mjs PORT PATH CONNECTIONS SECONDS VERSION CIPHER CURVE`
 *
 * wrk resumes the session of its last connection, which is another question. A handshake on other terms than those that are named
 * fails, since it would not be compared with the others'. Says one line of JSON.
 */
import { connect } from "node:tls";

const [port, path, connections, seconds, version, cipher, curve] = process.argv.slice(2);
const options = {
  ...{ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false },
  ...{ minVersion: version, maxVersion: version, ciphers: cipher, ecdhCurve: curve },
};
const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
const latencies_us = [];
let failed = 0;

function ask() {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(options, () => socket.write(request));
    socket.setEncoding("latin1");
    socket.on("data", (text) => {
      answer += text;
    });
    socket.on("error", () => resolve(false));
    socket.once("end", () => {
      const isAsAgreed = socket.getCipher()?.name === cipher && socket.getEphemeralKeyInfo()?.name === curve;
      resolve(answer.startsWith("HTTP/1.1 200 ") && isAsAgreed && !socket.isSessionReused());
    });
    socket.once("close", () => resolve(false));
  });
}

const from = performance.now();
const end = from + Number(seconds) * 1_000;
async function client() {
  while (performance.now() < end) {
    const began = performance.now();
    if (await ask()) latencies_us.push((performance.now() - began) * 1_000);
    else failed++;
  }
}
await Promise.all(Array.from({ length: Number(connections) }, client));
const duration_us = (performance.now() - from) * 1_000;
latencies_us.sort((a, b) => a - b);
const at = (share) => latencies_us[Math.min(latencies_us.length - 1, Math.floor(latencies_us.length * share))] ?? 0;
const latency = { p50_us: at(0.5), p90_us: at(0.9), p99_us: at(0.99), p999_us: at(0.999) };
console.log(JSON.stringify({ requests: latencies_us.length, duration_us, ...latency, failed }));
