/**
 * What a configuration does that its operator will regret: it can run, and that will hurt. One sentence each, that says why.
 *
 * Deliberately absent: matters of taste, and whatever is so by default. Somebody who reads a warning should have to do something.
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Route, RoutePlan } from "../exchange/route-plan.ts";
import { isPublic } from "../net/dial-guard.ts";
import type { Group } from "../pool/group.ts";
import { hostOf, readHostPattern } from "../routes/patterns.ts";
import { RouteTable } from "../routes/route-table.ts";
import type { ListenerConfig } from "./listeners.ts";
import { SELF_SIGNED } from "./self-signed.ts";
import { formatAuthority, formatDuration, type ListenAddress, shown } from "./values.ts";

export interface Times {
  readonly keepAliveTimeout: number;
  readonly connectTimeout: number;
  readonly responseTimeout: number;
  readonly drainTimeout: number;
  readonly trusted?: readonly string[] | undefined;
}

/** Load balancers commonly keep connections open for so long. */
const BALANCERS_MS = 60_000;

/** Limits of time that stand the wrong way round. @param said the options that were given: what is so by default is no mistake */
export function warningsAboutTimes(times: Times, said: object): string[] {
  const { keepAliveTimeout, connectTimeout, responseTimeout, drainTimeout, trusted } = times;
  const warnings: string[] = [];
  const [keeps, connects, responds, drains] = [keepAliveTimeout, connectTimeout, responseTimeout, drainTimeout].map(
    formatDuration,
  );
  if ("responseTimeout" in said && drainTimeout < responseTimeout) {
    warnings.push(
      `a response may take ${responds} (responseTimeout), and a drain only ${drains} (drainTimeout): slow ones are cut at each ` +
        "restart; let a drain take as long",
    );
  }
  if ("connectTimeout" in said && connectTimeout > responseTimeout) {
    warnings.push(
      `an origin that cannot be reached holds a request for ${connects} (connectTimeout), longer than one that does not answer ` +
        `(responseTimeout, ${responds}): clients give up first; write a shorter connectTimeout`,
    );
  }
  if (trusted !== undefined && trusted.length > 0 && keepAliveTimeout <= BALANCERS_MS) {
    warnings.push(
      `a proxy in front (trusted) is closed on after ${keeps} (keepAliveTimeout), while it may keep connections for ` +
        `${formatDuration(BALANCERS_MS)}: requests that meet the close fail there with 502; write 75s or more`,
    );
  }
  return warnings;
}

export type Addresses = () => readonly string[];

/** Of an admin server without a token for those who read. */
export function warningsAboutAdmin(admin: ListenAddress | undefined, addresses: Addresses = ownAddresses): string[] {
  if (admin === undefined) return [];
  const reached = isAny(admin.host) ? addresses().find(isPublic) : isPublic(admin.host) ? admin.host : undefined;
  if (reached === undefined) return [];
  return [
    `the admin server listens on ${formatAuthority(admin.host, admin.port)}, which is public (${reached}): anyone sees every origin ` +
      "and figure there; write 127.0.0.1, or an address of your own network, or ask for a token (adminReadTokenFile)",
  ];
}

function ownAddresses(): readonly string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  } catch {
    // A sandbox may forbid to look.
    return [];
  }
}

export interface Plan {
  readonly listeners: readonly ListenerConfig[];
  /** All requests go the same way: undefined. */
  readonly routes: RoutePlan | undefined;
  /** Those that have names. */
  readonly groups: readonly Group[];
  /** Routes that ask for passwords. */
  readonly withPasswords: readonly Route[];
  /** Who stands in front, and may have ended TLS. */
  readonly trusted: readonly string[];
}

export function warningsAboutPlan(plan: Plan): string[] {
  return [
    ...aboutListeners(plan),
    ...aboutGroups(plan),
    ...(plan.routes?.routes ?? []).flatMap((route) => [...aboutMatch(route), ...aboutRedirect(route, plan)]),
  ];
}

function aboutListeners({ listeners, routes, withPasswords, trusted }: Plan): string[] {
  const serving = listeners.filter(({ redirectPort }) => redirectPort === undefined);
  const [first] = listeners;
  if (serving.length === 0 && first !== undefined) {
    const what = "every listener sends its clients to https, and none serves them there";
    return [`${what}: write { https: HOST:PORT, certificates: [...] }, or leave redirect out`];
  }
  const open = serving.find(({ host, tls }) => tls === undefined && !isLoopback(host));
  const [asking] = withPasswords;
  const passwords =
    open === undefined || asking === undefined || trusted.length > 0
      ? []
      : [
          `${asking.name} asks for passwords, and http://${formatAuthority(open.host, open.port)} carries them where anyone on the way ` +
            "can read them: serve it over https, or redirect there",
        ];
  return [...passwords, ...aboutClients(serving, open), ...aboutNames(serving, routes)];
}

