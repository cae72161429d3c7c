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
  const { gateway, listeners, admin, accessLog, logFormat, logsConnections, trace, drainDelay_ms, drainTimeout_ms } =
    config;
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
    drainDelay_ms,
    drainTimeout_ms,
    admin: admin === undefined ? null : formatAuthority(admin.host, admin.port),
    accessLog: accessLog ?? null,
    logFormat: logFormat ?? null,
    logConnections: logsConnections,
    trace: trace ?? null,
  };
}

function listenerView({ host, port, tls, redirectPort, balancers }: ListenerConfig): object {
  const place = formatAuthority(host, port);
  const behind = balancers === undefined ? {} : { proxyProtocol: balancers.networks };
  if (tls === undefined) return { http: place, ...(redirectPort === undefined ? {} : { redirectPort }), ...behind };
  const certificates = tls.certificates.map(({ file, names, clients, expiresAt_ms }) => ({
    cert: file,
    names,
    expires: new Date(expiresAt_ms).toISOString(),
    ...(clients === undefined ? {} : { clientCert: clients.isRequired ? "required" : "optional" }),
  }));
  return { https: place, certificates, ...behind };
}

function groupView({ endpoints, balance = "least-outstanding", sticky, health, ejection }: Group): object {
  return {
    to: endpoints.map(({ origin, weight, isBackup, maxConnections }) => ({
      url: origin.name,
      weight,
      ...(isBackup ? { backup: true } : {}),
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(origin.proxyHeader === undefined ? {} : { proxyProtocol: origin.proxyHeader }),
    })),
    balance,
    ...(sticky === undefined ? {} : { sticky: { cookie: sticky.cookie } }),
    ...(health === undefined ? {} : { health: { path: health.path, interval_ms: health.interval_ms } }),
    ...(ejection === undefined ? {} : { ejection: { errors: ejection.errors } }),
  };
}

function routeView({ name, match, action, changes, policy }: Route): object {
  const { host, path, method, fields } = match;
  return {
    name,
    match: { host, path, method, ...(fields === undefined ? {} : { fields: Object.keys(fields) }) },
    ...actionView(action),
    ...(policy === undefined ? {} : { asks: policy.words }),
    ...(changes === undefined ? {} : { changes: Object.keys(changes) }),
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
  return Object.fromEntries(LIMITS.map((name) => [name, settings[name]]));
}
