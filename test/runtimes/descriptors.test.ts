/** When no descriptor is left for a connection: it is let go at once, whoever is there stays, and listening goes on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../interop/support/waiting.ts";
import { runtimes } from "./runtimes.ts";

const script = fileURLToPath(new URL("scarce.mjs", import.meta.url));
const DESCRIPTORS = 128;
const CLIENTS = 200;

for (const { name, path } of runtimes) {
  // Not installed: npm ci --prefix test/runtimes.
  const missing = path === undefined ? " (skipped: not installed)" : "";
  describe.skipIf(missing !== "")(`${name}${missing}`, () => {
    let child: ChildProcess | undefined;
    let clients: Socket[] = [];

    afterEach(async () => {
      for (const client of clients) client.destroy();
      clients = [];
      if (child === undefined || child.exitCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });

    it("goes on listening with no descriptor left", async () => {
      // The shell lowers the hard limit, since runtimes raise the soft one to it.
      child = spawn("sh", ["-c", `ulimit -n ${DESCRIPTORS}; exec "$0" "$1"`, path ?? "", script], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      let said = "";
      child.stdout?.on("data", (octets: Buffer) => {
        said += octets.toString();
      });
      await until("it listens", () => said.includes("port "));
      const port = Number(/port (\d+)/.exec(said)?.[1]);
      let gone = 0;
      const come = () => {
        const client = connect({ host: "127.0.0.1", port }).on("error", () => {});
        client.once("close", () => gone++);
        clients.push(client);
        return client;
      };
      const [first] = Array.from({ length: CLIENTS }, come);
      await until("whoever is too many was let go", () => gone > CLIENTS - DESCRIPTORS);
      // libuv lets go of them by itself and tells nobody.
      if (name === "Bun") await until("that is told", () => said.includes("fault EMFILE"));
      first?.write("still here?");
      expect(String(await firstData(first))).toBe("still here?");
      child.stdin?.write("let go\n");
      await until("everybody was let go", () => said.includes("free"));
      await until("a newcomer is answered", async () => {
        const newcomer = come();
        newcomer.write("hello");
        return String(await firstData(newcomer)) === "hello";
      });
    });
  });
}

/** What arrives first; nothing, since the connection is gone: undefined. */
function firstData(socket: Socket | undefined): Promise<unknown> {
  return new Promise((resolve) => socket?.once("data", resolve).once("close", () => resolve(undefined)));
}
