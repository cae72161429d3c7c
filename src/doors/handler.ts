/**
 * The handler door: hopwise inside someone's own server, for its requests and its upgrades.
 *
 * The server outside owns its clients' connections: parsing, keep-alive, `Expect`, half-close, limits of heads and of idle time. From
 * the request on everything is as in a proxy that listens by itself. Deliberately absent: any subscription but by `attach`.
 */

import { type ClosingOptions, GRACE_MS_MAX, readGrace } from "../config/closing-options.ts";
import { HopwiseError } from "../config/error.ts";
import { Members } from "../connection/lists.ts";
import type { DrainReport } from "../gateway/drain-report.ts";
import { Gateway } from "../gateway/gateway.ts";
import { EventHub, type ProxyEventName, type ProxyListener } from "../ledger/events.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Observers } from "../ledger/observers.ts";
import { type ProxyStats, statsOf } from "../ledger/stats.ts";
import { nodeClock } from "../net/node-clock.ts";
import { dialer } from "../net/runtime.ts";
import { answerAtEnd, readForwarded } from "./asked.ts";
import { DoorExchange } from "./door-exchange.ts";
import { release, take } from "./given-twice.ts";
import { type HandlerConfig, readHandlerOptions } from "./handler-config.ts";
import type { HandlerOptions } from "./handler-options.ts";
import type {
  HandlerRequest,
  HandlerResponse,
  HandlerServer,
  HandlerSocket,
  Next,
  OuterListener,
  Request,
  Response,
} from "./outer.ts";
import { OuterConnections } from "./outer-client.ts";
import { leaveBodiesToRequests, upgrade } from "./upgrade.ts";

/**
 * A handler for requests of someone's own server: `http.createServer(handler)`, `app.use(handler)`, `app.use("/api", handler)`.
 * `createHandler` makes one.
 */
export interface HopwiseHandler {
  /**
   * Forwards a request. It is answered in any case, also with an error; only with the option `errors: "next"` errors go to `next`,
   * and then never once the response has begun.
   */
  (request: HandlerRequest, response: HandlerResponse, next?: Next): void;
  /** Forwards an upgrade: a listener for the event `upgrade` of a server. Errors are answered on the socket. */
  upgrade(request: HandlerRequest, socket: HandlerSocket, head: Uint8Array): void;
  /** Takes all requests and upgrades of a server: subscribes to its events `request` and `upgrade`, unless it does so already. */
  attach(server: HandlerServer): HopwiseHandler;
  /**
   * Drains and closes: what is in flight may finish, what comes from now on is answered 503, and the connections to the origin close.
   * The server outside is its owner's to close, before or after. Calling it again gives the same promise.
   *
   * @param options `graceMs`: how long what is in flight may take, in milliseconds. Default: the option `drainTimeout`.
   * @returns how much was cut when that time was over
   */
  close(options?: ClosingOptions): Promise<DrainReport>;
  /** `await using handler = createHandler(…)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void>;
  /** Figures since the start. Clients' connections are the server's outside: of them only those of upgrades are counted. */
  stats(): ProxyStats;
  /** Calls `listener` whenever `name` happens. Listeners are called apart from the traffic and cannot delay it. */
  on<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): HopwiseHandler;
  /** Calls `listener` when `name` happens next, and never again. */
  once<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): HopwiseHandler;
  /** Calls `listener` no more. */
  off<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): HopwiseHandler;
}

/**
 * Makes a handler that forwards requests of someone's own server.
 *
 * ```ts
 * const handler = createHandler({ to: "http://127.0.0.1:3000" });
 * const server = http.createServer();
 * handler.attach(server);
 * server.listen(8080);
 * ```
 *
 * @throws HopwiseError `option-unknown`, `option-missing` or `option-invalid`, with a sentence that says what to write
 */
