/**
 * What the operator wants, read: options in, settings out, or one sentence about what to write instead.
 *
 * Deliberately absent: the options themselves, see schema.ts. The interface here says them again for editors and type
 * checkers; a test keeps both the same.
 */
import { randomBytes } from "node:crypto";
import { BlockList, isIP } from "node:net";
import type * as z from "zod";
import type { HookName, HookSettings, Hooks } from "../exchange/hooks.ts";
import type { GatewaySettings } from "../exchange/settings.ts";
import type { BasicAuthentication } from "../forward/basic-authentication.ts";
import { connectionsThatFit, DESCRIPTORS_RESERVED, descriptorLimit } from "../net/descriptors.ts";
import type { DialGuard } from "../net/dial-guard.ts";
import { parseOriginAddress } from "../pool/origin-address.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { HopwiseError } from "./error.ts";
import { both, settingHooks } from "./message-changes.ts";
import { nearest } from "./nearest.ts";
import type { ProxyOptions } from "./public-options.ts";
import { type AdminAddress, proxySchema } from "./schema.ts";
import { formatAuthority, type ListenAddress, readNetwork } from "./values.ts";

/** Everything one proxy needs, decided. */
export interface ProxyConfig {
  readonly gateway: GatewaySettings;
  /** Of a forward proxy: which addresses it dials, and who may use it. */
  readonly dialGuard?: DialGuard;
  /** Of a forward proxy: look-ups under way at once. */
  readonly lookupsMax?: number;
  readonly users?: { readonly file: string; readonly authentication: BasicAuthentication };
  /** What the application sees and changes; of a forward proxy: nothing. */
  readonly hooks?: HookSettings;
  readonly listen: ListenAddress;
  readonly reusesPort: boolean;
  readonly drainDelay_ms: number;
  readonly drainTimeout_ms: number;
  readonly admin: AdminAddress | undefined;
  /** `-`: the standard output. */
  readonly accessLog: string | undefined;
  readonly logsConnections: boolean;
  /** What works, but perhaps not as the operator thinks: one sentence each. */
  readonly warnings: readonly string[];
}

export const CONNECTIONS_MAX_NORMALLY = 10_000;
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
 * @throws HopwiseError `option-unknown`, `option-missing` or `option-invalid`, for the first thing that is wrong
 */
export function readProxyOptions(options: ProxyOptions, limit: number = descriptorLimit()): ProxyConfig {
  const { hooks, rest } = hooksIn(options);
  const values = readWith(proxySchema, rest);
  const config = sharedConfig(values, limit);
  const { listen } = config;
  const origins = values.to.map(parseOriginAddress);
  const own = formatAuthority(listen.host, listen.port);
  if (listen.port !== 0 && origins.some(({ authority, address }) => address.kind === "tcp" && authority === own)) {
    throw new HopwiseError("option-invalid", `${own} is where this proxy itself listens: write another origin`, "to");
  }
  const trusted = new BlockList();
  for (const network of values.trusted ?? []) readNetwork(network, trusted);
  const gateway: GatewaySettings = {
    ...config.gateway,
    origins,
    originHost: values.originHost,
    isTrusted: (address) => address !== "" && trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"),
    sendsForwarded: values.forwarded,
  };
  const { rewritePath = [], setRequestFields = [], setResponseFields = [], hookTimeout } = values;
  const all = both(settingHooks(rewritePath, setRequestFields, setResponseFields), hooks);
  return { ...config, gateway, hooks: { ...all, timeout_ms: hookTimeout } };
}

const hookNames = ["onRequest", "onResponse", "onError", "onUpgradeError"] as const satisfies readonly HookName[];

/** Hooks are functions, which no schema can judge, and stand apart from what can be written in a file. */
function hooksIn(options: ProxyOptions): { readonly hooks: Hooks; readonly rest: object } {
  // What is no object is refused by the schema.
  if (typeof options !== "object" || options === null) return { hooks: {}, rest: options };
  const { onRequest, onResponse, onError, onUpgradeError, ...rest } = options;
  const hooks: Hooks = { onRequest, onResponse, onError, onUpgradeError };
  for (const name of hookNames) {
    const hook: unknown = hooks[name];
    if (hook === undefined || typeof hook === "function") continue;
    throw new HopwiseError("option-invalid", "write a function", name);
  }
  return { hooks, rest };
}

/** The values of the options that every kind of proxy has. */
export type SharedValues = Omit<z.output<typeof proxySchema>, keyof typeof gatewayOnly>;
const gatewayOnly = {
  to: 0,
  originHost: 0,
  trusted: 0,
  forwarded: 0,
  rewritePath: 0,
  setRequestFields: 0,
  setResponseFields: 0,
  hookTimeout: 0,
};

/** What follows from them. @param othersMax descriptors beyond those of clients and their exchanges: idle connections, look-ups */
export function sharedConfig(values: SharedValues, limit: number, othersMax = 0): ProxyConfig {
  const listen = { host: values.host ?? values.listen.host, port: values.port ?? values.listen.port };
  if (listen.port > 65_535) {
    throw new HopwiseError("option-invalid", `${listen.port} is no port: write one from 0 to 65535`, "port");
  }
  const { admin } = values;
  if (admin?.isAsked && admin.port !== 0 && admin.port === listen.port && admin.host === listen.host) {
    const own = formatAuthority(listen.host, listen.port);
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
    listen,
    reusesPort: values.reusePort,
    drainDelay_ms: values.drainDelay ?? Math.min(DRAIN_DELAY_MS, values.drainTimeout),
    drainTimeout_ms: values.drainTimeout,
    admin,
    accessLog: values.accessLog,
    logsConnections: values.logConnections,
    warnings: [...warningsAbout(values.maxConnections, limit, othersMax), ...warningsAboutLog(values)],
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
  if (maxConnections === undefined || maxConnections <= fitting) return [];
  const needed = 2 * maxConnections + DESCRIPTORS_RESERVED + othersMax;
  return [
    `${maxConnections} client connections may need ${needed} file descriptors and the limit is ${limit}: ` +
      `${fitting} are allowed; raise the limit (ulimit -n ${needed}) to allow more`,
  ];
}

function warningsAboutLog({ accessLog, logConnections }: SharedValues): string[] {
  if (!logConnections || accessLog !== undefined) return [];
  return ["connections are to be logged, but there is no access log: name a file for it, or - for the standard output"];
}

/** The first fault, as one sentence. */
function errorFrom(error: z.ZodError, options: Record<string, unknown>, schema: z.ZodObject): HopwiseError {
  const issue = error.issues[0];
  if (issue === undefined) return new HopwiseError("option-invalid", error.message);
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const names = Object.keys(schema.shape);
    const near = nearest(key, names);
    const hint = near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${near}?`;
    return new HopwiseError("option-unknown", `there is no such option; ${hint}`, key);
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
  const how = describedAs(schema.shape[name] as z.ZodType) ?? issue.message;
  return new HopwiseError("option-invalid", `${typeOf(options[name])} is no value for it: ${how}`, name);
}

/** What a kind of value says about how to write it, through defaults and optionality. */
function describedAs(schema: z.ZodType): string | undefined {
  const inner = (schema.def as { innerType?: z.ZodType }).innerType;
  return schema.description ?? (inner === undefined ? undefined : describedAs(inner));
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
