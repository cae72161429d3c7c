/**
 * What the demonstration shows: a table of who is where, live figures of what is happening, the same requests through a naive
 * proxy beside them, and a sentence for whatever is worth one. Everything fits a terminal of 80 columns.
 *
 * Deliberately absent: deciding what happens; it only reads figures and events.
 */
import type { AdminServer } from "../../admin/server.ts";
import type { ConnectionEntry, ExchangeEntry, HopwiseProxy, LifetimeEntry, ProxyStats } from "../../index.ts";
import { version } from "../../index.ts";
import { withoutQuery } from "../../ledger/shown-target.ts";
import { escaped } from "../../wire/readable.ts";
import { plural } from "../drain.ts";
import { clipped, styled, type Terminal } from "../terminal.ts";
import { type Comparison, comparisonData, comparisonLine, comparisonRows } from "./comparison.ts";
import type { DemoOrigin } from "./origins.ts";

/** A gateway and the origin behind it. */
export interface DemoPair {
  readonly origin: DemoOrigin;
  readonly proxy: HopwiseProxy;
  /** Where the gateway listens. */
  readonly url: string;
}

/** How often live figures are drawn, and how often a line is written where there is none. */
const LIVE_MS = 250;
const SUMMARY_MS = 5_000;
/** Where a terminal is this wide, the table says more about each close. */
const WIDE_COLUMNS = 96;
/** Of a target that is told, so that its sentence fits most lines. */
const TARGET_WIDTH = 28;
/** A learned lifetime is news when it differs by this share from what was told last. */
const NEWS_SHARE = 0.05;

