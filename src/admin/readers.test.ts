/** A token for reading: who needs it for what, how a browser gets its cookie, and how often one may be wrong. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { sourceOf } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import { nodeClock } from "../net/node-clock.ts";
import { type AdminFigures, type AdminRequest, adminAnswer } from "./answers.ts";
import { Readers } from "./readers.ts";
import { AdminServer } from "./server.ts";
import { namedToken } from "./token.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-readers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "read.token");
const token = namedToken(file, "adminReadTokenFile");
const text = readFileSync(file, "utf8").trim();
const writing = `Bearer ${"w".repeat(43)}`;

let clock: ManualClock;
let readers: Readers;
let figures: AdminFigures;
beforeEach(() => {
  clock = new ManualClock();
  readers = new Readers(clock, token);
  figures = {
    ...{ source: sourceOf(new Ledger(nodeClock)), host: "127.0.0.1", readers, cookieName: "hopwise-read-9901" },
    operator: {
      config: () => ({}),
      reload: () => Promise.resolve({}),
      mayWrite: (given) => given === writing,
    },
    dashboard: Promise.resolve({
      page: { contentType: "text/html", bytes: Buffer.from("the dashboard"), isImmutable: false },
      files: new Map([["/a.js", { contentType: "text/javascript", bytes: Buffer.from("1"), isImmutable: false }]]),
    }),
  };
});

const ask = (target: string, some: Partial<AdminRequest> = {}) =>
  adminAnswer({ method: "GET", target, hosts: ["127.0.0.1:9901"], client: "192.0.2.1", ...some }, figures);
const bearer = (given: string) => ({ authorization: `Bearer ${given}` });
const login = (given: string, some: Partial<AdminRequest> = {}) =>
  ask("/login", { method: "POST", body: new URLSearchParams({ token: given }).toString(), ...some });
/** The cookie that a login sets, as the browser sends it. */
async function cookie(): Promise<string> {
  const { status, headers } = await login(text);
  expect([status, headers?.Location]).toStrictEqual([303, "/"]);
  const set = headers?.["Set-Cookie"] ?? "";
  expect(set).toMatch(/^hopwise-read-9901=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(set).not.toContain(text);
  return set.split(";")[0] ?? "";
}

const everything = ["/", "/a.js", "/stats", "/metrics", "/config", "/api/connections", "/api/exchanges", "/api/events"];

describe("with a token for reading", () => {
  it.each(everything)("%s asks for it", async (target) => {
    expect(await ask(target)).toMatchObject({ status: 401, contentType: "application/json" });
    expect((await ask(target, bearer(text))).status).toBeLessThan(502);
    expect((await ask(target, bearer(text))).status).not.toBe(401);
    expect((await ask(target, { cookie: await cookie() })).status).not.toBe(401);
  });

  it.each(["/healthz", "/readyz"])("%s asks for nothing, even of one whose tries are used up", async (target) => {
    for (let i = 0; i < 20; i++) await ask("/stats", bearer("wrong"));
    expect((await ask(target)).status).toBe(200);
  });

  it("it stands in no URL", async () => {
    for (const target of [`/stats?token=${text}`, `http://${text}@127.0.0.1/stats`, `/?token=${text}`]) {
      expect((await ask(target)).status, target).toBeGreaterThanOrEqual(401);
    }
    expect((await ask(`/login?token=${text}`, { method: "POST", body: "" })).status).toBe(401);
  });

  it("the one for changes is good for reading, too, and the one for reading not for changes", async () => {
    expect((await ask("/stats", { authorization: writing })).status).toBe(200);
    expect((await ask("/reload", { method: "POST", authorization: writing })).status).toBe(200);
    expect((await ask("/reload", { method: "POST", ...bearer(text) })).status).toBe(401);
    expect((await ask("/reload", { method: "POST", cookie: await cookie() })).status).toBe(401);
  });

  it("a browser is shown a form, and the dashboard once it was filled in", async () => {
    const html = { accept: "text/html,*/*;q=0.8" };
    const form = await ask("/", html);
    expect(form).toMatchObject({ status: 401, contentType: "text/html; charset=utf-8" });
    expect(form.body).toContain('<form method="post" action="/login">');
    expect(form.headers?.["Content-Security-Policy"]).toMatch(/^default-src 'none'; .*form-action 'self'/);
    const page = await ask("/", { ...html, cookie: `other=1; ${await cookie()}` });
    expect([page.status, String(page.bytes)]).toStrictEqual([200, "the dashboard"]);
  });

  it("a wrong one in the form is said so", async () => {
    const answer = await login("wrong");
    expect(answer).toMatchObject({ status: 401, contentType: "text/html; charset=utf-8" });
    expect(answer.body).toContain("This is not the token.");
    expect(answer.headers?.["Set-Cookie"]).toBeUndefined();
  });

  it("a page of another origin can send nothing there", async () => {
    expect((await login(text, { origin: "https://evil.example" })).status).toBe(403);
    expect((await login(text, { hosts: ["evil.example"], origin: "http://evil.example" })).status).toBe(421);
    expect((await login(text, { origin: "http://127.0.0.1:9901" })).status).toBe(303);
    expect(await ask("/login")).toMatchObject({ status: 405, allow: "POST" });
  });

  it.each([
    ["another name", (made: string) => made.replace("hopwise-read-9901", "hopwise-read-9902")],
    ["another value", (made: string) => `${made}x`],
    ["nothing", () => ""],
    ["the token itself", () => `hopwise-read-9901=${text}`],
  ])("a cookie with %s is none", async (_name, change) => {
    expect((await ask("/stats", { cookie: change(await cookie()) })).status).toBe(401);
  });

  it("a cookie is good for twelve hours, and no longer than the token", async () => {
    const made = await cookie();
    readers.replaceToken(namedToken(file, "adminReadTokenFile"));
    expect((await ask("/stats", { cookie: made })).status).toBe(200);
    clock.advance(12 * 3_600_000 + 1);
    expect((await ask("/stats", { cookie: made })).status).toBe(401);
    const other = await cookie();
    writeFileSync(join(folder, "other.token"), `${"o".repeat(43)}\n`);
    readers.replaceToken(namedToken(join(folder, "other.token")));
    expect((await ask("/stats", { cookie: other })).status).toBe(401);
  });

  it("of a hundred browsers more the one that came first has to log in again", async () => {
    const first = await cookie();
    for (let i = 0; i < 99; i++) await cookie();
    expect((await ask("/stats", { cookie: first })).status).toBe(200);
    await cookie();
    expect((await ask("/stats", { cookie: first })).status).toBe(401);
  });
});

describe("wrong tries", () => {
  const wrong = async (client: string, tries: number) => {
    const statuses = [];
    for (let i = 0; i < tries; i++) statuses.push((await ask("/stats", { ...bearer(`wrong${i}`), client })).status);
    return statuses;
  };

  /** A token that somebody thought of. */
  const chosen = "correct-horse-battery";
  const chosenFile = join(folder, "chosen.token");
  writeFileSync(chosenFile, `${chosen}\n`);

  it("are ten a minute; then even the right token waits where it was thought of by somebody, and nobody else does", async () => {
    readers.replaceToken(namedToken(chosenFile));
    const session = await login(chosen);
    const made = session.headers?.["Set-Cookie"]?.split(";")[0] ?? "";
    expect(await wrong("192.0.2.1", 11)).toStrictEqual([...Array(10).fill(401), 429]);
    expect((await ask("/stats", bearer(chosen))).status).toBe(429);
    expect((await login(chosen)).status).toBe(429);
    // Long, and of one letter.
    expect((await ask("/reload", { method: "POST", authorization: writing })).status).toBe(429);
    // A cookie cannot be guessed, and a reader that has one goes on.
    expect((await ask("/stats", { cookie: made })).status).toBe(200);
    expect((await ask("/stats", { ...bearer(chosen), client: "192.0.2.2" })).status).toBe(200);
    clock.advance(60_001);
    expect((await ask("/stats", bearer(chosen))).status).toBe(200);
  });

  it("do not hold up a token that nobody can guess", async () => {
    expect(await wrong("192.0.2.1", 11)).toStrictEqual([...Array(10).fill(401), 429]);
    expect((await ask("/stats", bearer(text))).status).toBe(200);
    expect((await login(text)).status).toBe(303);
    expect(await wrong("192.0.2.1", 1)).toStrictEqual([429]);
    expect((await ask("/stats", bearer(`${text}x`))).status).toBe(429);
  });

  it("are not those with the same token again: a program with an old one guesses nothing", async () => {
    readers.replaceToken(namedToken(chosenFile));
    const statuses = new Set<number>();
    for (let i = 0; i < 50; i++) statuses.add((await ask("/stats", bearer("of-last-week"))).status);
    expect([...statuses]).toStrictEqual([401]);
    expect((await ask("/stats", bearer(chosen))).status).toBe(200);
    expect(await wrong("192.0.2.1", 10)).toStrictEqual([...Array(9).fill(401), 429]);
  });

  it("count for the whole network of an IPv6 client, and for forms and changes, too", async () => {
    for (let i = 0; i < 5; i++) await login(`wrong${i}`, { client: `2001:db8::${i}` });
    for (let i = 0; i < 5; i++) {
      await ask("/reload", { method: "POST", ...bearer(`wrong-f${i}`), client: `2001:db8::f${i}` });
    }
    expect((await ask("/stats", { ...bearer("wrong"), client: "2001:db8::99" })).status).toBe(429);
    expect((await ask("/stats", { ...bearer("wrong"), client: "2001:db8:0:1::1" })).status).toBe(401);
  });

  it("are not those of requests without any token", async () => {
    for (let i = 0; i < 20; i++) await ask("/stats");
    expect((await ask("/stats", bearer(text))).status).toBe(200);
  });
});

it("over HTTP: a form sets a cookie with which everything can be read, and one that is too large is refused", async () => {
  const address = { host: "127.0.0.1", port: 0, isAsked: true };
  const server = await AdminServer.listen(address, figures.source, { reading: { token } });
  try {
    const form = { method: "POST", redirect: "manual", body: new URLSearchParams({ token: text }) } as const;
    const answer = await fetch(`${server.url}/login`, form);
    const [made = ""] = answer.headers.get("set-cookie")?.split(";") ?? [];
    expect([answer.status, made]).toStrictEqual([303, expect.stringMatching(/^hopwise-read-[0-9]+=/)]);
    expect((await fetch(`${server.url}/stats`)).headers.get("www-authenticate")).toBe('Bearer realm="hopwise admin"');
    expect((await fetch(`${server.url}/stats`, { headers: { Cookie: made } })).status).toBe(200);
    expect((await fetch(`${server.url}/login`, { method: "POST", body: "x".repeat(10_000) })).status).toBe(413);
    server.readAs({});
    expect((await fetch(`${server.url}/stats`)).status).toBe(200);
  } finally {
    server.close();
  }
});
