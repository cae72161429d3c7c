/**
 * What the operator wants, read: options in, settings out, or one sentence about what to write instead.
 *
 * Deliberately absent: the options themselves, see schema.ts. The interface here says them again for editors and type
 * checkers; a test keeps both the same.
 */

import { randomBytes } from "node:crypto";
import type * as z from "zod";
import type { HookName, HookSettings, Hooks } from "../exchange/hooks.ts";
import type { GatewaySettings } from "../exchange/settings.ts";
import type { LogFormat } from "../ledger/log-format.ts";
import { connectionsThatFit, DESCRIPTORS_RESERVED, descriptorLimit } from "../net/descriptors.ts";
import type { DialGuard } from "../net/dial-guard.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import { parseOriginAddress, withProxyHeader } from "../pool/origin-address.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { expiryWarning } from "./certificate-files.ts";
import { HopwiseError } from "./error.ts";
import { type Files, filesNow } from "./files.ts";
import { type ListenerConfig, ownCertificateOf, readListeners } from "./listeners.ts";
import { both, type PathRewrite, settingHooks } from "./message-changes.ts";
import { nearest } from "./nearest.ts";
import type { ProxyOptions } from "./public-options.ts";
import { type AdminAddress, proxySchema } from "./schema.ts";
import type { UsersFile } from "./users-files.ts";
import { formatAuthority, type ListenAddress, networkTest, shown } from "./values.ts";
import { warningsAboutAdmin, warningsAboutTimes } from "./warnings.ts";
import { type Written, writtenIn } from "./written.ts";

/** Everything one proxy needs, decided. */
export interface ProxyConfig {
  readonly gateway: GatewaySettings;
  /** Of a forward proxy: which addresses it dials, and who may use it. */
  readonly dialGuard?: DialGuard;
  /** Of a forward proxy: look-ups under way at once. */
  readonly lookupsMax?: number;
  /** Files of those who may use a forward proxy, or routes. */
  readonly users?: readonly UsersFile[];
  /** What the application sees and changes. */
  readonly hooks?: HookSettings;
  /** Where the first listener is. */
  readonly listen: ListenAddress;
  readonly listeners: readonly [ListenerConfig, ...ListenerConfig[]];
  readonly reusesPort: boolean;
  readonly drainDelay_ms: number;
  readonly drainTimeout_ms: number;
  readonly admin: AdminAddress | undefined;
  /** Of a file: what admin requests that change something must know. */
  readonly adminTokenFile?: string | undefined;
  /** What admin requests that read must know; anyone may read: undefined. */
  readonly adminReadTokenFile?: string | undefined;
  readonly adminShowsQueries: boolean;
  /** No name was given, so it has one of its own making. */
  readonly namesItself: boolean;
  /** `-`: the standard output. */
  readonly accessLog: string | undefined;
  /** Nothing is said: as suits where it goes. */
  readonly logFormat: LogFormat | undefined;
  readonly logsConnections: boolean;
  /** A file's path. */
  readonly trace: string | undefined;
  /** What works, but perhaps not as the operator thinks: one sentence each. */
  readonly warnings: readonly string[];
  /** Of a file: names of fields that answers of the proxy's own get, and its pages by status. */
  readonly ownAnswers?: { readonly fields: readonly string[]; readonly pages: Readonly<Record<string, string>> };
  /** Of what can be reloaded: what it was made of. */
  readonly written?: Written;
  /** Of a file: a text with the names of secrets where they were. */
  readonly hide?: (text: string) => string;
}

/** What takes the place of another: where neither says a name for `Via`, the name of before. */
export function withNameOf(before: ProxyConfig, config: ProxyConfig): ProxyConfig {
  if (!config.namesItself || !before.namesItself) return config;
  return { ...config, gateway: { ...config.gateway, viaName: before.gateway.viaName } };
}

const SELF_SIGNED_WARNING =
  "the certificate was made now, for development: clients do not trust it, and it is another one after each start";

export const CONNECTIONS_MAX_NORMALLY = 10_000;
/** With fewer, which nobody has asked for, clients would soon give way to each other. */
const CONNECTIONS_EXPECTED = 100;
/** How long to go on listening once draining began, for those who have not seen `/readyz` turn yet. */
const DRAIN_DELAY_MS = 250;

/** Instead of a name in `Via`. */
export const VIA_OFF = "off";

/** A name of this proxy alone. */
function randomName(): string {
  return `hopwise-${randomBytes(3).toString("hex")}`;
}

/**
 * Reads options.
 *
 * @param ownCertificate the certificate of `tls: self-signed`, where another process has made it
 * @param files that certificates are read from, as another process has seen them
 * @throws HopwiseError `option-unknown`, `option-missing` or `option-invalid`, for the first thing that is wrong
 */