export function createHandler(options: HandlerOptions): HopwiseHandler {
  const door = new HandlerDoor(readHandlerOptions(options));
  const handler: HopwiseHandler = Object.assign(
    (request: HandlerRequest, response: HandlerResponse, next?: Next) => door.handle(request, response, next),
    {
      upgrade: (request: HandlerRequest, socket: HandlerSocket, head: Uint8Array) =>
        door.upgrade(request, socket, head),
      attach: (server: HandlerServer) => {
        subscribe(server, "request", handler as OuterListener);
        subscribe(server, "upgrade", handler.upgrade as OuterListener);
        leaveBodiesToRequests(server);
        return handler;
      },
      close: (closing: ClosingOptions = {}) => door.close(closing),
      [Symbol.asyncDispose]: () => door.close().then(() => undefined),
      stats: () => statsOf(door.ledger),
      on: <Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>) => {
        door.events.on(name, listener);
        return handler;
      },
      once: <Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>) => {
        door.events.on(name, listener, true);
        return handler;
      },
      off: <Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>) => {
        door.events.off(name, listener);
        return handler;
      },
    },
  );
  return handler;
}

/** Once, also where the server was made with the handler. */
function subscribe(server: HandlerServer, event: string, listener: OuterListener): void {
  if (server.listeners?.(event).includes(listener) !== true) server.on(event, listener);
}

class HandlerDoor {
  readonly ledger = new Ledger(nodeClock);
  readonly events = new EventHub(nodeClock);
  private readonly config: HandlerConfig;
  private readonly gateway: Gateway;
  private readonly connections: OuterConnections;
  private readonly inProgress = new Members<DoorExchange>();
  private readonly onEnded = (exchange: DoorExchange) => {
    this.inProgress.delete(exchange);
    release(exchange.response);
    if (this.inProgress.size === 0) this.onIdle?.();
  };
  private onIdle: (() => void) | undefined;
  private closing: Promise<DrainReport> | undefined;

  constructor(config: HandlerConfig) {
    this.config = config;
    // What goes on behind an upgrade that was refused is another request of the server's outside, which judges those.
    const settings = { ...config.proxy.gateway, maxRequests: 1 };
    const observer = new Observers(this.ledger, this.events);
    this.gateway = new Gateway(settings, { clock: nodeClock, dialer, observer, hooks: config.proxy.hooks });
    this.ledger.watch(this.gateway);
    this.connections = new OuterConnections({
      newId: () => this.gateway.newId(),
      now: () => nodeClock.now(),
      isTrusted: settings.isTrusted,
    });
  }

  handle(request: Request, response: Response, next: Next | undefined): void {
    // Nobody is there any more to be answered, and nothing would tell.
    if (response.destroyed === true || request.stream?.destroyed === true) return;
    // Behind others on its connection, its response is not told.
    if (response.socket === null && request.socket?.destroyed === true) return;
    if (response.writableEnded === true) return;
    if (!take(response)) return;
    if (response.headersSent) return void response.destroy?.();
    const { gateway, config } = this;
    const client = this.connections.clientOf(request);
    const asked = readForwarded(request, response, client, gateway.context, config);
    const exchange = new DoorExchange({
      request,
      response,
      client,
      context: gateway.context,
      next: config.handsErrorsOn ? next : undefined,
      onEnded: this.onEnded,
    });
    this.inProgress.add(exchange);
    if ("refusal" in asked) exchange.refuse(asked.refusal, asked.head);
    else if (this.closing !== undefined) exchange.refuse("drain-deadline", asked.head);
    else if (asked.admission.maxForwards === 0)
      exchange.answerFinally(answerAtEnd(asked.head, gateway.context), asked.head);
    else exchange.start(asked);
  }

  upgrade(request: Request, socket: HandlerSocket, head: Uint8Array): void {
    if (take(socket)) upgrade(this.gateway, this.closing !== undefined, request, socket, head);
  }

  close(options?: ClosingOptions): Promise<DrainReport> {
    const grace_ms = readGrace(options);
    if (grace_ms instanceof HopwiseError) return Promise.reject(grace_ms);
    this.closing ??= this.drain(grace_ms ?? Math.min(this.config.proxy.drainTimeout_ms, GRACE_MS_MAX));
    return this.closing;
  }

  private async drain(grace_ms: number): Promise<DrainReport> {
    const { gateway, inProgress } = this;
    const endsAt_ms = nodeClock.now() + grace_ms;
    gateway.beginDrain();
    if (inProgress.size > 0) {
      await new Promise<void>((resolve) => {
        const stop = nodeClock.after(grace_ms, resolve);
        this.onIdle = () => {
          stop();
          resolve();
        };
      });
    }
    const left = [...inProgress];
    for (const exchange of left) exchange.cut();
    const report = await gateway.drain(Math.max(0, endsAt_ms - nodeClock.now()), left.length);
    this.events.flush();
    return report;
  }
}
