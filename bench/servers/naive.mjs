/** What one writes with node:http in twenty lines. `node naive.mjs ORIGIN_PORT PORT` */
import { Agent, createServer, request as sendRequest } from "node:http";
import { listenAsAll } from "./listen.mjs";

const [origin, port] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true });
const server = createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming;
  const forwarded = sendRequest({ host: "127.0.0.1", port: origin, method, path, headers, agent }, (response) => {
    outgoing.writeHead(response.statusCode, response.headers);
    response.pipe(outgoing);
  });
  forwarded.on("error", (error) => {
    if (!outgoing.headersSent) outgoing.writeHead(502);
    outgoing.end(`${error.message}\n`);
  });
  incoming.pipe(forwarded);
});
listenAsAll(server, port);
