/** `hopwise demo`: somebody's first minute. */
import { describe, expect, it } from "vitest";
import { hopwise } from "./running.ts";

interface Introduction {
  readonly type: "listening";
  readonly admin: string;
  readonly dashboard: string;
  readonly showroom: string;
  readonly proxies: readonly { readonly name: string; readonly url: string }[];
}

describe("the demonstration", () => {
  it("puts a gateway in front of each of five origins, and drains on Ctrl-C", async () => {
    const running = hopwise("demo", "--json", "--no-traffic", "--admin", "0");
    const { proxies, admin, dashboard, showroom } = await running.json<Introduction>("listening");
    expect(proxies.map(({ name }) => name)).toEqual(["node", "silent", "old", "slow", "stream"]);
    const texts = await Promise.all(proxies.map(async ({ url }) => (await fetch(`${url}/hello`)).text()));
    for (const [index, { name }] of proxies.entries()) {
      expect(texts[index]).toContain(`${name}: GET /hello is exchange 1 on connection 1 from the proxy\n`);
    }
    expect(await (await fetch(`${proxies[2]?.url}/orders`, { method: "POST", body: "x=1" })).text()).toContain(
      "old: POST",
    );
    const stats = (await (await fetch(`${admin}/stats`)).json()) as {
      endpoints: { group?: string }[];
      exchanges: { total: number };
    };
    expect(stats.endpoints.map(({ group }) => group)).toEqual(proxies.map(({ name }) => name));
    expect(stats.exchanges.total).toBe(6);
    expect(dashboard).toBe(`${admin}/`);
    const told = (await (await fetch(`${admin}/api/exchanges`)).json()) as { exchanges: { id: number }[] };
    expect(new Set(told.exchanges.map(({ id }) => id)).size).toBe(6);
    expect((await fetch(showroom)).status).toBe(200);
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(0);
  });

  it("has traffic of its own, and takes other ports where the usual ones are taken", async () => {
    const first = hopwise("demo", "--json", "--admin", "0");
    const second = hopwise("demo");
    const { proxies } = await first.json<Introduction>("listening");
    const urls: string[] = [];
    for (const { name } of proxies) {
      urls.push(/(http:\S+) /.exec(await second.out(new RegExp(`->  ${name}`)))?.[1] ?? "");
    }
    expect(new Set([...urls, ...proxies.map(({ url }) => url)]).size).toBe(10);
    // Where to look comes before everything else.
    const at = (pattern: RegExp) => second.outLines.findIndex((line) => pattern.test(line));
    expect(await second.out(/^ {2}open +http:\S+\/ /)).toContain("dashboard");
    expect(await second.out(/^ {2}break +http:\S+\/ /)).toContain("showroom");
    expect(at(/^ {2}open /)).toBeLessThan(5);
    expect(await second.out(/\/stats/)).toMatch(/admin +http:\S+\/stats/);
    expect(await second.out(/exchanges/)).toMatch(/[1-9]\d* exchanges \| open: \d client, \d origin \| .* \| 0 failed/);
    expect(await second.out(/hopwise and, at/)).toContain("at the same time");
    expect(await second.out(/^ {2}through hopwise: /)).toMatch(
      /^ {2}through hopwise: [1-9]\d* requests?, 0 failed · through a naive proxy: [1-9]\d* requests?, \d+ failed/,
    );
    const { comparison } = await first.json<{ type: string; comparison: { hopwise: object } }>("stats");
    expect(comparison.hopwise).toMatchObject({ failed: 0, reasons: [] });
    second.child.kill("SIGINT");
    expect(await second.ended).toBe(0);
    expect(second.outLines.join("\n")).toMatch(/^ {2}through hopwise {8}\d+ requests?, 0 failed$/m);
    expect(second.outLines.join("\n")).not.toContain("\u001b");
  });
});