export class DemoScreen {
  private readonly terminal: Terminal;
  private readonly pairs: readonly DemoPair[];
  private readonly names: ReadonlyMap<string, string>;
  private readonly stats: () => ProxyStats;
  private readonly toldLifetimes = new Map<string, number>();
  /** By origin. */
  private readonly lastCloses = new Map<string, string>();
  private comparison: Comparison | undefined;
  private lastSummary = "";
  private timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, pairs: readonly DemoPair[], stats: () => ProxyStats) {
    this.terminal = terminal;
    this.pairs = pairs;
    this.stats = stats;
    this.names = new Map(pairs.map(({ origin }) => [origin.url, origin.name]));
  }

  /** The same requests go through a naive proxy, too. */
  compares(comparison: Comparison): void {
    this.comparison = comparison;
  }

  naiveFailed(what: string, fault: string): void {
    this.tell("failed", "red", `naive proxy: ${what}: ${fault}`);
  }

  /** Prints where everything is. */
  introduce(admin: AdminServer | undefined, hasTraffic: boolean, showroom?: string): void {
    const { terminal, pairs } = this;
    terminal.json({
      type: "listening",
      version,
      proxies: pairs.map(({ url, origin: { name, temper, url: to } }) => ({ url, name, temper, to })),
      admin: admin?.url ?? null,
      dashboard: admin === undefined ? null : `${admin.url}/`,
      showroom: showroom === undefined ? null : `${showroom}/`,
    });
    if (terminal.isJson) return;
    const urlWidth = Math.max(...pairs.map(({ url }) => url.length));
    const nameWidth = Math.max(...pairs.map(({ origin }) => origin.name.length));
    terminal.print("");
    terminal.print(
      `  ${styled("bold", `hopwise ${version}`)}  in front of five origins with different keep-alive behaviour`,
    );
    terminal.print("");
    if (admin !== undefined) {
      terminal.print(
        `  ${styled("bold", "open")}   ${styled("cyan", `${admin.url}/`)}  the dashboard: every connection live`,
      );
    }
    if (showroom !== undefined) {
      terminal.print(
        `  ${styled("bold", "break")}  ${styled("cyan", `${showroom}/`)}  the showroom: stop, shorten, flood, drain`,
      );
    }
    if (admin !== undefined || showroom !== undefined) terminal.print("");
    for (const { url, origin } of pairs) {
      const name = styled("bold", origin.name.padEnd(nameWidth));
      terminal.print(`  ${styled("cyan", url.padEnd(urlWidth))}  ${styled("dim", "->")}  ${name}  ${origin.temper}`);
    }
    terminal.print("");
    const first = pairs[0]?.url ?? "";
    terminal.print(`  ${styled("dim", "try")}    curl -v ${first}/hello ${first}/again`);
    if (admin !== undefined) {
      terminal.print(`  ${styled("dim", "admin")}  ${styled("cyan", admin.url)}/stats  /metrics  /healthz  /readyz`);
    }
    terminal.print(`  ${styled("dim", "stop")}   Ctrl-C ends it with a summary`);
    terminal.print("");
    if (!hasTraffic) return;
    terminal.print("  A few requests a second go through hopwise and, at the same time, through a");
    terminal.print("  naive proxy: node:http, an Agent with keepAlive. Watch which one loses some.");
    terminal.print("");
  }

  /** Shows what happens until `stop`. */
  start(): void {
    for (const { proxy } of this.pairs) this.follow(proxy);
    const { isLive } = this.terminal;
    this.timer = setInterval(() => this.show(), isLive ? LIVE_MS : SUMMARY_MS);
    if (isLive) this.show();
  }

  /** Tells what happens in this one, too. */
  follow(proxy: HopwiseProxy): void {
    proxy.on("lifetime", (event) => this.onLifetime(event));
    proxy.on("connection-close", (event) => this.onClose(event));
    proxy.on("exchange", (event) => this.onExchange(event));
  }

  stop(): void {
    clearInterval(this.timer);
    this.terminal.setLive();
  }

  /** Leaves the last figures on the screen. */
  finish(): void {
    if (this.terminal.isJson) return;
    for (const line of [...this.figures(), ""]) this.terminal.print(line);
  }

  private figures(): string[] {
    const rows = this.comparison === undefined ? [] : ["", ...comparisonRows(this.comparison).map((row) => `  ${row}`)];
    return ["", ...this.table(), "", `  ${summary(this.stats())}`, ...rows];
  }

  private show(): void {
    const stats = this.stats();
    const { comparison, terminal } = this;
    const line = summary(stats);
    terminal.json({
      type: "stats",
      ...stats,
      comparison: comparison === undefined ? null : comparisonData(comparison),
    });
    if (terminal.isLive) terminal.setLive(...this.figures());
    else if (!terminal.isJson && line !== this.lastSummary) {
      terminal.print(`  ${line}`);
      if (comparison !== undefined) terminal.print(`  ${comparisonLine(comparison)}`);
    }
    this.lastSummary = line;
  }

  /** What holds at each origin. */
  private table(): string[] {
    const heading = tableRow("origin", "exchanges", "open", "reused", "lifetime", "latest close");
    const rows = this.pairs.map(({ origin: { name }, proxy }) => {
      const { connections, exchanges, reuse, endpoints } = proxy.stats();
      const lifetime_ms = endpoints[0]?.lifetime_ms;
      return tableRow(
        name,
        String(exchanges.total),
        String(connections.upstream.open),
        reuse.ratio === undefined ? "" : `${Math.round(reuse.ratio * 100)}%`,
        lifetime_ms === undefined ? "" : inSeconds(lifetime_ms),
        this.lastCloses.get(name) ?? "",
      );
    });
    return [styled("dim", heading), ...rows];
  }

  private onLifetime({ endpoint, learned_ms }: LifetimeEntry): void {
    const told = this.toldLifetimes.get(endpoint);
    if (told !== undefined && Math.abs(learned_ms - told) < told * NEWS_SHARE) return;
    this.toldLifetimes.set(endpoint, learned_ms);
    const who = this.nameOf(endpoint);
    this.tell("learned", "green", `hopwise: ${who} closes connections that idle for ${inSeconds(learned_ms)}`);
  }

  private onClose(event: ConnectionEntry): void {
    if (event.hop === "downstream") return;
    const after = this.terminal.columns < WIDE_COLUMNS ? "" : `, after ${plural(event.exchanges, "exchange")}`;
    this.lastCloses.set(this.nameOf(event.endpoint), `${event.closed}${after}`);
  }

  private onExchange({
    method,
    target: received,
    received: start,
    outcome,
    reason,
    retries,
    upstream,
  }: ExchangeEntry): void {
    // Anybody may connect and write anything: in colours, too.
    const target = clipped(withoutQuery(received === "" ? (start ?? "") : escaped(received)), TARGET_WIDTH);
    const name = upstream === undefined ? "" : ` to ${this.nameOf(upstream.endpoint)}`;
    if (retries > 0) {
      this.tell("retried", "yellow", `hopwise: ${method} ${target}${name}: its connection had just closed`);
    }
    if (reason !== undefined && outcome !== "client-gone") {
      this.tell("failed", "red", `hopwise: ${method} ${target}${name}: ${reason}`);
    }
  }

  private tell(what: string, colour: "green" | "yellow" | "red", text: string): void {
    if (!this.terminal.isJson) this.terminal.print(`  ${styled(colour, what.padEnd(8))} ${text}`);
    this.terminal.json({ type: "news", what, text });
  }

  private nameOf(endpoint: string): string {
    return this.names.get(endpoint) ?? endpoint;
  }
}

function summary({ connections: { downstream, upstream }, exchanges, reuse }: ProxyStats): string {
  const failed = failures(exchanges);
  return [
    `${styled("bold", String(exchanges.total))} exchanges`,
    `open: ${downstream.open} client, ${upstream.open} origin`,
    `${reuse.ratio === undefined ? "-" : `${Math.round(reuse.ratio * 100)}%`} reused`,
    `${exchanges.retries} retried`,
    failed === 0 ? styled("green", "0 failed") : styled("red", `${failed} failed`),
  ].join(styled("dim", " | "));
}

function tableRow(
  name: string,
  exchanges: string,
  open: string,
  reused: string,
  lifetime: string,
  lastClose: string,
): string {
  return (
    `  ${name.padEnd(8)}${exchanges.padStart(10)}${open.padStart(6)}${reused.padStart(8)}${lifetime.padStart(10)}  ` +
    lastClose
  );
}

function failures({ outcomes, statuses }: ProxyStats["exchanges"]): number {
  return outcomes.truncated + (statuses["5xx"] ?? 0);
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)}s`;
}
