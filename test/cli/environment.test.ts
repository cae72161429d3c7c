/** `HOPWISE_...`: each flag as a variable; a flag counts before it, the file and the default behind it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programWith } from "../../src/cli/program.ts";
import { hopwiseWith, type Listening, origin, run } from "./running.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-environment-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function ended(variables: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const running = hopwiseWith(variables, ...args);
  return { code: await running.ended, out: running.outLines.join("\n"), err: running.errLines.join("\n") };
}

describe("hopwise proxy", () => {
  it("takes from variables what no flag says, lists and switches too", async () => {
    const { url } = await origin((request, response) => response.end(`${request.headers["x-env"]}`));
    const variables = {
      HOPWISE_TO: "http://127.0.0.1:9",
      HOPWISE_LISTEN: "127.0.0.1:0, [::1]:0",
      HOPWISE_ADMIN: "off",
      HOPWISE_JSON: "true",
      HOPWISE_SET_REQUEST_FIELDS: "X-Env: a, b\n",
    };
    // The flag counts before the variable.
    const running = hopwiseWith(variables, "proxy", "--to", url);
    const { listeners, admin } = await running.json<Listening & { readonly listeners: readonly { host: string }[] }>(
      "listening",
    );
    expect([listeners.map(({ host }) => host), admin]).toEqual([["127.0.0.1", "::1"], null]);
    expect(await (await fetch((await running.json<Listening>("listening")).url)).text()).toBe("a, b");
  });

  it.each<readonly [NodeJS.ProcessEnv, string]>([
    [{ HOPWISE_HEAD_TIMEOUT: "5" }, 'hopwise: HOPWISE_HEAD_TIMEOUT: "5" has no unit: write 5s or 5ms'],
    [{ HOPWISE_WORKERS: "x" }, /HOPWISE_WORKERS: "x" is not a number of processes: .*/.source],
    [{ HOPWISE_FORWARDED: "maybe" }, 'hopwise: HOPWISE_FORWARDED: "maybe" is not a switch: write true or false'],
    [
      { HOPWISE_SET_REQUEST_FIELDS: "Authorization s3cret" },
      'hopwise: HOPWISE_SET_REQUEST_FIELDS: "Authorization ..." is not complete: write "Name: value", like "X-Frame-Options: DENY"',
    ],
  ])("names the variable whose value cannot be taken: %j", async (variables, message) => {
    const { code, err } = await ended(variables, "proxy", "--to", "http://127.0.0.1:9");
    expect(code).toBe(2);
    if (message.includes(".*")) expect(err).toMatch(new RegExp(message));
    else expect(err).toBe(message);
  });

  it("names the flag where that says it", async () => {
    const { err } = await ended(
      { HOPWISE_HEAD_TIMEOUT: "5s" },
      "proxy",
      "--to",
      "http://127.0.0.1:9",
      "--head-timeout=x",
    );
    expect(err).toMatch(/^hopwise: --head-timeout: "x" is not a duration/);
  });

  it("warns of a variable that does nothing", async () => {
    const { err } = await ended({ HOPWISE_TOO: "http://alice:s3cret@a" }, "proxy");
    expect(err.split("\n")).toEqual([
      "warning: HOPWISE_TOO is not known and does nothing; did you mean HOPWISE_TO?",
      "hopwise: --to is missing: write where requests go, like http://127.0.0.1:3000",
    ]);
  });
});

describe("the file of hopwise run", () => {
  it("counts behind variables, and check says which value is whose", async () => {
    const file = join(folder, "site.yaml");
    writeFileSync(file, "to: http://127.0.0.1:9\nheadTimeout: 1s\nbodyTimeout: 2s\n");
    const { code, out } = await ended({ HOPWISE_CONFIG: file, HOPWISE_HEAD_TIMEOUT: "3s" }, "check");
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}headTimeout +HOPWISE_HEAD_TIMEOUT +3s$/m);
    expect(out).toMatch(/^ {2}bodyTimeout +said here +2s$/m);
    expect(out).toMatch(/^ {2}connectTimeout +default +5s$/m);
  });

  it("is told apart from them where something is wrong", async () => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, "listeners: [{ http: 0 }]\nroutes: [{ to: http://127.0.0.1:9 }]\nredirectPort: 1\n");
    const { code, err } = await ended({ HOPWISE_LISTEN: "8080" }, "check", "-c", file);
    expect(code).toBe(2);
    expect(err.replaceAll(file, "wrong.yaml").split("\n")).toEqual([
      "hopwise: HOPWISE_LISTEN: there are listeners, which say where clients connect: leave it out",
      "wrong.yaml:3:1: redirectPort: there are listeners, which say where clients connect: leave it out",
    ]);
  });
});

it("help names the variable of each flag, but for those that are tasks of their own", async () => {
  const { commands } = programWith(() => Promise.resolve());
  const tasks = ["--help", "--hash-password", "--schema"];
  for (const command of commands) {
    const { out } = await run(command.name(), "--help");
    const text = out.replace(/\s+/g, " ");
    for (const { long, negate } of command.options) {
      const variable = `HOPWISE_${long
        ?.replace(/^--(no-)?/, "")
        .replaceAll("-", "_")
        .toUpperCase()}`;
      if (tasks.includes(String(long))) expect(text).not.toContain(`[${variable}]`);
      else expect(text).toContain(negate ? `[${variable}=false]` : `[${variable}]`);
    }
  }
});
