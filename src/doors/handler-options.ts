/**
 * The options of a handler: those of a proxy that are not the business of the server outside, and those that only a handler has.
 *
 * Deliberately absent: where to listen, and everything about clients' connections.
 */
import { HopwiseError } from "../config/error.ts";
import { type ProxyConfig, readProxyOptions } from "../config/options.ts";
import type { ProxyOptions } from "../config/public-options.ts";
import type { HandlerRequest } from "./outer.ts";

/** Options of a handler inside someone's own server. Every one but `to` has a default. */
export interface HandlerOptions
  extends Pick<
    ProxyOptions,
    | "to"
    | "bodyTimeout"
    | "minRate"
    | "maxHeadSize"
    | "connectTimeout"
    | "responseTimeout"
    | "poolIdleTimeout"
    | "poolSize"
    | "tolerate"
    | "originHost"
    | "tunnelTimeout"
    | "trusted"
    | "forwarded"
    | "via"
    | "drainTimeout"
  > {
  /**
   * What the origin is asked for where a framework has mounted the handler under a path: `strip` sends `request.url`, from which the
   * framework has cut that path off; `keep` sends `request.originalUrl`, the whole of it. Default: `strip`.
   */
  readonly mountPath?: "strip" | "keep" | undefined;
  /**
   * What becomes of a request that hopwise cannot forward, or an origin does not answer: `answer` answers it as a proxy does; `next`
   * gives a `HandlerError` to `next`, where there is one and nothing has been answered yet. Default: `answer`.
   */
  readonly errors?: "answer" | "next" | undefined;
  /**
   * The body of a request whose body was read before the handler got it, for instance by `express.json()`. Asked only then;
   * `undefined`: as by default. Default: JSON, forms, texts and buffers in `request.body` are written again where that is exact;
   * anything else is answered with `body-consumed`.
   */
  body?(request: HandlerRequest & { readonly body?: unknown }): string | Uint8Array | undefined;
}

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
  "keepAliveTimeout",
  "maxRequests",
  "maxConnections",
  "headTimeout",
  "clientClose",
  "reusePort",
  "drainDelay",
  "admin",
  "accessLog",
  "logConnections",
]);

/** @throws HopwiseError `option-unknown`, `option-missing` or `option-invalid`, for the first thing that is wrong */
export function readHandlerOptions(options: HandlerOptions): HandlerConfig {
  const { mountPath, errors, body, ...rest } = options ?? {};
  for (const name of Object.keys(rest)) {
    if (!OUTSIDE.has(name)) continue;
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
