/**
 * ab and wrk through hopwise to real servers: many requests, no error, few connections.
 *
 * ab speaks HTTP/1.0, with keep-alive on request; wrk speaks HTTP/1.1. Deliberately absent: how fast it is, see bench.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closesOf, difference, total } from "./support/closes.ts";
import { type Hopwise, type Stats, startHopwise } from "./support/hopwise.ts";
import { type Origin, type OriginName, programOf, startOrigin } from "./support/origins.ts";
import { has, needing, run } from "./support/programs.ts";
import { until } from "./support/waiting.ts";
import { wrk } from "./support/wrk.ts";

for (const name of ["nginx", "apache", "node"] satisfies OriginName[]) {
  const daemons = programOf[name] === undefined ? [] : [programOf[name]];

  describe.skipIf(!daemons.every(has))(`benchmark tools and ${name}${needing(...daemons)}`, () => {
    let origin: Origin;
    let hopwise: Hopwise;

    beforeAll(async () => {
      origin = await startOrigin(name);
      hopwise = await startHopwise(["--to", origin.url]);
    });

    afterAll(async () => {
      const exit = await hopwise?.stop();
      await origin?.stop();
      expect(exit?.code).toBe(0);
    });

    async function ab(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await run("ab", ["-q", ...args, `${hopwise.url}/small.txt`]);
      expect(stderr.trim()).toBe("");
      expect(code).toBe(0);
      const report = stdout.toString();
      expect(figure(report, "Failed requests")).toBe(0);
      expect(report).not.toContain("Non-2xx");
      return report;
    }

    it.skipIf(!has("ab"))(`ab keeps HTTP/1.0 connections with -k${needing("ab")}`, async () => {
      const before = await hopwise.stats();
      // ab closes its eight connections itself when it is done.
      const report = await closesOf(hopwise, { downstream: { "peer-closed-idle": 8 } }, () =>
        ab("-k", "-n", "2000", "-c", "8"),
      );
      expect(figure(report, "Complete requests")).toBe(2_000);
      expect(figure(report, "Keep-Alive requests")).toBe(2_000);
      const after = await hopwise.stats();
      expect(opened("upstream", before, after)).toBeLessThanOrEqual(9);
    });

    it.skipIf(!has("ab"))(`ab without -k gets a connection for each request${needing("ab")}`, async () => {
      const before = await hopwise.stats();
      const report = await ab("-n", "500", "-c", "8");
      expect(figure(report, "Complete requests")).toBe(500);
      // ab has its response before hopwise has seen the last FIN.
      let after = await hopwise.stats();
      await until("every connection is gone", async () => {
        after = await hopwise.stats();
        return after.connections.downstream.open === 0;
      });
      const closes = difference(before.connections.downstream.closed, after.connections.downstream.closed);
      expect(closes["http10-not-kept"]).toBe(500);
      // ab opens a few more than it needs and closes them unused.
      expect(total(closes) - (closes["peer-closed-idle"] ?? 0)).toBe(500);
    });

    it.skipIf(!has("wrk"))(`wrk runs for two seconds without an error${needing("wrk")}`, async () => {
      const before = await hopwise.stats();
      const report = await wrk(["-t", "1", "-c", "32", "-d", "2s", `${hopwise.url}/small.txt`]);
      expect(report).toMatchObject({ errors: { connect: 0, read: 0, write: 0, timeout: 0 }, non2xx: 0 });
      expect(report.requests).toBeGreaterThan(1_000);
      const after = await hopwise.stats();
      expect(opened("downstream", before, after)).toBeLessThanOrEqual(33);
      expect(opened("upstream", before, after)).toBeLessThanOrEqual(33);
    });
  });
}

function opened(hop: "downstream" | "upstream", before: Stats, after: Stats): number {
  return total(difference(before.connections[hop].opened, after.connections[hop].opened));
}

/** A figure of ab's report. */
function figure(report: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(report)?.[1]);
}
