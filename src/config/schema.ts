/**
 * Every option of a proxy, once: its kind of value, default, meaning, and the reason for the default.
 *
 * Flags, library options and files are the same thing, derived from here: `headTimeout` is `--head-timeout`, and `30s`
 * means the same everywhere. Deliberately absent: what follows from several options together, see options.ts.
 */
import * as z from "zod";
import { logFormats } from "../ledger/log-format.ts";
import { http2MemoryOption, http2Option } from "./http2-options.ts";
import { readFieldSettings, readRewrites } from "./message-changes.ts";
import { kind, type OptionText, option, optionTexts } from "./option.ts";
import { proxyProtocolOption, sendProxyProtocolOption } from "./proxy-protocol-options.ts";
import { size } from "./size.ts";
import { tlsShape } from "./tls-options.ts";
import {
  invalid,
  type ListenAddress,
  readCount,
  readDuration_ms,
  readListenAddress,
  readListenHost,
  readListenPlaces,
  readNetwork,
  readOrigin,
  readOriginHost,
  readTolerance,
  readViaName,
  shown,
} from "./values.ts";

const textOrNumber = z.union([z.string(), z.number()]);

function duration(normally: string, min_ms = 1) {
  const how = "write a duration like 500ms, 5s or 2m, or a number of milliseconds";
  return kind(textOrNumber, how, (value) => readDuration_ms(value, min_ms)).prefault(normally);
}

function count(min: number) {
  return kind(textOrNumber, "write a whole number", (value) => readCount(value, min));
}

/** A new one each time: each has its own text. */
export function fieldSettings() {
  const values = z
    .union([z.string(), z.number(), z.array(z.string()).readonly(), z.null()])
    .describe('write text, a number, a list or null, and a variable in quotes: "{client}"');
  return kind(
    z.union([z.string(), z.array(z.string()).readonly(), z.record(z.string(), values).readonly()]),
    'write "Name: value"',
    readFieldSettings,
  ).optional();
}

export { kind, type OptionText, option, optionGroups } from "./option.ts";

export const listenAddress = kind(textOrNumber, "write PORT or HOST:PORT", readListenAddress);

const listenPlaces = kind(
  z.union([z.string(), z.number(), z.array(textOrNumber).readonly()]),
  "write PORT, HOST:PORT or https://HOST:PORT",
  readListenPlaces,
);

const port = kind(textOrNumber, "write a port", (value): number => {
  const { port } = readListenAddress(/^[0-9]+$/.test(String(value).trim()) ? value : Number.NaN);
  if (port === 0) throw invalid("0 is no port that clients can be sent to: write one from 1 to 65535");
  return port;
});

/** Where the admin server listens; `isAsked`: there and nowhere else. */
export interface AdminAddress extends ListenAddress {
  readonly isAsked: boolean;
}

const adminDefault: AdminAddress = { host: "127.0.0.1", port: 9901, isAsked: false };

