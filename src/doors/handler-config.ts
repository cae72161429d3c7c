/**
 * The options of a handler, read: what it needs, or one sentence about what to write instead.
 *
 * Deliberately absent: the options themselves. Those of proxies are in the config room, a handler's own in handler-options.ts.
 */
import { HopwiseError } from "../config/error.ts";
import { namesOf, type ProxyConfig, readProxyOptions, unknownOption } from "../config/options.ts";
import { proxySchema } from "../config/schema.ts";
import type { HandlerOptions } from "./handler-options.ts";

/** What a handler needs, decided. */
export interface HandlerConfig {
  readonly proxy: ProxyConfig;
  readonly keepsMountPath: boolean;
  readonly handsErrorsOn: boolean;
  readonly body: HandlerOptions["body"] | undefined;
}

const mountPaths = ["strip", "keep"] as const;
const errorWays = ["answer", "next"] as const;

/** What belongs to the server outside. */
const OUTSIDE: ReadonlySet<string> = new Set([
  "listen",
  "host",
  "port",
  "redirect",
  "redirectPort",
  "tlsCert",
  "tlsKey",
  "tls",
  "clientCa",
  "clientCert",
  "proxyProtocol",
  "keepAliveTimeout",
  "maxRequests",
  "maxConnections",
  "headTimeout",
  "clientClose",
  "reusePort",
  "drainDelay",
  "admin",
  "accessLog",
  "logFormat",
  "logConnections",
  "trace",
]);

const names = [...namesOf(proxySchema), "mountPath", "errors", "body"].filter((name) => !OUTSIDE.has(name));

/** @throws HopwiseError `option-unknown`, `option-missing` or `option-invalid`, for the first thing that is wrong */
export function readHandlerOptions(options: HandlerOptions): HandlerConfig {
  const { mountPath, errors, body, ...rest } = options ?? {};
  for (const name of Object.keys(rest)) {
    if (names.includes(name)) continue;
    if (!OUTSIDE.has(name)) throw unknownOption(name, names);
    throw new HopwiseError("option-unknown", "that is decided by the server that the handler is in", name);
  }
  if (body !== undefined && typeof body !== "function") {
    throw new HopwiseError(
      "option-invalid",
      "write a function that is given the request, and returns its body",
      "body",
    );
  }
  return {
    // Nobody listens; with a port the origin could seem to be this proxy itself.
    proxy: readProxyOptions({ ...rest, port: 0, admin: false }),
    keepsMountPath: chosen(mountPaths, mountPath, "mountPath") === "keep",
    handsErrorsOn: chosen(errorWays, errors, "errors") === "next",
    body,
  };
}

function chosen<Word extends string>(words: readonly [Word, ...Word[]], value: unknown, name: string): Word {
  const word = value === undefined ? words[0] : words.find((one) => one === value);
  if (word === undefined) throw new HopwiseError("option-invalid", `write ${words.join(" or ")}`, name);
  return word;
}
