/** The soak works: a quarter of a minute of it, in which nothing is unexplained. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const soak = fileURLToPath(new URL("soak.mjs", import.meta.url));

it("15 seconds of soak end without a failure that nothing explains", async () => {
  const child = spawn(process.execPath, [soak, "--minutes", "0.25", "--seed", "3"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (octets: Buffer) => {
      said += octets.toString();
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  expect(code, said).toBe(0);
  expect(said).toContain("| **failures unexplained** | **0** |");
  expect(said).toContain("| **POSTs executed twice** | **0** |");
}, 120_000);
