/** The alert rules of docs/alerts.yaml name what a running hopwise tells Prometheus, and fire when they should. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { parse } from "yaml";
import { closeReasons } from "../../src/connection/reasons.ts";
import { answerReasons } from "../../src/exchange/answers.ts";
import { statusClasses } from "../../src/ledger/ledger.ts";
import { freePort } from "../interop/support/listening.ts";
import { hopwise, origin } from "./running.ts";

const file = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const rules = (parse(readFileSync(file("docs/alerts.yaml"), "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
/** What Prometheus itself adds to each series. */
const ADDED = ["instance", "job", "alertname"];
/** Labels of series that are there only once such a thing has happened. */
const RARE: Readonly<Record<string, readonly string[]>> = {
  hopwise_accept_failures_total: ["fault"],
  hopwise_workers_lost_total: ["how"],
};
/** The closed list that a label's values are from. */
const WORDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  hopwise_answers_total: { reason: answerReasons },
  hopwise_connections_closed_total: { reason: Object.keys(closeReasons), hop: ["downstream", "upstream"] },
  hopwise_responses_total: { class: statusClasses },
  hopwise_endpoint_responses_total: { class: statusClasses },
};

/** The metrics of an expression, each with the labels that it is matched by. */
function metricsIn({ expr }: Rule): { metric: string; matchers: [label: string, value: string][] }[] {
  return [...expr.matchAll(/\b(hopwise_[a-z_]+)(?:\{([^}]*)\})?/g)].map(([, metric = "", inside = ""]) => ({
    metric,
    matchers: [...inside.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = "", value = ""]) => [
      label,
      value,
    ]),
  }));
}

/** The labels that an alert is told with: those that sums keep. */
function labelsIn({ expr, annotations }: Rule): string[] {
  const sums = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(/,\s*/));
  const shown = [...annotations.summary.matchAll(/\$labels\.([a-z_]+)/g)].map(([, label = ""]) => label);
  return [...new Set([...sums, ...shown])].filter((label) => !ADDED.includes(label));
}

/** The labels of each series in /metrics of a proxy with everything, by its name as expressions name it. */
async function seriesOfAll(): Promise<Map<string, Set<string>>> {
  const { url } = await origin((_request, response) => response.end("hello"));
  const path = mkdtempSync(join(tmpdir(), "hopwise-alerts-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const ports = [await freePort(), await freePort()];
  const config = join(path, "site.json");
  const groups = { app: { to: [url], health: { path: "/" } } };
  const listeners = [{ https: `127.0.0.1:${ports[0]}`, tls: "self-signed" }, { http: `127.0.0.1:${ports[1]}` }];
  writeFileSync(config, JSON.stringify({ listeners, groups, routes: [{ to: "app" }], admin: "127.0.0.1:0" }));
  const running = hopwise("run", "-c", config, "--json", "--workers", "2");
  const { admin } = await running.json<{ type: "listening"; admin: string }>("listening");
  await fetch(`http://127.0.0.1:${ports[1]}/`);
  let text = "";
  // The workers tell of their endpoints once they have checked them.
  await vi.waitUntil(
    async () => {
      text = await (await fetch(`${admin}/metrics`)).text();
      return text.includes("hopwise_endpoint_healthy{");
    },
    { timeout: 10_000 },
  );
  const series = new Map<string, Set<string>>();
  for (const [, name = ""] of text.matchAll(/^# TYPE (\S+)/gm)) series.set(name, new Set(RARE[name] ?? []));
  for (const [, name = "", labels = ""] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)) {
    const known = series.get(name) ?? new Set();
    for (const [, label = ""] of labels.matchAll(/([a-z_]+)="(?:[^"\\]|\\.)*"/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

/** What a rule names that is not there. */
function unknownIn(rule: Rule, series: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const metrics = metricsIn(rule);
  const unknown = metrics.flatMap(({ metric, matchers }) => {
    const labels = series.get(metric);
    if (labels === undefined) return [metric];
    return matchers.flatMap(([label, value]) => {
      if (!labels.has(label)) return [`${metric}{${label}}`];
      const words = value.split("|").filter((word) => WORDS[metric]?.[label]?.includes(word) !== true);
      return words.map((word) => `${metric}{${label}="${word}"}`);
    });
  });
  const labels = new Set(metrics.flatMap(({ metric }) => [...(series.get(metric) ?? [])]));
  return [...unknown, ...labelsIn(rule).filter((label) => !labels.has(label))].map((what) => `${rule.alert}: ${what}`);
}

describe("docs/alerts.yaml", () => {
  it("names what is in /metrics of a running proxy, and nothing else", async () => {
    const series = await seriesOfAll();
    expect(rules.flatMap((rule) => unknownIn(rule, series))).toEqual([]);
    const blind = rules.filter((rule) => metricsIn(rule).length === 0).map(({ alert }) => alert);
    expect(blind).toEqual(["HopwiseDown"]);
  });

  it("each alert is called once, has a severity, and is on the page", () => {
    const page = readFileSync(file("docs/alerts.md"), "utf8");
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels } of rules) {
      expect(["critical", "warning", "info"]).toContain(labels.severity);
      expect(page).toContain(`| \`${alert}\` | ${labels.severity} |`);
    }
    expect([...page.matchAll(/^\| `(Hopwise[A-Za-z]+)`/gm)].length).toBe(rules.length);
  });
});

const without = spawnSync("promtool", ["--version"]).error === undefined ? "" : " (skipped: promtool not installed)";

describe.skipIf(without !== "")(`promtool${without}`, () => {
  it.each([
    ["takes the rules", ["check", "rules", "docs/alerts.yaml"]],
    ["sees them fire when they should, and only then", ["test", "rules", "test/cli/alerts-fire.yaml"]],
  ])("%s", (_what, args) => {
    const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: file("."), encoding: "utf8" });
    expect({ status, told: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, told: "" });
  });
});
