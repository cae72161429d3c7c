/** The proxy that everyone writes once: a server, a request, headers copied both ways. `node node-relay.mjs PORT ORIGIN` */
import { Agent, createServer, request as sendRequest } from "node:http";

const [, , port, origin] = process.argv;
const agent = new Agent({ keepAlive: true });
createServer((incoming, outgoing) => {
  const { method, url, headers } = incoming;
  const forwarded = sendRequest(new URL(url, origin), { method, headers, agent }, (response) => {
    outgoing.writeHead(response.statusCode, response.headers);
    response.pipe(outgoing);
  });
  forwarded.on("error", () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
  incoming.pipe(forwarded);
}).listen(Number(port), "127.0.0.1");
