/** `hopwise check`: whether a file can run, and what it means, as a person reads it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { variableOf } from "../config/environment.ts";
import { readFieldSettings, settingWords, type WrittenFields } from "../config/message-changes.ts";
import { defaultText, proxySchema } from "../config/schema.ts";
import { formatDuration, urlOf } from "../config/values.ts";
import { warningsAboutPorts } from "../config/warnings.ts";
import type { Route, RouteMatch } from "../exchange/route-plan.ts";
import type { EndpointPlan, Group, HashedPart } from "../pool/group.ts";
import { compareMatches } from "../routes/explain.ts";
import { printCheck } from "./check-json.ts";
import { ExitCode } from "./exit.ts";
import { type GatewayFile, gatewayFile } from "./gateway-file.ts";
import { styled, type Terminal } from "./terminal.ts";

/** From the sources' folder, and from every folder of what is built of them. */
const SCHEMA = fileURLToPath(new URL("../../schema.json", import.meta.url));

/** @throws HopwiseError for a file that cannot run, with a line for each thing that is wrong */
export async function runCheck(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  if (flags.schema === true) {
    terminal.print(readFileSync(SCHEMA, "utf8").trimEnd());
    return ExitCode.well;
  }
  if (terminal.isJson) return await printCheck(flags, terminal);
  const checked = await gatewayFile(flags);
  for (const warning of warningsOf(checked)) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  for (const line of planText(checked)) terminal.print(line);
  return ExitCode.well;
}

/** What will hurt; of ports that cannot be listened at the system says so itself at a start. */
export function warningsOf({ config: { warnings, listeners, admin } }: GatewayFile): readonly string[] {
  return [...warnings, ...warningsAboutPorts([...listeners, ...(admin === undefined ? [] : [admin])])];
}

/** What the file means: listeners, groups, routes in the order in which they are asked, and every limit of time. */
function planText({ name: file, value, variables, config, hide }: GatewayFile): string[] {
  const { listeners, gateway } = config;
  const { routes = { groups: [], routes: [] }, origins } = gateway;
  return [
    `${styled("bold", file)} can run.`,
    ...section(
      "Listeners",
      listeners.map(({ host, port, tls, redirectPort, balancers }) => {
        const url = urlOf({ host, port }, tls !== undefined);
        const behind = balancers === undefined ? [] : [`PROXY protocol from ${balancers.networks.join(" ")}`];
        if (redirectPort !== undefined) return [url, `everybody is sent to https, port ${redirectPort}`, ...behind];
        const certificates = tls?.certificates.map(
          ({ names, expiresAt_ms, clients }) =>
            `${names.join(" ")} until ${dateOf(expiresAt_ms)}${clientsText(clients)}`,
        );
        return [url, certificates?.join("; ") ?? "", ...behind];
      }),
    ),
    ...section(
      "Groups",
      routes.groups.map((group) => [
        group.name,
        group.endpoints.map(endpointText).join(" "),
        [choosingText(group), resolveText(group), group.tlsWords ?? "", careText(group)]
          .filter((text) => text !== "")
          .join("; "),
      ]),
    ),
    ...(gateway.routes === undefined
      ? section(
          "All requests go to",
          origins.map(({ name }) => [name, ""]),
        )
      : section(
          "Routes, the first that matches takes a request",
          inOrder(routes.routes).map((route) => [
            hide(["routes", routes.routes.indexOf(route), "match"], matchText(route.match)),
            `${hide(["routes", routes.routes.indexOf(route), "redirect"], actionText(route))}${route.name.startsWith("routes[") ? "" : ` (${route.name})`}`,
            [policyText(route), hide(["routes", routes.routes.indexOf(route)], changesText(route))]
              .filter((text) => text !== "")
              .join("; "),
          ]),
        )),
    ...section(
      "Of all requests",
      ofAll(value, gateway).map((text) => [hide([], text)]),
    ),
    ...section("Limits of time", timeouts(value, variables)),
  ];
}

/** What holds for all requests, whichever route takes them. */
function ofAll(value: unknown, { rateLimit, originHost, sendsForwarded }: GatewayFile["config"]["gateway"]): string[] {
  const said = (value ?? {}) as Record<string, unknown>;
  const listed = (key: string) => Object.keys((said[key] ?? {}) as object).join(" ");
  const settings = (key: string) =>
    said[key] === undefined ? undefined : readFieldSettings(said[key] as WrittenFields);
  return [
    ...(rateLimit === undefined ? [] : [rateLimit.words]),
    ...(said.trusted === undefined ? [] : [`believes ${[said.trusted].flat().join(", ")} (trusted)`]),
    ...(originHost === "keep"
      ? []
      : [`origins get the Host ${originHost === "origin" ? "of their URL" : originHost.name}`]),
    ...(sendsForwarded ? ["sends Forwarded"] : []),
    ...settingWords(settings("setRequestFields"), "request"),
    ...settingWords(settings("setResponseFields"), "response"),
    ...(said.answerFields === undefined ? [] : [`sets ${listed("answerFields")} of its own answers`]),
    ...(said.errorPages === undefined ? [] : [`pages of its own for ${listed("errorPages")}`]),
  ];
}