export const proxySchema = z.strictObject({
  to: option(
    kind(
      z.union([z.string(), z.array(z.string()).readonly()]),
      "write the origin's URL",
      (value): readonly string[] => {
        const origins = typeof value === "string" ? [value] : value;
        if (origins.length === 0) throw invalid("it is empty: write where requests go, like http://127.0.0.1:3000");
        const twice = origins.find((origin, index) => origins.indexOf(origin) !== index);
        if (twice !== undefined) throw invalid(`"${shown(twice)}" is given twice: write each origin once`);
        return origins.map(readOrigin);
      },
    ),
    {
      group: "way",
      placeholder: "<url>",
      isList: true,
      description:
        "where requests go: http://host:port, https://host:port or unix:/path; repeat it to share the load, " +
        "each request goes to the one with the fewest requests in progress",
      defaultText: "",
      reason: "only the operator knows",
    },
  ),
  listen: option(listenPlaces.prefault("127.0.0.1:8080"), {
    group: "way",
    placeholder: "<[scheme://][host:]port>",
    isList: true,
    description:
      "where clients connect; port 0 takes any free one; http:// or https:// says how, and without either it is https where " +
      "there are certificates and no other place says https://; repeatable",
    reason: "this machine alone: to open a port to the network should be a decision",
  }),
  host: option(kind(z.string(), "write a host", readListenHost).optional(), {
    group: "way",
    isLibraryOnly: true,
    description: "the host of `listen`, apart",
    defaultText: "that of `listen`",
    reason: "`{ port: 0 }` reads better than `{ listen: 0 }`",
  }),
  port: option(count(0).optional(), {
    group: "way",
    isLibraryOnly: true,
    description: "the port of `listen`, apart; 0 takes any free one",
    defaultText: "that of `listen`",
    reason: "`{ port: 0 }` reads better than `{ listen: 0 }`",
  }),

  redirect: option(listenPlaces.optional(), {
    group: "way",
    placeholder: "<[host:]port>",
    isList: true,
    description: "where clients connect in the clear to be sent to the same resource over https (308); repeatable",
    defaultText: "none",
    reason: "a port for plain HTTP is a decision",
  }),
  redirectPort: option(port.prefault(443), {
    group: "way",
    placeholder: "<port>",
    description: "the port of https that --redirect sends clients to",
    reason: "it is the one that https has anyway; behind a mapping of ports it is the outer one that counts",
  }),
  ...tlsShape,
  proxyProtocol: proxyProtocolOption,

  keepAliveTimeout: option(duration("75s"), {
    group: "clients",
    placeholder: "<duration>",
    description:
      "a client's connection may idle this long; clients are told a little less, so that none loses the race",
    reason: "longer than the 60s for which load balancers pool, so that they close first",
  }),
  maxRequests: option(count(0).prefault(0), {
    group: "clients",
    placeholder: "<count>",
    description: "requests on one client connection; 0: no limit",
    reason: "ending a healthy connection gains nothing",
  }),
  maxConnections: option(count(1).optional(), {
    group: "clients",
    placeholder: "<count>",
    description: "client connections at once; beyond, the longest idle one gives way to the newcomer",
    defaultText: "10000, or half of the file descriptors",
    reason: "every client's exchange needs a second descriptor, towards the origin",
  }),
  headTimeout: option(duration("30s"), {
    group: "clients",
    placeholder: "<duration>",
    description: "a whole request head arrives within this, from its first byte (or from connecting) on",
    reason: "a phone in a tunnel needs seconds; only an attacker needs minutes",
  }),
  bodyTimeout: option(duration("60s"), {
    group: "clients",
    placeholder: "<duration>",
    description: "the longest pause in a body, either way; also how long a peer may take nothing of what it is sent",
    reason: "as much as nginx and most clients allow",
  }),
  minRate: option(size("0", 0, 1_048_576), {
    group: "clients",
    placeholder: "<size>",
    description:
      "bytes per second that a client must move, over 10s and after 10s of grace, while only it can go on; 0: no such limit",
    reason: "a slow phone harms nobody while there is room",
  }),
  http2: http2Option,
  http2Memory: http2MemoryOption,
  clientClose: option(z.enum(["probe", "cancel", "finish"]).prefault("probe"), {
    group: "clients",
    placeholder: "<probe|cancel|finish>",
    description:
      "a client that closes its side behind its request: probe finds out, with interim responses, whether it still reads; " +
      "cancel takes it for gone; finish answers it",
    reason: "work for a client that is gone is wasted, and one that half-closes on purpose is still served",
  }),
  maxHeadSize: option(size("64k", 1_024, 16 * 1_048_576), {
    group: "clients",
    placeholder: "<size>",
    description: "bytes of a whole head, of requests and responses",
    reason: "room for the largest cookies and tokens; nginx takes 32k, Node 16k",
  }),

  connectTimeout: option(duration("5s"), {
    group: "origins",
    placeholder: "<duration>",
    description: "an origin's connection is open within this; also how long a request waits for room in the pool",
    reason: "two lost SYNs are repeated after 1s and 3s",
  }),
  responseTimeout: option(duration("60s"), {
    group: "origins",
    placeholder: "<duration>",
    description: "from the end of a request to the first byte of its response",
    reason: "clients and load balancers commonly wait as long",
  }),
  poolIdleTimeout: option(duration("60s"), {
    group: "origins",
    placeholder: "<duration>",
    description:
      "an origin's connection may idle this long; what the origin says, and what is learned of it, shorten it",
    reason: "most origins close earlier, and that is learned",
  }),
  poolMaxAge: option(duration("1h", 0), {
    group: "origins",
    placeholder: "<duration>",
    description:
      "an origin's connection closes behind its exchange at this age, or up to a tenth sooner, so that not all close at " +
      "once; the next one goes where the origin's name leads by then; 0: no limit",
    reason:
      "a busy connection follows DNS, too, and it costs nothing; were connections closed as soon as a look-up gives other " +
      "addresses, names that are answered with a few of many addresses in turn would lose theirs at each answer",
  }),
  poolSize: option(count(1).prefault(1_024), {
    group: "origins",
    placeholder: "<count>",
    description: "connections to each origin at once; beyond, requests wait in line",
    reason: "more than an origin serves at once, far fewer than the 28,000 local ports towards it",
  }),
  tunnelTimeout: option(duration("1h"), {
    group: "origins",
    placeholder: "<duration>",
    description: "a tunnel (WebSocket, CONNECT) may carry nothing for this long",
    reason: "applications that care send pings each minute or so; others fall silent for long",
  }),

  sendProxyProtocol: sendProxyProtocolOption,
  tolerate: option(
    kind(z.union([z.string(), z.array(z.string()).readonly()]), "write kinds like bare-lf", readTolerance).optional(),
    {
      group: "origins",
      placeholder: "<kinds>",
      description:
        "faults in response heads that are repaired instead of answered with 502, for origins that cannot be fixed: bare-lf, " +
        "control-characters, separated by commas; /metrics counts them",
      defaultText: "none",
      reason: "each of these faults has been used in an attack",
    },
  ),
  originHost: option(kind(z.string(), "write keep, origin, or HOST[:PORT]", readOriginHost).prefault("keep"), {
    group: "origins",
    placeholder: "<host>",
    description:
      "the Host that origins get: keep (the client's), origin (that of --to), or a name; a Location that names an origin " +
      "is always rewritten to the host that the client used",
    reason: "applications make links and check cookies by the host that people see",
  }),

  trusted: option(
    kind(z.union([z.string(), z.array(z.string()).readonly()]), "write addresses or ranges", (value) =>
      (typeof value === "string" ? [value] : value).map((network) => readNetwork(network)),
    ).optional(),
    {
      group: "fields",
      placeholder: "<cidr>",
      isList: true,
      description: "neighbours whose X-Forwarded-* and Forwarded fields are believed and passed on; repeatable",
      defaultText: "none",
      reason: "anyone can write these fields",
    },
  ),
  forwarded: option(z.boolean().prefault(false), {
    group: "fields",
    description: "send Forwarded (RFC 7239) beside X-Forwarded-*",
    reason: "few origins read it",
  }),
  rewritePath: option(
    kind(
      z.union([z.string(), z.array(z.string()).readonly(), z.record(z.string(), z.string()).readonly()]),
      "write FROM=TO, like /api=/",
      readRewrites,
    ).optional(),
    {
      group: "fields",
      placeholder: "<from=to>",
      isList: true,
      description:
        "the beginning of a path, up to the end of a segment, and what the origin is asked for instead: /api=/ makes " +
        "/users of /api/users; the first that fits counts; repeatable",
      defaultText: "none",
      reason: "origins make links from the path that they see",
    },
  ),
  setRequestFields: option(fieldSettings(), {
    group: "fields",
    placeholder: "<name: value>",
    isList: true,
    description:
      'a field of each request, instead of what the client sent: "X-Env: test", or with {client}, {scheme}, {host}, {uri}, {method}, ' +
      '{user} of the request: "X-Real-IP: {client}"; "Name:" takes it away; repeatable',
    defaultText: "none",
    reason: "fields belong to those who send them",
  }),
  setResponseFields: option(fieldSettings(), {
    group: "fields",
    placeholder: "<name: value>",
    isList: true,
    description: 'the same of each response of an origin: "X-Frame-Options: DENY"; repeatable',
    defaultText: "none",
    reason: "fields belong to those who send them",
  }),
  hookTimeout: option(duration("5s"), {
    group: "operation",
    isLibraryOnly: true,
    description: "the promise of onRequest may take this long; then the client gets 504 (hook-timeout)",
    reason: "people wait a few seconds, and a hook that waits holds its client's place",
  }),
  via: option(kind(z.string(), "write a name", readViaName).optional(), {
    group: "fields",
    placeholder: "<name|off>",
    description:
      "this proxy's name in Via, by which it also knows requests that come round in a loop; off: no Via, and no such " +
      "knowledge (nginx as an origin compresses nothing for requests with Via, unless gzip_proxied says so)",
    defaultText: "hopwise- and 6 random characters",
    reason: "two proxies in a chain must not be taken for a loop",
  }),

  drainTimeout: option(duration("30s", 0), {
    group: "operation",
    placeholder: "<duration>",
    description: "after SIGTERM or SIGINT what is in flight may take this long to finish",
    reason: "Kubernetes gives as much by default",
  }),
  drainDelay: option(kind(textOrNumber, "write a duration like 5s", (value) => readDuration_ms(value, 0)).optional(), {
    group: "operation",
    placeholder: "<duration>",
    description: "how long to go on listening and serving as before once /readyz has turned false",
    defaultText: "250ms, or --drain-timeout where that is shorter",
    reason: "balancers that look every few seconds need more, and can say so; nobody else has to wait for them",
  }),
  reusePort: option(z.boolean().prefault(false), {
    group: "way",
    description:
      "let other processes listen at the same port (SO_REUSEPORT; Linux, Node 23.1 or Bun); connections that wait " +
      "for one that ends are reset, which inherited sockets spare",
    reason: "two programs at one port are a mistake, unless somebody says so",
  }),
  admin: option(
    kind(
      z.union([z.boolean(), z.string(), z.number()]),
      "write PORT or HOST:PORT",
      (value): AdminAddress | undefined => {
        if (typeof value === "boolean") return value ? adminDefault : undefined;
        return { ...readListenAddress(value), isAsked: true };
      },
    ).prefault(false),
    {
      group: "operation",
      placeholder: "<[host:]port>",
      description: "where the dashboard, /stats, /metrics, /healthz, /readyz and /api are served",
      defaultText: "127.0.0.1:9901; where that is taken, any free port",
      reason: "Envoy's habit; figures are for this machine alone",
    },
  ),
  adminReadTokenFile: option(z.string().min(1, "it is empty: write a file's path").optional(), {
    group: "operation",
    placeholder: "<file>",
    description:
      "the token that everything on the admin port but /healthz and /readyz asks for; made where there is none; browsers ask " +
      "for it once",
    defaultText: "none",
    reason: "on this machine alone a token protects from nobody who could not read it",
  }),
  adminShowQueries: option(z.boolean().prefault(false), {
    group: "operation",
    description:
      "show queries of targets, and fields like Referer as far as they are kept, on the admin port; credentials and cookies never",
    reason: "queries hold tokens and names of people",
  }),
  accessLog: option(z.string().min(1, "it is empty: write a file's path, or - for the standard output").optional(), {
    group: "operation",
    placeholder: "<file>",
    description: "write one line per exchange to this file, or to the standard output with -; SIGHUP reopens it",
    defaultText: "none",
    reason: "not everybody wants one",
  }),
  logFormat: option(z.enum(logFormats).optional(), {
    group: "operation",
    placeholder: "<pretty|common|combined|json>",
    description:
      "what a line of the access log looks like: pretty for people, common or combined as Apache has them, json with everything",
    defaultText: "pretty where the log goes to a terminal, otherwise json",
    reason: "people read terminals, and programs read files",
  }),
  trace: option(
    z
      .string()
      .regex(/^(?!-$)./s, "write a file's path: a trace is not for the standard output")
      .optional(),
    {
      group: "operation",
      placeholder: "<file>",
      description:
        "write what happens to this file, from its beginning and up to 128 MiB, as Chrome trace events: a lane for each connection, to be " +
        "opened in ui.perfetto.dev; each of several workers writes one of its own, like trace.1.json",
      defaultText: "none",
      reason: "it is for looking into something, not for every day",
    },
  ),
  logConnections: option(z.boolean().prefault(false), {
    group: "operation",
    description: "write a line for each connection, too, when it is gone: why it was opened, and why it closed",
    reason: "tools that read access logs expect one line per exchange",
  }),
});

export type OptionName = keyof typeof proxySchema.shape;
export const optionNames = Object.keys(proxySchema.shape) as readonly OptionName[];

/** @param schema of the kind of proxy whose option it is */
export function optionText(name: string, schema: z.ZodObject = proxySchema): OptionText {
  const text = optionTexts.get(schema.shape[name] as z.ZodType);
  if (text === undefined) throw new Error(`the option ${name} has no text`);
  return text;
}

/** The default as an operator would write it; none: empty. */
export function defaultText(name: string, schema: z.ZodObject = proxySchema): string {
  const { defaultText } = optionText(name, schema);
  if (defaultText !== undefined) return defaultText;
  const { def } = schema.shape[name] as unknown as { def: { defaultValue?: string | number | boolean } };
  return String(def.defaultValue ?? "");
}

/** `headTimeout` as a flag: `--head-timeout`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