export function readProxyOptions(
  options: ProxyOptions,
  limit: number = descriptorLimit(),
  ownCertificate?: Certificate,
  files: Files = filesNow,
): ProxyConfig {
  const { hooks, rest } = hooksIn(options);
  const values = readWith(proxySchema, rest);
  const config = sharedConfig(values, readListeners(values, ownCertificate, files), limit);
  const origins = values.to.map((url) => withProxyHeader(parseOriginAddress(url), values.sendProxyProtocol));
  const all = config.listeners.filter(({ port }) => port !== 0).map(({ host, port }) => formatAuthority(host, port));
  const own = all.find((own) => origins.some(({ authority, address }) => address.kind === "tcp" && authority === own));
  if (own !== undefined) {
    throw new HopwiseError("option-invalid", `${own} is where this proxy itself listens: write another origin`, "to");
  }
  const gateway: GatewaySettings = {
    ...config.gateway,
    origins,
    originHost: values.originHost,
    isTrusted: networkTest(values.trusted),
    sendsForwarded: values.forwarded,
  };
  const warnings = [...config.warnings, ...warningsAboutTimes(values, options)];
  const written = writtenIn(values);
  return { ...config, warnings, gateway, written, hooks: hookSettings(values, values.rewritePath ?? [], hooks) };
}

const hookNames = ["onRequest", "onResponse", "onError", "onUpgradeError"] as const satisfies readonly HookName[];

/** Hooks are functions, which no schema can judge, and stand apart from what can be written in a file. */
export function hooksIn(options: object): { readonly hooks: Hooks; readonly rest: object } {
  // What is no object is refused by the schema.
  if (typeof options !== "object" || options === null) return { hooks: {}, rest: options };
  const { onRequest, onResponse, onError, onUpgradeError, ...rest } = options as Hooks;
  const hooks: Hooks = { onRequest, onResponse, onError, onUpgradeError };
  for (const name of hookNames) {
    const hook: unknown = hooks[name];
    if (hook === undefined || typeof hook === "function") continue;
    throw new HopwiseError("option-invalid", "write a function", name);
  }
  return { hooks, rest };
}

/** What the operator has set, and then the application's own hooks. */
export function hookSettings(values: SharedValues, rewrites: readonly PathRewrite[], hooks: Hooks): HookSettings {
  const { setRequestFields = [], setResponseFields = [], hookTimeout } = values;
  return { ...both(settingHooks(rewrites, setRequestFields, setResponseFields), hooks), timeout_ms: hookTimeout };
}

/** The values of the options that every kind of proxy has. */
export type SharedValues = Omit<z.output<typeof proxySchema>, keyof typeof gatewayOnly>;
const gatewayOnly = {
  to: 0,
  originHost: 0,
  trusted: 0,
  forwarded: 0,
  rewritePath: 0,
  listen: 0,
  tlsCert: 0,
  tlsKey: 0,
  tls: 0,
  clientCa: 0,
  clientCert: 0,
  redirect: 0,
  redirectPort: 0,
  proxyProtocol: 0,
  sendProxyProtocol: 0,
};

/** What follows from them. @param othersMax descriptors beyond those of clients and their exchanges: idle connections, look-ups */
export function sharedConfig(
  values: SharedValues,
  listeners: ProxyConfig["listeners"],
  limit: number,
  othersMax = 0,
): ProxyConfig {
  const { admin } = values;
  const [{ host, port }] = listeners;
  if (admin?.isAsked && admin.port !== 0 && listeners.some((it) => it.port === admin.port && it.host === admin.host)) {
    const own = formatAuthority(admin.host, admin.port);
    throw new HopwiseError("option-invalid", `${own} is where clients connect: write another port`, "admin");
  }
  return {
    gateway: {
      origins: [],
      originHost: "keep",
      keepAliveTimeout_ms: values.keepAliveTimeout,
      maxRequests: values.maxRequests,
      // Beyond that the runtime would turn clients away without a word.
      maxConnections: Math.min(
        values.maxConnections ?? CONNECTIONS_MAX_NORMALLY,
        connectionsThatFit(limit - othersMax),
      ),
      headTimeout_ms: values.headTimeout,
      bodyTimeout_ms: values.bodyTimeout,
      minRate: values.minRate,
      http2: values.http2,
      http2BytesMax: values.http2Memory,
      clientClose: values.clientClose,
      connectTimeout_ms: values.connectTimeout,
      responseTimeout_ms: values.responseTimeout,
      tunnelTimeout_ms: values.tunnelTimeout,
      poolIdleTimeout_ms: values.poolIdleTimeout,
      poolMaxAge_ms: values.poolMaxAge,
      poolSize: values.poolSize,
      headLimits: { ...defaultHeadLimits, headBytesMax: values.maxHeadSize },
      tolerates: values.tolerate ?? new Set(),
      isTrusted: () => false,
      sendsForwarded: false,
      viaName: values.via === undefined || values.via === VIA_OFF ? randomName() : values.via,
      sendsVia: values.via !== VIA_OFF,
    },
    listen: { host, port },
    listeners,
    reusesPort: values.reusePort,
    drainDelay_ms: values.drainDelay ?? Math.min(DRAIN_DELAY_MS, values.drainTimeout),
    drainTimeout_ms: values.drainTimeout,
    admin,
    adminReadTokenFile: values.adminReadTokenFile,
    adminShowsQueries: values.adminShowQueries,
    namesItself: values.via === undefined || values.via === VIA_OFF,
    accessLog: values.accessLog,
    logFormat: values.logFormat,
    logsConnections: values.logConnections,
    trace: values.trace,
    warnings: [
      ...warningsAbout(values.maxConnections, limit, othersMax),
      ...warningsAboutLog(values),
      ...(values.adminReadTokenFile === undefined ? warningsAboutAdmin(admin) : []),
      ...warningsAboutCertificates(listeners),
    ],
  };
}