/** Routes are the same for all listeners: certificates of clients that one asks for, another does not. */
function aboutClients(serving: readonly ListenerConfig[], open: ListenerConfig | undefined): string[] {
  const asking = serving.flatMap(({ tls }) => tls?.certificates ?? []).find(({ clients }) => clients !== undefined);
  if (open === undefined || asking === undefined) return [];
  const place = formatAuthority(open.host, open.port);
  return [
    `clients show a certificate for ${shown(asking.names[0] ?? "")}, and http://${place} serves the same routes to anyone: redirect it to https, ` +
      "or leave it out",
  ];
}

/** Hosts for which nobody has a certificate. */
function aboutNames(serving: readonly ListenerConfig[], routes: RoutePlan | undefined): string[] {
  const certificates = serving.flatMap(({ tls }) => tls?.certificates ?? []);
  // In the clear names need no certificate; and what was made for development is trusted by nobody anyway.
  if (serving.some(({ tls }) => tls === undefined) || certificates.some(({ file }) => file === SELF_SIGNED)) return [];
  const names = certificates.flatMap(({ names }) => names);
  const hosts = new Set((routes?.routes ?? []).flatMap(({ match }) => [match.host ?? []].flat()));
  return [...hosts]
    .filter((host) => isIP(hostOf(host)) === 0 && !host.startsWith("[") && !isCovered(host, names))
    .map(
      (host) =>
        `no certificate is for ${shown(host)}: clients that ask for it are shown another one, and turn away; add one to certificates`,
    );
}

/** A wildcard of a certificate stands for one label (RFC 9525 section 6.3). */
function isCovered(host: string, names: readonly string[]): boolean {
  const { kind, name } = readHostPattern(host);
  if (kind === "below") return names.some((one) => one.endsWith(`.${name}`));
  return names.includes(name) || names.includes(`*.${name.split(".").slice(1).join(".")}`);
}

function aboutGroups({ groups, routes }: Plan): string[] {
  const used = new Set(routes?.routes.map(({ action }) => (action.kind === "group" ? action.group : undefined)));
  return groups
    .filter(({ name }) => !used.has(name))
    .map(({ name }) => `no route leads to the group ${shown(name)}: write { to: ${shown(name)} }, or leave it out`);
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]);

/** What no request can be. */
function aboutMatch({ name, match: { method, fields = {} } }: Route): string[] {
  const methods = [method ?? []].flat().filter((one) => !TOKEN.test(one) || METHODS.has(one.toUpperCase()));
  const wrong = methods.find((one) => !METHODS.has(one));
  const field = Object.keys(fields).find((one) => !TOKEN.test(one));
  const value = Object.entries(fields).find(([, one]) => one !== true && (one !== one.trim() || /[\r\n\0]/.test(one)));
  return [
    ...(wrong === undefined
      ? []
      : [
          TOKEN.test(wrong)
            ? `${name} takes no request with the method ${wrong}, since clients write ${wrong.toUpperCase()}: write it so`
            : `${name} takes no request with the method "${shown(wrong)}", which none can have: write one like GET`,
        ]),
    ...(field === undefined ? [] : [`${name} takes no request: none has a field of the name "${shown(field)}"`]),
    ...(value === undefined
      ? []
      : [
          `${name} takes no request: the value of a field begins and ends without spaces, and that of ${value[0]} here does not`,
        ]),
  ];
}

/** A redirect that leads back to itself. */
function aboutRedirect(route: Route, { routes }: Plan): string[] {
  const { action, match } = route;
  if (routes === undefined || action.kind !== "redirect" || !action.to.startsWith("/")) return [];
  const [path = "/"] = action.to.split(/[?#]/);
  const [host = "any.invalid"] = [match.host ?? []].flat();
  const [method = "GET"] = [match.method ?? []].flat();
  const fields = new Map(Object.entries(match.fields ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const table = new RouteTable(routes.routes, (one) => one.match);
  const taking = table.find({
    method,
    authority: host.replace(/^\*/, "any"),
    path: action.keepsBehind === undefined ? path : `${path}any`,
    field: (name) => (fields.get(name) === true ? "any" : (fields.get(name) as string | undefined)),
  });
  if (taking !== route) return [];
  return [
    `${route.name} redirects to ${action.to}, which it takes itself: clients go round until they give up; write another path`,
  ];
}

function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Below this port nobody may listen who has no capability for it. */
const PRIVILEGED_BELOW = 1_024;
const CAP_NET_BIND_SERVICE = 10n;

/** Ports that this user may not open. @param from the lowest that it may */
export function warningsAboutPorts(places: readonly ListenAddress[], from = lowestPort()): string[] {
  return places
    .filter(({ port }) => port !== 0 && port < from)
    .map(
      ({ host, port }) =>
        `this user may not listen on ${formatAuthority(host, port)}: choose a port from ${from} on, or grant CAP_NET_BIND_SERVICE`,
    );
}

/** Where the system does not say (other systems than Linux), all are open. */
function lowestPort(): number {
  const status = textOf("/proc/self/status");
  const [, capabilities] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (capabilities === undefined || (BigInt(`0x${capabilities}`) >> CAP_NET_BIND_SERVICE) & 1n) return 0;
  const start = textOf("/proc/sys/net/ipv4/ip_unprivileged_port_start").trim();
  return start === "" ? PRIVILEGED_BELOW : Number(start);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
