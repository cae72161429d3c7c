/**
 * A configuration as anyone may see it who may see figures: where it listens, what goes where, and every limit.
 *
 * What is shown is chosen, one by one, so that nothing secret is shown by accident: of fields that are set, matched or answered with
 * only the names, of bodies only the length, of tokens, users and keys nothing.
 */
import type { ListenerConfig } from "../config/listeners.ts";
import type { ProxyConfig } from "../config/options.ts";
import { formatAuthority } from "../config/values.ts";
import type { Route, RouteAction } from "../exchange/route-plan.ts";
import type { GatewaySettings } from "../exchange/settings.ts";
import type { Group } from "../pool/group.ts";
import { withoutUserinfo } from "../wire/userinfo.ts";

export function configView(config: ProxyConfig): object {
  const { hide } = config;
  return hide === undefined ? viewOf(config) : (withoutSecrets(viewOf(config), hide) as object);
}

/** A file may take any text from the environment: wherever that would be shown, there is its name instead. */
function withoutSecrets(value: unknown, hide: (text: string) => string): unknown {
  if (typeof value === "string") return hide(value);
  if (Array.isArray(value)) return value.map((entry) => withoutSecrets(entry, hide));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [hide(key), withoutSecrets(entry, hide)]));
}

function viewOf(config: ProxyConfig): object {
  const { gateway, listeners, reusesPort, admin, accessLog, logFormat, logsConnections, trace } = config;
  const { drainDelay_ms, drainTimeout_ms, ownAnswers } = config;
  const { routes, origins } = gateway;
  return {
    listeners: listeners.map(listenerView),
    ...(routes === undefined
      ? { to: origins.map(({ name }) => name) }
      : {
          groups: Object.fromEntries(routes.groups.map((group) => [group.name, groupView(group)])),
          routes: routes.routes.map(routeView),
        }),
    limits: limitsView(gateway),
    rateLimit: gateway.rateLimit?.words,
    answerFields: ownAnswers?.fields,
    errorPages: ownAnswers?.pages,
    reusePort: reusesPort,
    drainDelay_ms,
    drainTimeout_ms,
    admin: admin === undefined ? null : formatAuthority(admin.host, admin.port),
    accessLog: accessLog ?? null,
    logFormat: logFormat ?? null,
    logConnections: logsConnections,
    trace: trace ?? null,
  };
}

function listenerView({ name, host, port, tls, redirectPort, balancers }: ListenerConfig): object {
  const place = formatAuthority(host, port);
  const proxyProtocol = balancers?.networks;
  if (tls === undefined) return { name, http: place, redirectPort, proxyProtocol };
  const certificates = tls.certificates.map(({ file, names, clients, expiresAt_ms }) => ({
    cert: file,
    names,
    expires: new Date(expiresAt_ms).toISOString(),
    ...(clients === undefined ? {} : { clientCert: clients.isRequired ? "required" : "optional" }),
  }));
  return { name, https: place, certificates, proxyProtocol };
}

/** All of it is shown as it is; plans of groups hold no secrets but what a query of a check may. */
function groupView(group: Group): object {
  const { endpoints, balance = "least-outstanding", sticky, health, ejection, resolve } = group;
  const { slowStart_ms, retryBudget, retriesTimeouts = false } = group;
  return {
    to: endpoints.map(({ origin, weight, isBackup, maxConnections, maxAge_ms }) => ({
      url: origin.name,
      weight,
      ...(isBackup ? { backup: true } : {}),
      maxConnections,
      poolMaxAge_ms: maxAge_ms,
      proxyProtocol: origin.proxyHeader,
    })),
    balance,
    sticky: sticky && { cookie: sticky.cookie },
    resolve,
    tls: group.tlsWords,
    health: health && { ...health, path: health.path.replace(/\?.*$/s, "?***") },
    ejection,
    slowStart_ms,
    retryBudget,
    retryTimeouts: retriesTimeouts,
  };
}

function routeView({ name, match, action, changes, policy }: Route): object {
  const { host, path, method, fields } = match;
  return {
    name,
    match: { host, path, method, ...(fields === undefined ? {} : { fields: Object.keys(fields) }) },
    ...actionView(action),
    ...(policy === undefined ? {} : { asks: policy.words }),
    ...(changes === undefined ? {} : { changes: changes.words }),
  };
}

function actionView(action: RouteAction): object {
  switch (action.kind) {
    case "group":
      return { to: action.group };
    case "refuse":
      return { refuse: true };
    case "respond":
      return { respond: { status: action.answer.message.status } };
    case "redirect":
      return { redirect: { to: withoutUserinfo(action.to), status: action.status } };
  }
}

const LIMITS = [
  ...["keepAliveTimeout_ms", "headTimeout_ms", "bodyTimeout_ms", "connectTimeout_ms", "responseTimeout_ms"],
  ...[
    "tunnelTimeout_ms",
    "poolIdleTimeout_ms",
    "poolMaxAge_ms",
    "poolSize",
    "maxConnections",
    "maxRequests",
    "minRate",
  ],
  ...["http2", "http2BytesMax", "clientClose", "originHost", "sendsForwarded", "sendsVia", "viaName"],
] as readonly (keyof GatewaySettings)[];

function limitsView(settings: GatewaySettings): object {
  const { tolerates, bufferedBytesMax: requestBuffers } = settings;
  return {
    ...Object.fromEntries(LIMITS.map((name) => [name, settings[name]])),
    tolerate: [...tolerates],
    requestBuffers,
  };
}
