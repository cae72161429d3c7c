/** `hopwise run`, `check` and `route` with a file: what it does, what it says, and what is said of one that cannot be. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hopwise, origin } from "./running.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-file-"));
  writeFileSync(join(folder, "greeting"), "hello\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const site = (app: string) => `listeners:
  - http: 127.0.0.1:0
groups:
  app: { to: ["${app}"] }
routes:
  - match: { host: site.test, path: /api/* }
    to: app
    stripPrefix: /api
  - match: { path: /hello }
    respond: { body: "\${file:greeting}\\n" }
  - name: the rest
    to: app
admin: 0
`;

describe("hopwise run", () => {
  it("serves what the file says until it is told to end", async () => {
    const { url: app } = await origin((request, response) => response.end(`asked for ${request.url}`));
    const file = written("site.yaml", site(app));
    const running = hopwise("run", "-c", file);
    const [, url = ""] = /(http:\S+) by \S*site\.yaml/.exec(await running.err(/^hopwise/)) ?? [];
    const ask = async (path: string) => await (await fetch(url + path)).text();
    expect([await ask("/hello"), await ask("/x?y"), await ask("/hello/x")]).toStrictEqual([
      "hello\n",
      "asked for /x?y",
      "asked for /hello/x",
    ]);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  it("says which endpoints fail their health checks, and why, and which pass them again", async () => {
    let status = 503;
    const { url: app } = await origin((_request, response) => {
      response.statusCode = status;
      response.end();
    });
    const text = site(app).replace('"] }', '"], health: { path: /healthz, interval: 100ms } }');
    const running = hopwise("run", "-c", written("checked.yaml", text));
    await running.err(/ fails its health checks: /);
    status = 200;
    await running.err(/ again$/);
    expect(running.errLines.slice(-2)).toStrictEqual([
      `${app} fails its health checks: the response's status is not one that the group takes for well (503)`,
      `${app} passes its health checks again`,
    ]);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  it("ends with 2 and a line for each thing that is wrong, at its place, and starts nothing", async () => {
    const file = written("wrong.yaml", "listeners:\n  - http: 0\n    tls: x\ngroup: {}\nroutes:\n  - to: app\n");
    const running = hopwise("run", "-c", file);
    expect(await running.ended).toBe(2);
    expect(running.errLines.join("\n").replaceAll(`${folder}/`, "")).toBe(
      "hopwise: wrong.yaml:3:5: listeners[0].tls: a string is no value for it: write self-signed\n" +
        'wrong.yaml:4:1: group: "group" is not known here; did you mean groups?',
    );
  });

  it("without a file says what to write", async () => {
    const running = hopwise("run", "-c", join(folder, "none.yaml"));
    expect(await running.ended).toBe(2);
    expect(running.errLines.join("\n")).toMatch(/none\.yaml cannot be read: there is no such file/);
  });
});

describe("hopwise check", () => {
  it("says how groups are looked after", async () => {
    const care = "health: { path: /healthz, interval: 2s }, ejection: { errors: 25% }, slowStart: 30s";
    const text = site("http://127.0.0.1:3000").replace('"] }', `"], ${care} }`);
    const running = hopwise("check", "-c", written("care.yaml", text));
    expect(await running.ended).toBe(0);
    expect(running.outLines).toContain(
      "  app  http://127.0.0.1:3000  asked for /healthz every 2s, ejected at 25% errors, back within 30s",
    );
  });

  it("says what the file means, routes in the order in which they are asked", async () => {
    const file = written("check.yaml", site("http://127.0.0.1:3000"));
    const running = hopwise("check", "-c", file);
    expect(await running.ended).toBe(0);
    expect(running.outLines.slice(0, 14)).toStrictEqual([
      `${file} can run.`,
      "",
      "Listeners:",
      "  http://127.0.0.1:0",
      "",
      "Groups:",
      "  app  http://127.0.0.1:3000",
      "",
      "Routes, the first that matches takes a request:",
      "  site.test /api/*  -> app             takes /api from the path",
      "  /hello            answers 200",
      "  everything else   -> app (the rest)",
      "",
      "Limits of time:",
    ]);
    expect(running.outLines).toContain("  headTimeout       default  30s");
  });
});

describe("hopwise check --schema", () => {
  it("prints the JSON Schema that the package has, and looks for no file", async () => {
    const running = hopwise("check", "--schema");
    expect(await running.ended).toBe(0);
    expect(`${running.outLines.join("\n")}\n`).toBe(
      readFileSync(new URL("../../schema.json", import.meta.url), "utf8"),
    );
  });

  it("may be named by the file itself", async () => {
    const file = written("named.json", '{ "$schema": "./schema.json", "to": "http://127.0.0.1:9" }');
    const running = hopwise("check", "-c", file);
    expect(await running.ended).toBe(0);
  });
});

describe("hopwise check of groups", () => {
  it("says how endpoints are chosen, and what is said of them", async () => {
    const groups = [
      "one: { to: [{ url: http://a, weight: 2 }], sticky: true }",
      "plain: { to: [http://a, http://b] }",
      "turns: { to: [{ url: http://a, weight: 5, maxConnections: 10 }, { url: http://b, backup: true, poolMaxAge: 5m }], balance: round-robin }",
      "bound: { to: [http://a, { url: http://b, weight: 0 }], balance: { hash: { field: X-User } }, sticky: { cookie: at } }",
    ];
    const text = `groups:\n${groups.map((group) => `  ${group}\n`).join("")}routes: [{ to: one }]\n`;
    const running = hopwise("check", "-c", written("groups.yaml", text));
    expect(await running.ended).toBe(0);
    const from = running.outLines.indexOf("Groups:");
    expect(running.outLines.slice(from + 1, from + 5).map((line) => line.replace(/ {2,}/g, "  "))).toStrictEqual([
      "  one  http://a (weight 2)",
      "  plain  http://a http://b  least-outstanding",
      "  turns  http://a (weight 5, maxConnections 10) http://b (backup, poolMaxAge 5m)  round-robin",
      "  bound  http://a http://b (weight 0)  hash of field x-user, sticky by cookie at",
    ]);
  });
});

describe("what routes ask first", () => {
  const asking = `groups: { app: { to: ["http://127.0.0.1:3000"] } }
rateLimit: { requests: 1000, per: 1m, by: { field: X-Key } }
routes:
  - match: { path: /api/* }
    to: app
    allow: [10.0.0.0/8, "::1"]
    deny: 10.1.0.0/16
    rateLimit: { requests: 100 }
    maxBody: 1m
    concurrency: { max: 50 }
    bufferRequest: 64k
    connectTimeout: 1s
    responseTimeout: 5s
  - to: app
`;

  it("is what hopwise check shows behind them", async () => {
    const running = hopwise("check", "-c", written("asking.yaml", asking));
    expect(await running.ended).toBe(0);
    const from = running.outLines.indexOf("Routes, the first that matches takes a request:");
    expect(running.outLines.slice(from + 1, from + 7)).toStrictEqual([
      "  /api/*           -> app  not from 10.1.0.0/16; from 10.0.0.0/8, ::1; 100 requests per 1s, burst 100, by client; " +
        "bodies up to 1m; 50 at once, 100 wait up to 1s; holds bodies up to 64k; connectTimeout 1s; responseTimeout 5s",
      "  everything else  -> app",
      "",
      "Of all requests:",
      "  1000 requests per 60s, burst 1000, by field x-key",
      "",
    ]);
  });

  it("is what hopwise route says of the one that takes a request", async () => {
    const running = hopwise("route", "GET", "/api/x", "-c", written("asking.yaml", asking));
    expect(await running.ended).toBe(0);
    expect(running.outLines.slice(0, 2)).toStrictEqual([
      "routes[0] takes it: /api/* -> app",
      "  It asks first, in this order: not from 10.1.0.0/16; from 10.0.0.0/8, ::1; 100 requests per 1s, burst 100, by client; " +
        "bodies up to 1m; 50 at once, 100 wait up to 1s; holds bodies up to 64k; connectTimeout 1s; responseTimeout 5s.",
    ]);
  });

  it("reads files of users again at SIGHUP", async () => {
    const { url: app } = await origin((_request, response) => response.end("in"));
    const users = written("users", "alice:$scrypt$ln=1,r=1,p=1$c29tZXNhbHRz$YWJjZGVmZ2hpamtsbW5vcHFyc3R1\n");
    const file = written(
      "asking.yaml",
      `listeners: [{ http: 0 }]\nroutes: [{ to: "${app}", users: ./users }]\nadmin: 0\n`,
    );
    const running = hopwise("run", "-c", file);
    const [, url = ""] = /(http:\S+) by /.exec(await running.err(/^hopwise/)) ?? [];
    expect((await fetch(url)).status).toBe(401);
    running.child.kill("SIGHUP");
    await running.err(/^reloaded/);
    writeFileSync(users, "alice\n");
    running.child.kill("SIGHUP");
    await running.err(/^not reloaded/);
    await running.err(/users line 1 is not NAME:HASH/);
    expect((await fetch(url)).status).toBe(401);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});

describe("what is changed on the way", () => {
  const changing = `
groups:
  app: { to: "http://127.0.0.1:1" }
routes:
  - match: { path: /api/* }
    to: app
    stripPrefix: /api
    addPrefix: /v1
    setRequestFields: { X-Env: hushed, X-Tier: "1", Cookie: null }
    cookieDomain: { app.internal: example.com, "*": null }
    setResponseFields: { Server: null, X-Frame-Options: DENY }
  - to: app
`;
  const words =
    "takes /api from the path; puts /v1 in front of the path; sets X-Env, X-Tier of the request; takes Cookie from the request; " +
    "domains of cookies: app.internal becomes example.com, without *; sets X-Frame-Options of the response; takes Server from the response";

  it("is what hopwise check shows of each route, of fields only the names", async () => {
    const running = hopwise("check", "-c", written("changing.yaml", changing));
    expect(await running.ended).toBe(0);
    const from = running.outLines.indexOf("Routes, the first that matches takes a request:");
    expect(running.outLines.slice(from + 1, from + 3)).toStrictEqual([
      `  /api/*           -> app  ${words}`,
      "  everything else  -> app",
    ]);
  });

  it("is what hopwise route says of the one that takes a request", async () => {
    const running = hopwise("route", "GET", "/api/x", "-c", written("changing.yaml", changing));
    expect(await running.ended).toBe(0);
    expect(running.outLines.slice(0, 2)).toStrictEqual([
      "routes[0] takes it: /api/* -> app",
      `  Then, on the way: ${words}.`,
    ]);
  });
});

describe("hopwise route", () => {
  it.each<readonly [args: readonly string[], code: number, lines: readonly string[]]>([
    [
      ["GET", "https://site.test/api/users"],
      0,
      [
        "routes[0] takes it: site.test /api/* -> app",
        "  Then, on the way: takes /api from the path.",
        "  routes[1] does not: another path (/hello answers 200)",
        "  the rest does not: it says less about it (everything else -> app)",
      ],
    ],
    [
      ["GET", "/hello", "-H", "Host: a.test"],
      0,
      [
        "routes[1] takes it: /hello answers 200",
        "  routes[0] does not: another host (site.test /api/* -> app)",
        "  the rest does not: it says less about it (everything else -> app)",
      ],
    ],
    [
      ["GET", "https://site.test/api/@scope%2fname"],
      0,
      [
        "routes[0] takes it: site.test /api/* -> app",
        "  Then, on the way: takes /api from the path.",
        "  routes[1] does not: another path (/hello answers 200)",
        "  the rest does not: it says less about it (everything else -> app)",
      ],
    ],
    [
      ["GET", "http://site.test/api/../x"],
      1,
      ["No route: the path can be understood in several ways, so it is answered 400 (path-ambiguous)."],
    ],
  ])("%j", async (args, code, lines) => {
    const file = written("route.yaml", site("http://127.0.0.1:3000"));
    const running = hopwise("route", ...args, "-c", file);
    expect(await running.ended).toBe(code);
    expect(running.outLines).toStrictEqual(lines);
  });

  it.each([
    ["", "app"],
    ["trusted: 10.0.0.0/8\n", "vip"],
  ])("asks as a stranger unless the file has %j: by a field about the client a stranger chooses no route", async (trusted, takes) => {
    const text = `${trusted}routes:
  - { name: vip, match: { fields: { X-Real-IP: 192.0.2.1 } }, to: "http://127.0.0.1:3000" }
  - { name: app, to: "http://127.0.0.1:3000" }
`;
    const file = written("route.yaml", text);
    const route = hopwise("route", "GET", "/", "-H", "x-real-ip: 192.0.2.1", "-c", file);
    expect(await route.ended).toBe(0);
    expect(route.outLines[0]).toMatch(new RegExp(`^${takes} takes it`));
  });

  it("says that a route guards in large letters what is asked for in small ones", async () => {
    const text = `routes:
  - { match: { path: /api/*, method: DELETE }, refuse: true }
  - { to: "http://127.0.0.1:3000" }
`;
    const running = hopwise("route", "delete", "/api/x", "-c", written("route.yaml", text));
    expect(await running.ended).toBe(1);
    expect(running.outLines).toStrictEqual([
      "No route: some applications read the method as one in large letters, which a route guards: 400 (method-ambiguous).",
    ]);
  });

  it("is told what is no URL", async () => {
    const file = written("route.yaml", site("http://127.0.0.1:3000"));
    const running = hopwise("route", "GET", "site.test", "-c", file);
    expect(await running.ended).toBe(2);
    expect(running.errLines.join("\n")).toBe(
      'hopwise: "site.test" is not a URL: write one like https://app.example.com/api/users',
    );
  });
});
