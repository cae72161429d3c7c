/**
 * The origin that all proxies share: nginx, which costs least and is never what is measured; where it is not installed,
 * a server on node:http that answers the same.
 *
 * It counts the connections it accepts, which tells how often a proxy reuses one.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nginxConfiguration } from "./nginx.mjs";
import { freePort, listening, pathOf, spawnPinned, versionOf } from "./programs.mjs";
import { ORIGIN_HOSTS } from "./setups.mjs";

export const MIB = 1024 * 1024;
const SMALL = "x".repeat(64);

export async function startOrigin(directory) {
  const nginx = pathOf("nginx");
  const port = await freePort();
  const statusPort = await freePort();
  let child;
  if (nginx === undefined) {
    const script = fileURLToPath(new URL("servers/origin.mjs", import.meta.url));
    child = spawnPinned("origin", process.execPath, [script, port, statusPort, ...ORIGIN_HOSTS].map(String));
  } else {
    const file = writeConfiguration(directory, port, statusPort);
    child = spawnPinned("origin", nginx, ["-p", directory, "-c", file, "-e", join(directory, "origin.error")]);
  }
  await listening(child, port);
  return {
    child,
    port,
    name: nginx === undefined ? `node:http ${process.version}` : `nginx ${versionOf(nginx, ["-v"], /nginx\/(\S+)/)}`,
    counts: () => readCounts(statusPort),
  };
}

/** Connections and requests of the origin so far; asking is one of each. */
async function readCounts(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
  const [, accepted, , requests] = /(\d+) (\d+) (\d+)/.exec(text) ?? [];
  return { connections: Number(accepted), requests: Number(requests) };
}

function writeConfiguration(directory, port, statusPort) {
  writeFileSync(join(directory, "16k"), "x".repeat(16 * 1024));
  writeFileSync(join(directory, "1m"), "x".repeat(MIB));
  // What is uploaded is read to its end before the answer: a second hop inside the origin waits for it.
  const inner = `unix:${join(directory, "inner.sock")}`;
  return nginxConfiguration(directory, "origin.conf", {
    connections: 16_384,
    http: `
      sendfile on;
      open_file_cache max=16;
      upstream inner { server ${inner}; keepalive 64; keepalive_requests 1000000000; keepalive_time 24h; }
      server {
        ${ORIGIN_HOSTS.map((host) => `listen ${host}:${port} backlog=4096;`).join(" ")}
        client_max_body_size 16m;
        client_body_buffer_size 2m;
        default_type text/plain;
        location = /small { return 200 "${SMALL}"; }
        location = /16k { alias ${directory}/16k; }
        location = /1m { alias ${directory}/1m; }
        # Without a known length: 16 KiB in chunks of 4 KiB.
        location = /chunked { alias ${directory}/16k; sendfile off; output_buffers 4 4k; ssi on; ssi_types *; }
        location = /upload {
          proxy_pass http://inner;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
        }
      }
      server { listen ${inner}; location / { return 200 "${SMALL}"; } }
      server { listen 127.0.0.1:${statusPort}; location / { stub_status; } }`,
  });
}