/** A table: each column as wide as its widest value, but for the last. */
function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return ["", `${title}:`, ...rows.map((row) => `  ${line(row)}`.trimEnd())];
}

export function inOrder(routes: readonly Route[]): readonly Route[] {
  return [...routes].sort((one, other) => compareMatches(one.match, other.match));
}

export function matchText({ host, path, method, fields = {} }: RouteMatch): string {
  const parts = [method, host, path].map((part) => (part === undefined ? "" : [part].flat().join("|")));
  const named = Object.entries(fields).map(([name, value]) => (value === true ? name : `${name}: ${value}`));
  const text = [...parts, ...named].filter((part) => part !== "").join(" ");
  return text === "" ? "everything else" : text;
}

export function actionText({ action }: Route): string {
  switch (action.kind) {
    case "group":
      return `-> ${action.group}`;
    case "respond":
      return `answers ${action.answer.message.status}`;
    case "refuse":
      return "refuses (403)";
    case "redirect":
      return `redirects to ${action.to}${action.keepsBehind === undefined ? "" : "*"} (${action.status})`;
  }
}

/** What a route asks first, and lets its requests take, in the order in which it is judged; nothing: empty. */
export function policyText({ policy }: Route): string {
  return policy?.words.join("; ") ?? "";
}

/** What it does to messages on their way; nothing: empty. */
export function changesText({ changes }: Route): string {
  return changes?.words.join("; ") ?? "";
}

/** Each with its value, and who says so. */
function timeouts(value: unknown, variables: ReadonlySet<string>): string[][] {
  const said = (value ?? {}) as Record<string, unknown>;
  const names = Object.keys(proxySchema.shape).filter((name) => /Timeout$|^poolMaxAge$|^drainDelay$/.test(name));
  return names.map((name) => [
    name,
    said[name] === undefined ? "default" : variables.has(name) ? variableOf(name) : "said here",
    timeText(said[name] ?? defaultText(name, proxySchema)),
  ]);
}

/** A number is one of milliseconds. */
function timeText(value: unknown): string {
  return typeof value === "number" ? formatDuration(value) : String(value);
}

/** Whether clients show certificates. */
function clientsText(clients: { readonly isRequired: boolean } | undefined): string {
  if (clients === undefined) return "";
  return `, clients ${clients.isRequired ? "must" : "may"} show a certificate`;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function endpointText({ origin, weight, isBackup, maxConnections, maxAge_ms }: EndpointPlan): string {
  const said = [
    ...(weight === 1 ? [] : [`weight ${weight}`]),
    ...(isBackup ? ["backup"] : []),
    ...(maxConnections === undefined ? [] : [`maxConnections ${maxConnections}`]),
    ...(maxAge_ms === undefined ? [] : [`poolMaxAge ${formatDuration(maxAge_ms)}`]),
    ...(origin.proxyHeader === undefined ? [] : [`PROXY protocol ${origin.proxyHeader}`]),
  ];
  return said.length === 0 ? origin.name : `${origin.name} (${said.join(", ")})`;
}

/** How one of several endpoints is chosen. */
function choosingText({ endpoints, balance = "least-outstanding", sticky, resolve }: Group): string {
  if (endpoints.length === 1 && resolve === undefined) return "";
  const by = typeof balance === "string" ? balance : `hash of ${hashedText(balance.hash)}`;
  return sticky === undefined ? by : `${by}, sticky by cookie ${sticky.cookie}`;
}

/** Whether addresses of names are endpoints, and how often they are looked up. */
function resolveText({ resolve }: Group): string {
  if (resolve === undefined) return "";
  const which = resolve.family === undefined || resolve.family === "both" ? "" : `${resolve.family} `;
  return `each ${which}address of a name, looked up every ${formatDuration(resolve.interval_ms)}`;
}

function hashedText(hashed: HashedPart): string {
  if (hashed === "client") return hashed;
  return "field" in hashed ? `field ${hashed.field}` : `cookie ${hashed.cookie}`;
}

/** How a group is looked after, as far as it says so. */
function careText({ health, ejection, slowStart_ms = 0 }: Group): string {
  const parts: string[] = [];
  if (health !== undefined) parts.push(`asked for ${health.path} every ${formatDuration(health.interval_ms)}`);
  if (ejection !== undefined) parts.push(`ejected at ${ejection.errors * 100}% errors`);
  if (slowStart_ms > 0) parts.push(`back within ${formatDuration(slowStart_ms)}`);
  return parts.join(", ");
}
