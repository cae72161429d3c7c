/** http-proxy-3 as its readme starts it, with a keep-alive agent so that connections to the origin are reused. */
import { Agent } from "node:http";
import { createProxyServer } from "http-proxy-3";

const [, , port, origin] = process.argv;
const proxy = createProxyServer({ target: origin, agent: new Agent({ keepAlive: true }) });
// Without a listener for errors it throws them.
proxy.on("error", (_error, _request, response) => {
  if ("headersSent" in response && !response.headersSent) response.writeHead(502).end("bad gateway");
  else response.destroy?.();
});
proxy.listen(Number(port), "127.0.0.1");
