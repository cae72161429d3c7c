/** The origin where nginx is not installed. `node origin.mjs PORT STATUS_PORT HOST...` */
import { createServer } from "node:http";

const [port, statusPort] = process.argv.slice(2).map(Number);
const hosts = process.argv.slice(4);
const small = Buffer.alloc(64, "x");
const piece = Buffer.alloc(4 * 1024, "x");
const bodies = { "/small": small, "/16k": Buffer.alloc(16 * 1024, "x"), "/1m": Buffer.alloc(1024 * 1024, "x") };
let connections = 0;
let requests = 0;

function answer(request, response) {
  requests++;
  request.resume();
  const body = bodies[request.url];
  if (request.url === "/upload") {
    request.once("end", () => response.writeHead(200, { "content-length": small.length }).end(small));
  } else if (request.url === "/chunked") {
    for (let i = 0; i < 4; i++) response.write(piece);
    response.end();
  } else if (body === undefined) {
    response.writeHead(404, { "content-length": 0 }).end();
  } else {
    response.writeHead(200, { "content-type": "text/plain", "content-length": body.length }).end(body);
  }
}
for (const host of hosts) {
  const server = createServer(answer);
  server.keepAliveTimeout = 3_600_000;
  server.on("connection", () => connections++);
  server.listen(port, host, 4096);
}

// The counts in the form of nginx's stub_status.
createServer((_request, response) => response.end(`${++connections} ${connections} ${++requests}\n`)).listen(
  statusPort,
  "127.0.0.1",
);
