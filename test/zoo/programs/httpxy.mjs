/** httpxy as its readme starts it, with a keep-alive agent so that connections to the origin are reused. */
import { Agent, createServer } from "node:http";
import { createProxyServer } from "httpxy";

const [, , port, origin] = process.argv;
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true }) });
createServer(async (request, response) => {
  try {
    await proxy.web(request, response, { target: origin });
  } catch {
    if (!response.headersSent) response.writeHead(502).end("bad gateway");
    else response.destroy();
  }
}).listen(Number(port), "127.0.0.1");
