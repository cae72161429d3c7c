/** `hopwise run` reads its file again: at SIGHUP, when it changes, and for whoever has the token. */

import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answered } from "../interop/support/answered.ts";
import { hopwise } from "./running.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-reload-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const saying = (body: string, more = "") => `listeners:
  - http: 127.0.0.1:0
routes:
  - respond: { body: ${body} }
admin: 127.0.0.1:0
${more}`;
const BAD = saying("x").replace("routes", "rutes");

async function run(name: string, text: string, ...flags: string[]) {
  const file = join(folder, name);
  writeFileSync(file, text);
  const running = hopwise("run", "-c", file, "--admin-token-file", join(folder, `${name}.token`), ...flags);
  const [, url = ""] = /(http:\S+) by /.exec(await running.err(/^hopwise/)) ?? [];
  const [, admin = "", tokenFile = ""] =
    /POST (http:\S+)\/reload with the token in (\S+)/.exec(await running.err(/^POST/)) ?? [];
  const asked = async () => await (await fetch(url)).text();
  const end = async () => {
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  };
  return { file, running, asked, admin, token: readFileSync(tokenFile, "utf8").trim(), tokenFile, end };
}

/** What `/config` says, as far as it is looked at here. */
interface Told {
  readonly version: number;
  readonly latestFailure: { readonly problem: string };
  readonly config: { readonly routes: readonly { readonly respond: unknown }[] };
}

/** As browsers and programs ask: with fields that fetch would not send. */
async function post(url: string, headers: Readonly<Record<string, string>> = {}) {
  const sent = request(url, { method: "POST", headers }).end();
  const response = await answered(sent);
  let body = "";
  for await (const piece of response) body += piece;
  return { status: response.statusCode as number, headers: response.headers, body: JSON.parse(body) };
}

describe("SIGHUP", () => {
  it("has the file read again, and says what is otherwise; one with a fault changes nothing, and it is said why", async () => {
    const { file, running, asked, end } = await run("hup.yaml", saying("one"));
    expect(await asked()).toBe("one");
    writeFileSync(file, saying("two", "keepAliveTimeout: 10s\n"));
    running.child.kill("SIGHUP");
    expect(await running.err(/^reloaded/)).toBe(`reloaded ${file} (version 2): routes: 1, changed; keepAliveTimeout`);
    expect(await asked()).toBe("two");
    writeFileSync(file, BAD);
    running.child.kill("SIGHUP");
    expect(await running.err(/^not reloaded/)).toBe(`not reloaded: version 2 of ${file} goes on, since`);
    expect(await running.err(/rutes/)).toBe(`${file}:3:1: rutes: "rutes" is not known here; did you mean routes?`);
    expect(await asked()).toBe("two");
    await end();
  });
});

describe("--watch", () => {
  it("sees what is written, what is renamed into its place, and files whose contents it takes", async () => {
    const secret = join(folder, "greeting");
    writeFileSync(secret, "hello");
    const { file, running, asked, end } = await run("watch.yaml", saying('"$' + '{file:greeting}"'), "--watch");
    expect(await asked()).toBe("hello");
    writeFileSync(secret, "good day");
    await running.err(/version 2/);
    expect(await asked()).toBe("good day");
    writeFileSync(`${file}.new`, saying("three"));
    renameSync(`${file}.new`, file);
    await running.err(/version 3/);
    expect(await asked()).toBe("three");
    writeFileSync(file, BAD);
    await running.err(/^not reloaded/);
    writeFileSync(file, saying("four"));
    await running.err(/version 4/);
    expect(await asked()).toBe("four");
    await end();
  });

  it("sees an error page that is written anew, as every file that is named but a listener's certificates", async () => {
    const page = join(folder, "lost.html");
    writeFileSync(page, "<p>lost");
    const lost = `listeners:
  - http: 127.0.0.1:0
routes:
  - refuse: true
errorPages: { 4xx: lost.html }
admin: 127.0.0.1:0
`;
    const { running, asked, end } = await run("pages.yaml", lost, "--watch");
    expect(await asked()).toBe("<p>lost");
    writeFileSync(page, "<p>gone");
    expect(await running.err(/version 2/)).toContain("errorPages");
    expect(await asked()).toBe("<p>gone");
    await end();
  });
});

describe("POST /reload", () => {
  it("takes the token alone, in a file that its owner alone may read", async () => {
    const { file, asked, admin, token, tokenFile, running, end } = await run("post.yaml", saying("one"));
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect(token).toMatch(/^[\w-]{43}$/);
    writeFileSync(file, saying("two"));
    const authorization = `Bearer ${token}`;
    const host = new URL(admin).host;
    const refused = [
      await post(`${admin}/reload`),
      await post(`${admin}/reload`, { authorization: "Bearer guessed" }),
      await post(`${admin}/reload?token=${token}`),
      await post(`${admin}/reload`, { authorization, origin: "https://evil.example" }),
      await post(`${admin}/reload`, { authorization, origin: `http://${host}`, host: "evil.example" }),
    ];
    expect(refused.map(({ status }) => status)).toStrictEqual([401, 401, 401, 403, 421]);
    expect(refused[0]?.headers["www-authenticate"]).toBe('Bearer realm="hopwise admin"');
    expect(await asked()).toBe("one");

    const done = await post(`${admin}/reload`, { authorization, origin: `http://${host}` });
    expect([done.status, done.body.version, done.body.changes]).toStrictEqual([200, 2, ["routes: 1, changed"]]);
    expect(await asked()).toBe("two");

    writeFileSync(file, BAD);
    const bad = await post(`${admin}/reload`, { authorization });
    expect([bad.status, bad.body.reason]).toStrictEqual([422, "config-refused"]);
    expect(bad.body.detail).toContain("did you mean routes?");
    const told = (await (await fetch(`${admin}/config`)).json()) as Told;
    expect([told.version, told.latestFailure.problem, told.config.routes[0]?.respond]).toStrictEqual([
      2,
      bad.body.detail,
      { status: 200 },
    ]);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toContain('hopwise_reloads_total{result="applied"} 1\nhopwise_reloads_total{result="refused"} 1');
    expect(metrics).toContain("hopwise_config_last_reload_successful 0");
    expect([...running.errLines, ...running.outLines].join("\n")).not.toContain(token);
    await end();
  });

  it("keeps a token that stands in the file already", async () => {
    writeFileSync(join(folder, "kept.yaml.token"), "a-token-of-the-operators-own\n", { mode: 0o600 });
    const { admin, end } = await run("kept.yaml", saying("one"));
    const { status } = await post(`${admin}/reload`, { authorization: "Bearer a-token-of-the-operators-own" });
    expect(status).toBe(200);
    await end();
  });
});
