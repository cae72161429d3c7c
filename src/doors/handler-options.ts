/**
 * The options of a handler, as those write them who use the library: those of a proxy that are not the business of the server
 * outside, and those that only a handler has.
 *
 * Deliberately absent: where to listen, and everything about clients' connections; reading them, see handler-config.ts.
 */
import type { ProxyOptions } from "../config/public-options.ts";
import type { Hooks } from "../exchange/hooks.ts";
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
    | "sendProxyProtocol"
    | "tolerate"
    | "originHost"
    | "tunnelTimeout"
    | "trusted"
    | "forwarded"
    | "via"
    | "rewritePath"
    | "setRequestFields"
    | "setResponseFields"
    | "hookTimeout"
    | keyof Hooks
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