/**
 * Reads options by their schema.
 *
 * @throws HopwiseError for the first thing that is wrong
 */
export function readWith<Schema extends z.ZodObject>(schema: Schema, options: object): z.output<Schema> {
  const result = schema.safeParse(options);
  if (!result.success) throw errorFrom(result.error, options as Record<string, unknown>, schema);
  return result.data;
}

function warningsAbout(maxConnections: number | undefined, limit: number, othersMax: number): string[] {
  const fitting = connectionsThatFit(limit - othersMax);
  if (maxConnections === undefined && fitting < CONNECTIONS_EXPECTED) {
    return [
      `the limit of ${limit} file descriptors allows ${fitting} client connections at once: raise it (ulimit -n)`,
    ];
  }
  if (maxConnections === undefined || maxConnections <= fitting) return [];
  const needed = 2 * maxConnections + DESCRIPTORS_RESERVED + othersMax;
  return [
    `${maxConnections} client connections may need ${needed} file descriptors and the limit is ${limit}: ` +
      `${fitting} are allowed; raise the limit (ulimit -n ${needed}) to allow more`,
  ];
}

function warningsAboutLog({ accessLog, logConnections, logFormat }: SharedValues): string[] {
  if (!logConnections) return [];
  if (accessLog !== undefined && (logFormat === "common" || logFormat === "combined")) {
    return [`connections are to be logged, but ${logFormat} has no lines for them: write pretty or json`];
  }
  if (accessLog !== undefined) return [];
  return ["connections are to be logged, but there is no access log: name a file for it, or - for the standard output"];
}

function warningsAboutCertificates(listeners: readonly ListenerConfig[]): string[] {
  const certificates = new Set(listeners.flatMap(({ tls }) => tls?.certificates ?? []));
  const own = ownCertificateOf(listeners) === undefined ? [] : [SELF_SIGNED_WARNING];
  return [...own, ...[...certificates].flatMap((certificate) => expiryWarning(certificate, Date.now()) ?? [])];
}

/** All options there are, with the hooks. */
export function namesOf(schema: z.ZodObject): readonly string[] {
  return [...Object.keys(schema.shape), ...hookNames];
}

export function unknownOption(name: string, names: readonly string[]): HopwiseError {
  const near = nearest(name, names);
  const hint = near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${near}?`;
  return new HopwiseError("option-unknown", `there is no such option; ${hint}`, name);
}

/** The first fault, as one sentence. */
function errorFrom(error: z.ZodError, options: Record<string, unknown>, schema: z.ZodObject): HopwiseError {
  const issue = error.issues[0];
  if (issue === undefined) return new HopwiseError("option-invalid", error.message);
  if (issue.code === "unrecognized_keys") {
    return unknownOption(issue.keys[0] ?? "", namesOf(schema));
  }
  const name = issue.path.length === 0 ? undefined : String(issue.path[0]);
  if (name === undefined)
    return new HopwiseError("option-invalid", 'options are an object, like { to: "http://127.0.0.1:3000" }');
  if (issue.code === "custom" || issue.code === "too_small") {
    return new HopwiseError("option-invalid", issue.message, name);
  }
  if (options[name] === undefined) {
    return new HopwiseError("option-missing", "write where requests go, like http://127.0.0.1:3000", name);
  }
  if (issue.code === "invalid_value") {
    const written = shown(String(options[name]));
    const known = issue.values.join(", ");
    const problem = issue.values.length === 1 ? `"${written}" is not ${known}` : `"${written}" is not one of ${known}`;
    return new HopwiseError("option-invalid", problem, name);
  }
  const how = describedAs(schema.shape[name] as z.ZodType) ?? issue.message;
  return new HopwiseError("option-invalid", `it cannot be ${typeOf(options[name])}: ${how}`, name);
}

/** What a kind of value says about how to write it, through defaults and optionality. */
function describedAs(schema: z.ZodType): string | undefined {
  const inner = (schema.def as { innerType?: z.ZodType }).innerType;
  return schema.description ?? (inner === undefined ? undefined : describedAs(inner));
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
