/**
 * Origins that cannot be reached, on real sockets: one that is absent, and one that is deaf.
 *
 * The deaf one listens in a thread that never runs again: the system completes as many connections as its line of callers
 * holds, and leaves every further SYN without an answer.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { readProxyOptions } from "../../src/config/options.ts";
import type { Listener } from "../../src/net/ports.ts";
import { listen } from "../../src/net/runtime.ts";
import { Scene, type SceneSettings, VIA_NAME } from "../kit/stage.ts";

const BACKLOG = 1;
/** Linux completes one connection more than the line is said to hold. */
const CALLERS = BACKLOG + 1;

const deaf = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: ${BACKLOG} }, () => {
    parentPort.postMessage(server.address().port);
    // After the message has left.
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

export class ConnectingStage {
  private scene: Scene | undefined;
  private listener: Listener | undefined;
  private readonly originPort: number;
  private readonly cleanups: (() => unknown)[];

  private constructor(originPort: number, cleanups: (() => unknown)[]) {
    this.originPort = originPort;
    this.cleanups = cleanups;
  }

  static async open(kind: "deaf" | "absent"): Promise<ConnectingStage> {
    const stage = kind === "deaf" ? await besideDeaf() : new ConnectingStage(await freePort(), []);
    stage.listener = await listen({
      host: "127.0.0.1",
      port: 0,
      onSocket: (socket) => (stage.scene === undefined ? socket.destroy() : stage.scene.accept(socket)),
      onFault: () => undefined,
    });
    return stage;

    async function besideDeaf(): Promise<ConnectingStage> {
      const worker = new Worker(deaf, { eval: true });
      const [port] = (await once(worker, "message")) as [number];
      const callers: Socket[] = [];
      for (let i = 0; i < CALLERS; i++) {
        const caller = connect(port, "127.0.0.1");
        caller.on("error", () => undefined);
        await once(caller, "connect");
        callers.push(caller);
      }
      return new ConnectingStage(port, [...callers.map((caller) => () => caller.destroy()), () => worker.terminate()]);
    }
  }

  begin(settings: SceneSettings = {}): Scene {
    const { gateway } = readProxyOptions({ to: `http://127.0.0.1:${this.originPort}` });
    const all = { ...gateway, viaName: VIA_NAME, ...settings };
    this.scene = new Scene(all, this.listener?.address.port ?? 0, () => {
      this.scene = undefined;
    });
    return this.scene;
  }

  close(): void {
    this.scene?.abandon();
    this.listener?.close();
    for (const cleanup of this.cleanups) cleanup();
  }
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
