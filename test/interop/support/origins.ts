/**
 * Origins: nginx, Apache httpd and Node's `http`, each with the same few resources.
 *
 *   /small.txt    a few octets
 *   /large.bin    1 MB of noise, with ranges and an ETag
 *   /prose.txt    text that compresses
 *   /upload       takes a body; `received` tells what arrived
 *
 * The daemons are child processes in the foreground with a configuration of their own in a directory of their own.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { Directory } from "./directory.ts";
import { freePort, listening, untilListening } from "./listening.ts";
import { startNginx } from "./nginx.ts";
import { pathOf, stopChild } from "./programs.ts";
import { randomOctets } from "./random.ts";

export const small = Buffer.from("hello from the origin\n");
export const large = randomOctets(1_000_000);
export const prose = Buffer.from("Each hop is its own. ".repeat(2_000));

export interface Origin {
  readonly url: string;
  /** How it takes a body: the method it wants. */
  readonly uploadMethod: "PUT" | "POST";
  /** The body that arrived last, given the answer to it. */
  received(answer: Buffer): Buffer;
  stop(): Promise<void>;
}

export type OriginName = "nginx" | "apache" | "node";

/** The program that an origin needs; none: it is part of the runtime. */
export const programOf: Readonly<Record<OriginName, string | undefined>> = {
  nginx: "nginx",
  apache: "apache2",
  node: undefined,
};

export function startOrigin(name: OriginName): Promise<Origin> {
  switch (name) {
    case "nginx":
      return startNginxOrigin();
    case "apache":
      return startApache();
    case "node":
      return startNode();
  }
}

function writeResources(directory: Directory): void {
  directory.write("www/small.txt", small);
  directory.write("www/large.bin", large);
  directory.write("www/prose.txt", prose);
}

async function startNginxOrigin(): Promise<Origin> {
  const directory = new Directory();
  writeResources(directory);
  const nginx = await startNginx(
    directory,
    (port) => `  types { text/plain txt; }
  default_type application/octet-stream;
  gzip on;
  gzip_proxied any;
  gzip_types text/plain;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    root ${directory.at("www")};
    location = /upload { root ${directory.path}; dav_methods PUT; }
  }`,
  );
  return {
    url: `http://127.0.0.1:${nginx.port}`,
    uploadMethod: "PUT",
    received: () => readFileSync(directory.at("upload")),
    stop: () => nginx.stop(),
  };
}

/** Where Debian and others keep Apache's modules. */
const APACHE_MODULE_DIRECTORIES = [
  "/usr/lib/apache2/modules",
  "/usr/lib64/httpd/modules",
  "/usr/libexec/apache2",
  "/usr/lib/httpd/modules",
];

async function startApache(): Promise<Origin> {
  const directory = new Directory();
  writeResources(directory);
  directory.write("www/upload", "");
  const port = await freePort();
  const modules = APACHE_MODULE_DIRECTORIES.find((path) => existsSync(path)) ?? "";
  const loaded = ["mpm_event", "authz_core", "dir", "mime", "headers", "filter", "deflate", "reflector", "reqtimeout"]
    .map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`)
    .join("\n");
  const isRoot = process.getuid?.() === 0;
  const configuration = directory.write(
    "apache.conf",
    `${loaded}
${isRoot ? "User nobody\nGroup #65534" : ""}
ServerRoot ${directory.path}
ServerName origin.test
Listen 127.0.0.1:${port}
PidFile ${directory.at("apache.pid")}
DefaultRuntimeDir ${directory.path}
ErrorLog ${directory.at("error.log")}
DocumentRoot ${directory.at("www")}
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadsPerChild 25
MaxRequestWorkers 150
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 5
TypesConfig /dev/null
AddType text/plain .txt
AddOutputFilterByType DEFLATE text/plain
<Location /upload>
  SetHandler reflector
</Location>
`,
  );
  const program = pathOf("apache2") ?? "apache2";
  const child = spawn(program, ["-f", configuration, "-DFOREGROUND"], { stdio: "ignore" });
  await untilListening(child, port);
  return {
    url: `http://127.0.0.1:${port}`,
    uploadMethod: "POST",
    received: (answer) => answer,
    stop: () => stopChild(child, "SIGTERM").then(() => directory.remove()),
  };
}

async function startNode(): Promise<Origin> {
  let latest = Buffer.alloc(0);
  const zipped = gzipSync(prose);
  const etag = `"${createHash("sha1").update(large).digest("hex")}"`;
  const server = createServer((request, response) => {
    if (request.url === "/small.txt") {
      response.setHeader("Content-Type", "text/plain");
      response.end(small);
    } else if (request.url === "/prose.txt") {
      const isZipped = request.headers["accept-encoding"]?.includes("gzip") === true;
      response.setHeader("Content-Type", "text/plain");
      if (isZipped) response.setHeader("Content-Encoding", "gzip");
      response.end(isZipped ? zipped : prose);
    } else if (request.url === "/large.bin") {
      response.setHeader("ETag", etag);
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      if (request.headers["if-none-match"] === etag) {
        response.writeHead(304).end();
      } else if (range !== null) {
        const [first, last] = [Number(range[1]), Number(range[2])];
        response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/${large.length}` });
        response.end(large.subarray(first, last + 1));
      } else {
        response.setHeader("Content-Length", large.length);
        response.end(large);
      }
    } else if (request.url === "/upload") {
      const pieces: Buffer[] = [];
      request.on("data", (octets: Buffer) => pieces.push(octets));
      request.on("end", () => {
        latest = Buffer.concat(pieces);
        response.end("taken\n");
      });
    } else {
      response.writeHead(404).end();
    }
  });
  const url = await listening(server);
  return {
    url,
    uploadMethod: "POST",
    received: () => latest,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
