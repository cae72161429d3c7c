/** What the nginx that is the origin and the nginx that is a peer have in common. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a configuration and returns its path. */
export function nginxConfiguration(directory, name, { connections, http }) {
  const file = join(directory, name);
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const own = join(directory, name);
  writeFileSync(
    file,
    `daemon off;
    worker_processes 1;
    ${user}
    pid ${own}.pid;
    error_log ${own}.error error;
    events { worker_connections ${connections}; }
    http {
      access_log off;
      tcp_nodelay on;
      keepalive_timeout 3600s;
      keepalive_requests 1000000000;
      keepalive_time 24h;
      client_body_temp_path ${own}.body;
      proxy_temp_path ${own}.proxy;
      fastcgi_temp_path ${own}.fastcgi;
      uwsgi_temp_path ${own}.uwsgi;
      scgi_temp_path ${own}.scgi;
      ${http}
    }
    `,
  );
  return file;
}
