/**
 * Options of a forward proxy: those of every proxy but what only a gateway has (`to`, `originHost`, `trusted`, `rewritePath`), and its own.
 *
 * Deliberately absent: `X-Forwarded-*`. A forward proxy acts for its clients, who may not want to be known to origins.
 */
import { isIPv4 } from "node:net";
import * as z from "zod";
import { BasicAuthentication } from "../forward/basic-authentication.ts";
import { DESCRIPTORS_RESERVED, descriptorLimit } from "../net/descriptors.ts";
import { DialGuard } from "../net/dial-guard.ts";
import { LOOKUPS_MAX } from "../net/names/chosen-names.ts";
import { HopwiseError } from "./error.ts";
import { type Files, filesNow } from "./files.ts";
import { readListeners } from "./listeners.ts";
import { hookSettings, hooksIn, type ProxyConfig, readWith, sharedConfig, VIA_OFF } from "./options.ts";
import type { ForwardOptions } from "./public-options.ts";
import { fieldSettings, kind, listenAddress, option, optionText, proxySchema } from "./schema.ts";
import { readUsersFile } from "./users.ts";
import { readPorts } from "./values.ts";
import { warningsAboutTimes } from "./warnings.ts";

const {
  to: _to,
  originHost: _originHost,
  trusted: _trusted,
  forwarded: _forwarded,
  rewritePath: _rewritePath,
  listen: _listen,
  tlsCert: _tlsCert,
  tlsKey: _tlsKey,
  tls: _tls,
  clientCa: _clientCa,
  clientCert: _clientCert,
  redirect: _redirect,
  redirectPort: _redirectPort,
  sendProxyProtocol: _sendProxyProtocol,
  ...shared
} = proxySchema.shape;

const ports = kind(z.union([z.string(), z.number()]), "write ports like 443,8443", readPorts);

/** A gateway leads to its operator's origins alone; where clients choose the origin, they can choose a way round to this proxy. */
const VIA_NEEDED =
  "a forward proxy must send Via (RFC 9110 section 7.6.3), or requests could go round in a loop for ever: write a name, " +
  "like proxy-1, or leave it out";

const PATHS_ARE_CLIENTS =
  "a forward proxy asks each origin for the path that its client names, whatever the origin: the hook onRequest can change " +
  "request.path where it knows request.authority";

/** What speaks HTTP; where clients are trusted with private addresses, they are with all their ports. */
const HTTP_PORTS = readPorts("80,443,1024-65535");
const ALL_PORTS = readPorts("1-65535");

export const forwardSchema = z.strictObject({
  listen: option(listenAddress.prefault("127.0.0.1:3128"), {
    group: "way",
    placeholder: "<[host:]port>",
    description: "where clients connect; port 0 takes any free one",
    reason: "this machine alone: an open proxy is found by strangers within hours",
  }),
  connectPorts: option(ports.prefault("443,8443"), {
    group: "way",
    placeholder: "<ports>",
    description: "ports that CONNECT may lead to, like 443,8443,9000-9010",
    reason: "these speak TLS; port 25 would make it a relay for mail (RFC 9110 section 9.3.6)",
  }),
  httpPorts: option(ports.optional(), {
    group: "way",
    placeholder: "<ports>",
    description: "ports that other requests may lead to, written the same way",
    defaultText: "80,443,1024-65535; all with --allow-private",
    reason:
      "these speak HTTP; services below 1024, mail among them, may take the lines of a request for commands (as in Squid)",
  }),
  allowPrivate: option(z.boolean().prefault(false), {
    group: "way",
    description:
      "reach addresses that are not public, too: loopback, private, link-local; never metadata servers of clouds, nor the admin port",
    reason: "clients should not get through this machine to what only it can reach",
  }),
  users: option(z.string().min(1, "it is empty: write a file's path").optional(), {
    group: "way",
    placeholder: "<file>",
    description:
      "who may use the proxy: a file with a line NAME:HASH each, hashes made with --hash-password; SIGHUP reads it again",
    defaultText: "anyone who can reach it",
    reason: "by default that is this machine alone",
  }),
  ...shared,
  setRequestFields: option(fieldSettings(), {
    ...optionText("setRequestFields"),
    description:
      'a field of each request, instead of what the client sent: "X-Env: test"; "Name:" takes it away; repeatable; not of requests ' +
      "in tunnels (https), which only their two ends can read",
  }),
  setResponseFields: option(fieldSettings(), {
    ...optionText("setResponseFields"),
    description: 'the same of each response of an origin: "X-Frame-Options: DENY"; repeatable; not in tunnels (https)',
  }),
});

