/** What somebody gets who installs hopwise: a package that needs no other one, and says what is inside. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopwise-package-"));
const installed = join(folder, "node_modules/hopwise");
const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  const packed = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const archive = execFileSync("npm", packed, { cwd: root, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xf", join(folder, archive), "-C", installed, "--strip-components=1"]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("depends on nothing", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  expect(manifest.dependencies).toBeUndefined();
  expect(manifest.bin).toStrictEqual({ hopwise: "dist/cli/main.js" });
  expect(existsSync(join(installed, manifest.exports["."].types))).toBe(true);
});

it("names the packages that are inside, with their licenses", () => {
  const text = readFileSync(join(installed, "dist/THIRD-PARTY.md"), "utf8");
  expect([...text.matchAll(/^## (\S+) /gm)].map(([, name]) => name)).toEqual(
    expect.arrayContaining(["commander", "prom-client", "zod"]),
  );
});

it("knows its version, as a program and as a library", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(run(join(installed, "dist/cli/main.js"), "--version")).toBe(`${version}\n`);
  expect(run("--input-type=module", "--eval", `console.log((await import("hopwise")).version)`)).toBe(`${version}\n`);
  expect(run("--eval", `console.log(require("hopwise").version)`)).toBe(`${version}\n`);
});

it("serves, with an admin server, a log file and metrics", () => {
  const script = `
    import { createProxy } from "hopwise";
    const proxy = createProxy({ to: "http://127.0.0.1:1", port: 0, admin: 0, accessLog: "access.log" });
    const { url, admin } = await proxy.listen();
    console.log((await fetch(url)).status, (await (await fetch(admin.url + "/metrics")).text()).includes("hopwise_"));
    await proxy.close();`;
  expect(run("--input-type=module", "--eval", script)).toBe("502 true\n");
  expect(JSON.parse(readFileSync(join(folder, "access.log"), "utf8"))).toMatchObject({ status: 502 });
});

/** Node's types of the oldest runtime, and the newest ones: those declare listeners in another way. */
const typesOfNode = ["node_modules/@types", "test/frameworks/node_modules/@types"].map((path) => join(root, path));

it.each(
  typesOfNode.filter((path) => existsSync(path)),
)("has types that are whole by themselves, without those of other packages but Node's: %s", (typesOfNode) => {
  const program = `
    import { createServer } from "node:http";
    import { createServer as createHttp2Server, createSecureServer } from "node:http2";
    import { createServer as createHttpsServer } from "node:https";
    import { createForwardProxy, createHandler, createProxy, type ProxyOptions, type ProxyStats } from "hopwise";
    const to = "http://127.0.0.1:3000";
    const handler = createHandler({ to, body: (request) => JSON.stringify(request.body) });
    createServer(handler).on("upgrade", handler.upgrade).on("checkContinue", handler);
    createServer((request, response) => handler(request, response, (error) => console.log(error)));
    createHttpsServer({}, handler).on("upgrade", handler.upgrade);
    createHttp2Server(handler);
    createSecureServer({}, handler);
    for (const server of [createServer(), createHttpsServer({}), createSecureServer({})]) handler.attach(server);
    handler.attach(createHttp2Server()).close({ graceMs: 1 }).then(({ cut }) => console.log(cut satisfies number));
    const options: ProxyOptions = { to: ["http://127.0.0.1:3000"], keepAliveTimeout: "75s" };
    const proxy = createProxy(options).on("exchange", ({ status }) => console.log(status satisfies number));
    const stats: ProxyStats = proxy.stats();
    console.log(stats, createForwardProxy({ users: "users" }));
    createProxy({ to, onRequest: async (request) => request.fields.set("X-A", "b"), onResponse: () => undefined });
    // @ts-expect-error what hopwise has inside is nobody's business
    proxy.gateway;
    // @ts-expect-error and what tests hand in is theirs
    createProxy(options, {});
    // @ts-expect-error where to listen is the business of the server outside
    createHandler({ to, listen: 8080 });
    // @ts-expect-error an answer has a status
    createHandler({ to, onRequest: async () => ({ body: "x" }) });
    // @ts-expect-error onResponse cannot be waited for
    createHandler({ to, onResponse: async () => {} });
    // @ts-expect-error it gives nothing back
    createHandler({ to, onResponse: (response) => (response.status = 201) });
    // @ts-expect-error nor can onError be waited for
    createHandler({ to, onError: async () => ({ status: 500 }) });
    // @ts-expect-error there is no such event
    handler.on("exchnge", () => undefined);`;
  writeFileSync(join(folder, "program.ts"), program);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, module: "nodenext", target: "es2022" },
    ...{ types: ["node"], typeRoots: [typesOfNode] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  const tsc = [join(root, "node_modules/typescript/bin/tsc"), "-p", folder];
  expect(spawnSync(process.execPath, tsc, { encoding: "utf8" }).stdout).toBe("");
});

it("brings the schema of the file, for editors and for the command line", () => {
  const schema = JSON.parse(readFileSync(join(installed, "schema.json"), "utf8"));
  expect(schema.properties).toHaveProperty("routes");
  expect(JSON.parse(run(join(installed, "dist/cli/main.js"), "check", "--schema"))).toStrictEqual(schema);
  const script = `import schema from "hopwise/schema.json" with { type: "json" }; console.log(schema.title);`;
  expect(run("--input-type=module", "--eval", script)).toBe("The file of hopwise run\n");
});

it("has no file that nothing there reads", () => {
  const files = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" });
  expect(files.filter((file) => /\.(?:map|test\.|ts$)/.test(file) && !file.endsWith(".d.ts"))).toStrictEqual([]);
});
