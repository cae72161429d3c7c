/** What is otherwise in one configuration than in another, in a few words each: for people who have changed a file. */
import type { ListenerConfig } from "../config/listeners.ts";
import type { ProxyConfig } from "../config/options.ts";
import { formatAuthority } from "../config/values.ts";
import type { Written } from "../config/written.ts";
import type { EndpointPlan, Group } from "../pool/group.ts";

export function changesBetween(before: ProxyConfig, after: ProxyConfig): readonly string[] {
  return [
    ...listenerChanges(before.listeners, after.listeners),
    ...groupChanges(groupsOf(before), groupsOf(after)),
    ...routeChanges(before, after),
    ...optionChanges(before.written, after.written),
  ];
}

function listenerChanges(before: readonly ListenerConfig[], after: readonly ListenerConfig[]): string[] {
  const placesOf = (listeners: readonly ListenerConfig[]) =>
    new Map(
      listeners.map((it) => [`${it.tls === undefined ? "http" : "https"}://${formatAuthority(it.host, it.port)}`, it]),
    );
  const [old, now] = [placesOf(before), placesOf(after)];
  const signs = signed([...old.keys()], [...now.keys()]);
  const renewed = [...now].filter(
    ([place, { tls }]) => old.has(place) && tls !== undefined && tls.marks !== old.get(place)?.tls?.marks,
  );
  const behindOthers = [...now].filter(
    ([place, { balancers }]) =>
      old.has(place) && textOf(balancers ?? {}, "networks") !== textOf(old.get(place)?.balancers ?? {}, "networks"),
  );
  const leadingElsewhere = [...now].filter(
    ([place, { redirectPort }]) => old.has(place) && redirectPort !== old.get(place)?.redirectPort,
  );
  return [
    ...(signs === "" ? [] : [`listeners: ${signs}`]),
    ...leadingElsewhere.map(([place]) => `redirect of ${place}`),
    ...renewed.map(([place]) => `certificates of ${place}`),
    ...behindOthers.map(([place]) => `PROXY protocol of ${place}`),
  ];
}

function groupsOf({ gateway: { routes, origins } }: ProxyConfig): ReadonlyMap<string, Group> {
  const groups = routes?.groups ?? [{ name: "to", endpoints: origins.map((origin) => ({ origin, weight: 1 })) }];
  return new Map(groups.map((group) => [group.name, group]));
}

function groupChanges(before: ReadonlyMap<string, Group>, after: ReadonlyMap<string, Group>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (JSON.stringify(old) === JSON.stringify(now)) return [];
    if (now === undefined) return [`group ${name}: gone`];
    if (old === undefined) return [`group ${name}: ${signed([], namesOf(now))}`];
    return [`group ${name}: ${aspectsOf(old, now).join(", ")}`];
  });
}

/** What of endpoints that are in both, and what of the group, each in a few words. */
const OF_ENDPOINTS: Readonly<Record<string, readonly Exclude<keyof EndpointPlan, "origin">[]>> = {
  weights: ["weight"],
  backups: ["isBackup"],
  "limits of endpoints": ["maxConnections", "maxAge_ms"],
};
const OF_GROUP: Readonly<Record<string, readonly Exclude<keyof Group, "name" | "endpoints">[]>> = {
  "how it is balanced": ["balance"],
  "how clients stick": ["sticky"],
  "how names are looked up": ["resolve"],
  "health checks": ["health"],
  ejection: ["ejection"],
  slowStart: ["slowStart_ms"],
  retryBudget: ["retryBudget"],
  retryTimeouts: ["retriesTimeouts"],
};

function aspectsOf(old: Group, now: Group): readonly string[] {
  const isOther = (one: object, other: object, keys: readonly string[]) =>
    keys.some((key) => textOf(one, key) !== textOf(other, key));
  const signs = signed(namesOf(old), namesOf(now));
  const kept = now.endpoints.flatMap((plan) => {
    const before = old.endpoints.find(({ origin }) => origin.name === plan.origin.name);
    return before === undefined ? [] : [[before, plan] as const];
  });
  const aspects = [
    ...(signs === "" ? [] : [signs]),
    ...Object.keys(OF_ENDPOINTS).filter((words) =>
      kept.some(([before, plan]) => isOther(before, plan, OF_ENDPOINTS[words] ?? [])),
    ),
    ...(kept.some(([before, plan]) => isOther(before.origin, plan.origin, ["proxyHeader"])) ? ["PROXY protocol"] : []),
    ...(kept.some(([before, plan]) => isOther(before.origin, plan.origin, ["address"])) ? ["TLS"] : []),
    ...Object.keys(OF_GROUP).filter((words) => isOther(old, now, OF_GROUP[words] ?? [])),
  ];
  return aspects.length === 0 ? ["the order of its endpoints"] : aspects;
}

function namesOf({ endpoints }: Group): readonly string[] {
  return endpoints.map(({ origin }) => origin.name);
}

function textOf(one: object, key: string): string | undefined {
  return JSON.stringify((one as Readonly<Record<string, unknown>>)[key]);
}

function routeChanges({ written: before }: ProxyConfig, { written: after }: ProxyConfig): string[] {
  const [old, now] = [before?.routes ?? [], after?.routes ?? []];
  if (old.length === now.length && old.every((text, index) => text === now[index])) return [];
  return [`routes: ${now.length}${old.length === now.length ? ", changed" : `, ${old.length} before`}`];
}

/** Listeners, groups and routes tell what has changed of these. */
const TOLD_OTHERWISE = new Set([
  ...["listeners", "listen", "host", "port", "redirect", "redirectPort", "proxyProtocol"],
  ...["tlsCert", "tlsKey", "clientCa", "clientCert", "tls"],
  ...["groups", "to", "sendProxyProtocol", "routes"],
]);

/** Of what is said at the top of a file, by its names there. */
function optionChanges(before: Written | undefined, after: Written | undefined): string[] {
  const [old, now] = [before?.options ?? {}, after?.options ?? {}];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (name) => !TOLD_OTHERWISE.has(name) && old[name] !== now[name],
  );
}

/** `+new -old`; none: empty. */
function signed(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((name) => !before.includes(name)).map((name) => `+${name}`);
  const removed = before.filter((name) => !after.includes(name)).map((name) => `-${name}`);
  return [...added, ...removed].join(" ");
}