export type ForwardOptionName = keyof typeof forwardSchema.shape;
export const forwardOptionNames = Object.keys(forwardSchema.shape) as readonly ForwardOptionName[];

/** Origins with connections at once: more than people and programs behind one proxy visit within a minute. */
const ORIGINS_MAX = 1_024;
/** Idle connections to all of them: what a handful of browsers leave behind, and no more than descriptors allow. */
const IDLE_MAX = 512;
const IDLE_SHARE_OF_DESCRIPTORS = 1 / 8;
const LOOKUPS_SHARE_OF_DESCRIPTORS = 1 / 16;

/**
 * Reads options.
 *
 * @param files that users are read from, as another process has seen them
 * @throws HopwiseError `option-unknown` or `option-invalid`, for the first thing that is wrong, in the users' file, too
 */
export function readForwardOptions(
  options: ForwardOptions = {},
  limit: number = descriptorLimit(),
  files: Files = filesNow,
): ProxyConfig {
  const { hooks, rest } = hooksIn(options);
  if ((rest as { rewritePath?: unknown }).rewritePath !== undefined)
    throw new HopwiseError("option-unknown", PATHS_ARE_CLIENTS, "rewritePath");
  const values = readWith(forwardSchema, rest);
  const share = (part: number, max: number) =>
    Math.max(1, Math.min(max, Math.floor((limit - DESCRIPTORS_RESERVED) * part)));
  const idleMax = share(IDLE_SHARE_OF_DESCRIPTORS, IDLE_MAX);
  const lookupsMax = share(LOOKUPS_SHARE_OF_DESCRIPTORS, LOOKUPS_MAX);
  if (values.via === VIA_OFF) throw new HopwiseError("option-invalid", VIA_NEEDED, "via");
  const listeners = readListeners({ ...values, listen: [{ ...values.listen, scheme: undefined }] });
  const config = sharedConfig(values, listeners, limit, idleMax + lookupsMax);
  const file = values.users;
  const authentication = file === undefined ? undefined : new BasicAuthentication(readUsersFile(file, files));
  const { connectPorts: mayConnectTo, allowPrivate: allowsPrivate } = values;
  const { httpPorts: mayRequestFrom = allowsPrivate ? ALL_PORTS : HTTP_PORTS } = values;
  const warning = authentication === undefined ? openProxyWarning(config.listen.host) : undefined;
  return {
    ...config,
    warnings: [...config.warnings, ...warningsAboutTimes(values, options), ...(warning === undefined ? [] : [warning])],
    gateway: {
      ...config.gateway,
      forward: { mayConnectTo, mayRequestFrom, authentication, originsMax: ORIGINS_MAX, idleMax },
    },
    hooks: hookSettings(values, [], hooks),
    dialGuard: new DialGuard({ allowsPrivate }),
    lookupsMax,
    ...(file === undefined || authentication === undefined ? {} : { users: [{ file, authentication }] }),
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Of a proxy that asks nobody who they are; where only this machine reaches it: undefined. */
export function openProxyWarning(host: string): string | undefined {
  if (isLoopback(host)) return undefined;
  return `anyone who can reach ${host} can use this proxy: restrict it with --users, or listen on 127.0.0.1`;
}
