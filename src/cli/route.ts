/** `hopwise route`: which route takes a request, and why the others do not. */
import { HopwiseError } from "../config/error.ts";
import { shown } from "../config/values.ts";
import { goesOn } from "../exchange/forwarded-fields.ts";
import type { Route } from "../exchange/route-plan.ts";
import { mismatchOf } from "../routes/explain.ts";
import { readingsOf, requestPathOf } from "../routes/request-path.ts";
import { RouteFinder } from "../routes/route-finder.ts";
import type { RoutedRequest } from "../routes/route-table.ts";
import { type Kind, kindOf } from "../wire/fields.ts";
import type { Octets } from "../wire/octets.ts";
import { actionText, changesText, matchText, policyText } from "./check.ts";
import { ExitCode } from "./exit.ts";
import { gatewayFile } from "./gateway-file.ts";
import { styled, type Terminal } from "./terminal.ts";

/** @throws HopwiseError for a file that cannot run, and for what is no request */
export async function runRoute(
  method: string,
  url: string,
  flags: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<ExitCode> {
  const { name: file, config, value, hide } = await gatewayFile(flags);
  const { routes } = config.gateway.routes ?? {};
  if (routes === undefined) {
    terminal.print(
      `${file} has no routes: all requests go to ${config.gateway.origins.map(({ name }) => name).join(", ")}`,
    );
    return ExitCode.well;
  }
  // Where the file names neighbours that it believes, one of them asks.
  const isTrusted = [(value as { trusted?: unknown } | null)?.trusted ?? []].flat().length > 0;
  const { target, ...rest } = asked(method, url, [flags.header ?? []].flat().map(String), isTrusted);
  const path = requestPathOf(target);
  const told = (route: Route) => {
    const path = ["routes", routes.indexOf(route)];
    return `${hide([...path, "match"], matchText(route.match))} ${hide([...path, "redirect"], actionText(route))}`;
  };
  const finder = new RouteFinder(routes);
  const taken =
    path === undefined && finder.looksAtPaths
      ? finder.findInAll(target, (reading) => ({ ...rest, path: reading }))
      : finder.find({ ...rest, path: path ?? target });
  if (taken === "host-ambiguous") {
    terminal.print("No route: some servers take the host for another one: 400 (host-ambiguous).");
    return ExitCode.failed;
  }
  if (taken === "method-ambiguous") {
    terminal.print(
      "No route: some applications read the method as one in large letters, which a route guards: 400 (method-ambiguous).",
    );
    return ExitCode.failed;
  }
  if (taken === "path-ambiguous" && path === undefined) {
    terminal.print("No route: the path can be understood in several ways, so it is answered 400 (path-ambiguous).");
    return ExitCode.failed;
  }
  if (taken === "path-ambiguous") {
    terminal.print(
      "No route: some servers read the path (its case, its `;...`, its last slash) as one that a route guards: 400 (path-ambiguous).",
    );
    return ExitCode.failed;
  }
  terminal.print(
    taken === undefined
      ? "No route takes it: it is answered 404 (no-route)."
      : `${styled("green", taken.name)} takes it: ${told(taken)}`,
  );
  const asks = taken === undefined ? "" : policyText(taken);
  if (asks !== "") terminal.print(`  It asks first, in this order: ${asks}.`);
  const changes = taken === undefined ? "" : hide(["routes", routes.indexOf(taken)], changesText(taken));
  if (changes !== "") terminal.print(`  Then, on the way: ${changes}.`);
  for (const route of routes) {
    if (route === taken) continue;
    const mismatch = mismatchOf(route.match, { ...rest, path: path ?? readingsOf(target)[0] ?? target });
    terminal.print(
      `  ${route.name} does not: ${mismatch === undefined ? "it says less about it" : `another ${mismatch}`} (${told(route)})`,
    );
  }
  return taken === undefined ? ExitCode.failed : ExitCode.well;
}

type Asked = Omit<RoutedRequest, "path"> & { readonly target: string };

/** The path is taken as it is written: what programs would make of it first is not what a proxy gets. */
function asked(method: string, url: string, headers: readonly string[], isTrusted: boolean): Asked {
  const [, authority, target = "/"] = /^(?:https?:\/\/([^/?#]*))?([/?][^#]*)?$/i.exec(url) ?? [];
  if (authority === undefined && !url.startsWith("/")) {
    throw new HopwiseError(
      "option-invalid",
      `"${shown(url)}" is not a URL: write one like https://app.example.com/api/users`,
    );
  }
  const fields = new Map<string, string>();
  for (const header of headers) {
    const colon = header.indexOf(":");
    if (colon < 1)
      throw new HopwiseError("option-invalid", `"${shown(header)}" is not a field: write "Name: value"`, "header");
    const [name, value] = [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
    fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
  }
  const nominated = new Set((fields.get("connection") ?? "").split(",").map((option) => option.trim().toLowerCase()));
  return {
    method,
    authority: authority ?? fields.get("host") ?? "",
    target: target.startsWith("?") ? `/${target}` : target,
    field: (name) => (goesOn(kindOfName(name), name, nominated, isTrusted) ? fields.get(name) : undefined),
  };
}

/** @param name in lowercase */
function kindOfName(name: string): Kind {
  const bytes = Buffer.from(name, "latin1") as unknown as Octets;
  return kindOf(bytes, 0, bytes.length, /[^a-z0-9-]/.test(name));
}
