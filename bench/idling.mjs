/** Clients that sent one request each and idle since, in a process of their own: load/idle-clients.mjs. */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { spawnPinned, stop } from "./programs.mjs";

const script = fileURLToPath(new URL("load/idle-clients.mjs", import.meta.url));

/** Resolved once `count` of them idle. */
export async function startIdleClients(port, path, count) {
  const child = spawnPinned("load", process.execPath, [script, port, path, count].map(String), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const clients = {
    /** So many more. */
    async add(more) {
      child.stdin.write(`${more}\n`);
      await said(lines, "ready");
    },
    /** Says goodbye. @returns how many connections the proxy had closed */
    async end() {
      child.stdin.end();
      return Number((await said(lines, "closed")).split(" ")[1]);
    },
    stop: () => stop(child),
  };
  try {
    await said(lines, "ready");
  } catch (error) {
    await stop(child);
    throw error;
  }
  return clients;
}

async function said(lines, word) {
  const { value } = await lines.next();
  if (!value?.startsWith(word)) throw new Error(`the idle clients said "${value}" instead of "${word}"`);
  return value;
}
