/**
 * What one writes with `node:http` in ten lines, and finds in many answers on the web: every field is passed on, in both
 * directions, `Connection` and `Keep-Alive` included; connections are Node's agent's business.
 *
 * It brings sockets of its own, so it plays on real sockets only. The demonstration runs it beside hopwise.
 */
import { Agent, createServer, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";

export interface RunningProxy {
  readonly host: string;
  readonly port: number;
  close(): void;
}

export async function startNaiveProxy(upstream: {
  readonly host: string;
  readonly port: number;
}): Promise<RunningProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const forwarded = sendRequest({ ...upstream, method, path, headers, agent }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on("error", (error) => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end(`${error.message}\n`);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
