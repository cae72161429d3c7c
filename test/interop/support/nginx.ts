/**
 * nginx in the foreground, as a child process: what it writes stands in a directory of its own, which goes with it.
 *
 * Deliberately absent: what it serves or forwards, see origins.ts and the fuzzer's nginx-parser.ts.
 */
import { spawn } from "node:child_process";
import type { Directory } from "./directory.ts";
import { freePort, untilListening } from "./listening.ts";
import { pathOf, stopChild } from "./programs.ts";

export interface Nginx {
  readonly port: number;
  /** Ends it, and removes its directory. */
  stop(): Promise<void>;
}

/** @param http what its `http` block holds, given the port to listen on */
export async function startNginx(directory: Directory, http: (port: number) => string): Promise<Nginx> {
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${directory.at(`tmp-${name}`)};`)
    .join("\n");
  const configuration = directory.write(
    "nginx.conf",
    `daemon off;
master_process off;
pid ${directory.at("nginx.pid")};
error_log stderr crit;
events { worker_connections 1024; }
http {
${temporary}
  access_log off;
  client_max_body_size 0;
  keepalive_requests 1000000;
${http(port)}
}
`,
  );
  const program = pathOf("nginx") ?? "nginx";
  const child = spawn(program, ["-p", directory.path, "-c", configuration, "-e", "stderr"], { stdio: "ignore" });
  await untilListening(child, port);
  return { port, stop: () => stopChild(child, "SIGTERM").then(() => directory.remove()) };
}
