/** Settings that the doctor tells for proxies are read by these themselves, where they are installed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { throughChecks } from "../../src/doctor/through/all.ts";
import { DRAIN_ID } from "../../src/doctor/through/checks/drain.ts";
import { throughFixes } from "../../src/doctor/through/remedies.ts";

const ids = [...throughChecks.map(({ id }) => id), DRAIN_ID];
const folder = mkdtempSync(join(tmpdir(), "hopwise-fixes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each once, with the ids that tell it. */
function settingsOf(product: string): [setting: string, ids: string][] {
  const told = new Map<string, string[]>();
  for (const id of ids) {
    for (const fix of throughFixes(id, product)) {
      if (fix.product === product && fix.setting !== undefined)
        told.set(fix.setting, [...(told.get(fix.setting) ?? []), id]);
    }
  }
  return [...told].map(([setting, by]) => [setting.replace(/\bORIGIN\b/g, "127.0.0.1:3000"), by.join(" ")]);
}

/** What the program says of this file; nothing, where it takes it. */
function complaint(name: string, text: string, command: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  const [program = "", ...args] = command.map((word) => (word === "FILE" ? path : word));
  const { status, stderr, stdout } = spawnSync(program, args, { encoding: "utf8", timeout: 20_000 });
  return status === 0 ? "" : `${stdout}${stderr}`;
}

const isThere = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

it("each check has a fix, whatever the proxy is", () => {
  const without = ids.filter(
    (id) => throughFixes(id, "traefik").length !== 1 || throughFixes(id, undefined).length === 0,
  );
  expect(without).toStrictEqual([]);
});

describe.skipIf(!isThere("nginx", "-v"))("nginx takes", () => {
  it.each(settingsOf("nginx"))("%s (%s)", (setting) => {
    const isGlobal = setting.startsWith("worker_");
    const map = `map $http_upgrade $connection_upgrade { default upgrade; "" ""; }`;
    const location = `location / { proxy_pass http://127.0.0.1:3000; ${isGlobal ? "" : setting} }`;
    const http = `http { access_log off; ${map} server { listen 127.0.0.1:0; ${location} } }`;
    const text = `pid ${folder}/nginx.pid; error_log stderr; ${isGlobal ? setting : ""} events {} ${http}`;
    // A port of the system's choice is not nginx's to test: it is not listened at.
    const said = complaint("nginx.conf", text.replace("127.0.0.1:0", `unix:${folder}/nginx.sock`), [
      "nginx",
      "-t",
      "-c",
      "FILE",
    ]);
    expect(said).toBe("");
  });
});

describe.skipIf(!isThere("haproxy", "-v"))("HAProxy takes", () => {
  it.each(settingsOf("haproxy"))("%s (%s)", (setting) => {
    const isGlobal = setting.startsWith("hard-stop");
    const text = [
      ...["global", ...(isGlobal ? [`  ${setting}`] : [])],
      ...["defaults", "  mode http", "  timeout connect 1s", "  timeout client 1s", "  timeout server 1s"],
      ...[
        "listen app",
        `  bind unix@${folder}/haproxy.sock`,
        "  server one 127.0.0.1:3000",
        ...(isGlobal ? [] : [`  ${setting}`]),
        "",
      ],
    ];
    expect(complaint("haproxy.cfg", text.join("\n"), ["haproxy", "-c", "-f", "FILE"])).toBe("");
  });
});

const modules = "/usr/lib/apache2/modules";
describe.skipIf(!isThere("apache2", "-v") || !isThere("ls", `${modules}/mod_proxy_http.so`))("Apache takes", () => {
  it.each(settingsOf("apache"))("%s (%s)", (setting) => {
    const loaded = ["mpm_event", "authz_core", "env", "headers", "proxy", "proxy_http"];
    const text = [
      `ServerRoot ${folder}`,
      "ServerName localhost",
      `PidFile ${folder}/apache.pid`,
      `ErrorLog ${folder}/apache.log`,
      "Listen 127.0.0.1:3999",
      ...loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`),
      setting,
      "",
    ];
    expect(complaint("apache.conf", text.join("\n"), ["apache2", "-t", "-f", "FILE"])).toBe("");
  });
});

describe.skipIf(!isThere("caddy", "version"))("Caddy takes", () => {
  it.each(settingsOf("caddy"))("%s (%s)", (setting) => {
    const isGlobal = setting.startsWith("grace_period");
    const inBlock = setting.replace(/ \{ (.*) \}$/, " {\n$1\n}");
    const text = [
      ...["{", "admin off", ...(isGlobal ? [setting] : []), "}"],
      ...["http://127.0.0.1:3999 {", "reverse_proxy 127.0.0.1:3000 {", ...(isGlobal ? [] : [inBlock]), "}", "}", ""],
    ];
    const command = ["caddy", "validate", "--adapter", "caddyfile", "--config", "FILE"];
    expect(complaint("Caddyfile", text.join("\n"), command)).toBe("");
  });
});
