/** A dashboard that is open, in a process of its own: load/dashboard.mjs. */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { spawnPinned, stop } from "./programs.mjs";

const script = fileURLToPath(new URL("load/dashboard.mjs", import.meta.url));

/** Resolved once it hears events. */
export async function openDashboard(adminPort) {
  const child = spawnPinned("bench", process.execPath, [script, String(adminPort)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (word) => {
    const { value } = await lines.next();
    if (!value?.startsWith(word)) throw new Error(`the dashboard said "${value}" instead of "${word}"`);
    return value;
  };
  try {
    await said("open");
  } catch (error) {
    await stop(child);
    throw error;
  }
  return {
    /** @returns how many events it has heard */
    async close() {
      child.stdin.end();
      const heard = Number((await said("heard")).split(" ")[1]);
      await stop(child);
      return heard;
    },
    stop: () => stop(child),
  };
}
