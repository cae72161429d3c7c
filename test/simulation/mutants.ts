/**
 * Proxies that are broken on purpose, one law at a time: the proof that the checks bite.
 *
 * A mutant changes one method while it is applied; the source stays as it is. What is not there any more is an error, so
 * that no mutant silently mutates nothing.
 */
import { Deadlines } from "../../src/connection/deadlines.ts";
import { Ranking } from "../../src/connection/fair-share.ts";
import { Life } from "../../src/connection/life.ts";
import { HopMessages } from "../../src/connection/message-states.ts";
import { Exchange } from "../../src/exchange/exchange.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { OriginSide } from "../../src/exchange/origin-side.ts";
import type { ConcurrencyLimit } from "../../src/exchange/policy.ts";
import { RequestRelay } from "../../src/exchange/request-relay.ts";
import { RouteLines } from "../../src/exchange/route-lines.ts";
import { DownstreamConnection } from "../../src/gateway/downstream.ts";
import { Http1ClientSide } from "../../src/http1/http1-client-side.ts";
import { Http1OriginSide } from "../../src/http1/http1-origin-side.ts";
import { Outbox } from "../../src/net/outbox.ts";
import type { Socket } from "../../src/net/ports.ts";
import { Bindings } from "../../src/pool/bindings.ts";
import { PoolDirectory } from "../../src/pool/directory.ts";
import { Endpoint } from "../../src/pool/endpoint.ts";
import { Manners } from "../../src/pool/manners.ts";
import { Pool } from "../../src/pool/pool.ts";
import { PooledConnection } from "../../src/pool/pooled-connection.ts";
import { Search } from "../../src/pool/search.ts";
import { SharedIdle } from "../../src/pool/shared-idle.ts";
import { type RoutedRequest, RouteTable } from "../../src/routes/route-table.ts";
import { FieldTable, Kind } from "../../src/wire/fields.ts";
import type { Check } from "./failure.ts";

export interface Mutant {
  readonly name: string;
  /** Any of these checks must fail. */
  readonly caughtBy: readonly Check[];
  /** A seed in which it shows: the search begins there. Default: 1. */
  readonly from?: number;
  /** Breaks the proxy; returns how to mend it. */
  readonly apply: () => () => void;
}

type Method = (...values: unknown[]) => unknown;
/** What is changed, with everything in it, private or not. */
type Insides = Record<string, unknown>;

/** Replaces a method; `change` gets the object and the original, bound to it. */
export function method(
  prototype: object,
  name: string,
  change: (self: Insides, original: Method, values: unknown[]) => unknown,
): () => void {
  const before = Object.getOwnPropertyDescriptor(prototype, name);
  if (typeof before?.value !== "function") throw new Error(`there is no method ${name}`);
  const original = before.value as Method;
  const value = function (this: Insides, ...values: unknown[]): unknown {
    return change(this, original.bind(this), values);
  };
  Object.defineProperty(prototype, name, { ...before, value });
  return () => Object.defineProperty(prototype, name, before);
}

function getter(prototype: object, name: string, change: (self: Insides, original: unknown) => unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(prototype, name);
  const original = before?.get;
  if (before === undefined || original === undefined) throw new Error(`there is no getter ${name}`);
  Object.defineProperty(prototype, name, {
    ...before,
    get(this: Insides) {
      return change(this, original.call(this));
    },
  });
  return () => Object.defineProperty(prototype, name, before);
}

function all(...changes: (() => void)[]): () => void {
  return () => {
    for (const mend of changes.reverse()) mend();
  };
}

function relaying(kind: Kind): () => void {
  return method(FieldTable.prototype, "kind", (_self, original, values) => {
    const actual = original(...values);
    return actual === kind ? Kind.other : actual;
  });
}

export const mutants: readonly Mutant[] = [
  {
    name: "matches routes on the raw path",
    from: 3,
    caughtBy: ["routes"],
    apply: () =>
      method(RouteTable.prototype, "find", (_self, original, [request]) => {
        const { method, authority, head } = request as RoutedRequest & { readonly head?: { readonly target: string } };
        if (head === undefined) return original(request as RoutedRequest);
        const [path = ""] = head.target.replace(/^http:\/\/[^/]*/, "").split("?");
        return original({ method, authority, path, field: () => undefined });
      }),
  },
  {
    name: "keeps the place among the requests of a route when its client leaves",
    from: 3,
    caughtBy: ["nothing-left", "liveness"],
    apply: () =>
      method(RouteLines.prototype, "leave", (_self, original, values) =>
        (values[0] as ExchangeRecord).outcome === "client-gone" ? undefined : original(...values),
      ),
  },
  {
    name: "lets everybody through at once who waits for a route",
    from: 3,
    caughtBy: ["limits"],
    apply: () =>
      method(RouteLines.prototype, "enter", (_self, original, [route, limit, asker]) =>
        original(route, { ...(limit as ConcurrencyLimit), max: 1_000 }, asker),
      ),
  },
  {
    name: "relays Connection",
    caughtBy: ["hop-by-hop"],
    apply: () => relaying(Kind.connection),
  },
  {
    name: "relays Keep-Alive",
    caughtBy: ["hop-by-hop"],
    apply: () => relaying(Kind.keepAlive),
  },
  {
    name: "reuses a connection with unread octets",
    from: 116,
    caughtBy: ["clean-reuse"],
    apply: () =>
      all(
        method(PooledConnection.prototype, "onData", (self, original, values) =>
          self.user === undefined ? undefined : original(...values),
        ),
        method(Http1OriginSide.prototype, "end", (self, original) => {
          (self.connection as Insides).hasUnreadOctets = false;
          return original();
        }),
      ),
  },
  {
    name: "reuses a connection that its origin has ended",
    caughtBy: ["clean-reuse"],
    apply: () =>
      method(PooledConnection.prototype, "onEnd", (self, original) =>
        self.user === undefined ? undefined : original(),
      ),
  },
  {
    name: "retries a POST",
    from: 24,
    caughtBy: ["nothing-twice"],
    apply: () =>
      method(Exchange.prototype, "retry", (self, original, values) => {
        const { head } = self as { head: { readonly method: string } };
        // What is asked first of it is whether it may go again.
        const answers = ["PUT"];
        const value = Object.create(head, { method: { get: () => answers.pop() ?? head.method } });
        Object.defineProperty(self, "head", { value, configurable: true, writable: true });
        try {
          return original(...values);
        } finally {
          Object.defineProperty(self, "head", { value: head, configurable: true, writable: true });
        }
      }),
  },
  {
    name: "drops the last chunk",
    caughtBy: ["liveness", "answer-or-close", "unambiguous-request", "response-belongs-to-request"],
    apply: () =>
      method(Outbox.prototype, "addText", (_self, original, values) =>
        typeof values[0] === "string" && values[0].startsWith("0\r\n") ? undefined : original(...values),
      ),
  },
  {
    name: "makes a truncated response look complete",
    from: 134,
    caughtBy: ["truncation-is-visible"],
    apply: () =>
      method(Http1OriginSide.prototype, "onEnd", (self, original) => {
        if ((self.messages as HopMessages).responder !== "body") return original();
        return (self.response as unknown as Completable).complete(false);
      }),
  },
  {
    name: "makes a truncated request look complete",
    from: 31,
    caughtBy: ["truncation-is-visible"],
    apply: () =>
      method(Exchange.prototype, "onClientEnd", (self, original) => {
        const relay = self.request as unknown as Insides;
        const origin = self.origin as (OriginSide & Insides) | undefined;
        const isOpen = relay.mode === "streaming" && relay.isComplete !== true && origin?.isChunked === true;
        if (isOpen) origin.endBody(undefined);
        if (isOpen) origin.flush();
        return original();
      }),
  },
  {
    name: "takes the rest of a request that it has dropped for the next one",
    caughtBy: ["response-belongs-to-request", "well-formed-response", "unambiguous-request", "liveness"],
    apply: () =>
      method(HopMessages.prototype, "drop", (self) => {
        self.requester = "done";
        if (self.responder === "idle") self.responder = "awaited";
      }),
  },
  {
    name: "forgets why a connection closes",
    caughtBy: ["one-reason-each"],
    apply: () =>
      method(Life.prototype, "transportClosed", (self, original, values) => {
        const isNews = original(...values);
        if (self.closeReason === "idle-timeout") self.closeReason = undefined;
        return isNews;
      }),
  },
  {
    name: "tells a close twice",
    caughtBy: ["one-reason-each"],
    apply: () =>
      method(Endpoint.prototype, "onClosed", (_self, original, values) => {
        original(...values);
        original(...values);
      }),
  },
  {
    name: "leaks a connection to an origin",
    caughtBy: ["nothing-left", "answer-or-close"],
    apply: () =>
      method(PooledConnection.prototype, "close", (self, original, values) =>
        values[0] === "close-received" ? (self.leave as Method).call(self) : original(...values),
      ),
  },
  {
    name: "leaks a client's connection",
    caughtBy: ["nothing-left", "answer-or-close"],
    apply: () =>
      method(DownstreamConnection.prototype, "onClose", (self, original, values) =>
        (self.life as Life).state === "idle" ? undefined : original(...values),
      ),
  },
  {
    name: "closes at once instead of reading on",
    from: 25,
    caughtBy: ["liveness"],
    apply: () =>
      method(DownstreamConnection.prototype, "close", (self, original, values) => {
        original(...values);
        (self.socket as Socket).destroy();
      }),
  },
  {
    name: "mixes up responses",
    caughtBy: ["response-belongs-to-request", "well-formed-response", "hop-by-hop"],
    apply: () => {
      let before: DownstreamConnection | undefined;
      let turn = 0;
      return method(DownstreamConnection.prototype, "flush", (self, original) => {
        const current = self as unknown as DownstreamConnection;
        const other = before;
        before = current;
        if (other === undefined || other === current || other.life.state !== "active" || ++turn % 5 > 0) {
          return original();
        }
        const outbox = current.outbox as unknown as Insides;
        outbox.socket = other.socket;
        current.outbox.flush();
        outbox.socket = current.socket;
        return undefined;
      });
    },
  },
  {
    name: "leaves behind in an outbox what has left",
    caughtBy: ["nothing-left", "response-belongs-to-request", "well-formed-response", "unambiguous-request"],
    apply: () => {
      let turn = 0;
      return method(Outbox.prototype, "flush", (self, original) => {
        const { text, size } = self;
        const mayGoOn = original();
        if (++turn % 5 === 0) Object.assign(self, { text, size });
        return mayGoOn;
      });
    },
  },
  {
    name: "answers pipelined requests out of order",
    caughtBy: ["response-belongs-to-request", "well-formed-response", "liveness", "nothing-throws", "hop-by-hop"],
    apply: () =>
      method(DownstreamConnection.prototype, "keepPipelined", (self, original, values) => {
        self.exchange = undefined;
        return original(...values);
      }),
  },
  {
    name: "keeps octets beyond the call that brought them",
    caughtBy: ["unambiguous-request", "truncation-is-visible"],
    apply: () =>
      method(RequestRelay.prototype, "hold", (self, _original, values) => {
        const [octets] = values as [Uint8Array];
        self.held = [...((self.held as Uint8Array[] | undefined) ?? []), octets];
        self.heldBytes = (self.heldBytes as number) + octets.length;
      }),
  },
  {
    name: "reads on from a client whose origin takes nothing",
    from: 14,
    caughtBy: ["limits"],
    apply: () => method(DownstreamConnection.prototype, "pause", () => undefined),
  },
  {
    name: "has no limits of time",
    caughtBy: ["liveness", "answer-or-close"],
    apply: () => method(Deadlines.prototype, "sweep", () => undefined),
  },
  {
    name: "ignores what an origin promises of its connection",
    caughtBy: ["limits"],
    apply: () => method(PooledConnection.prototype, "noteTerms", () => undefined),
  },
  {
    name: "takes one origin for another",
    caughtBy: ["unambiguous-request"],
    apply: () =>
      method(PoolDirectory.prototype, "find", (_self, original, [name]) =>
        original(String(name).replace(/origin\d/, "origin1")),
      ),
  },
  {
    name: "lets as many connections idle as there are",
    from: 25,
    caughtBy: ["limits"],
    apply: () => method(SharedIdle.prototype, "add", () => undefined),
  },
  {
    name: "lends an authenticated connection",
    caughtBy: ["bound-to-client"],
    apply: () => method(PooledConnection.prototype, "isBoundToAnother", () => false),
  },
  {
    name: "does not recognize credentials that bind",
    caughtBy: ["bound-to-client"],
    apply: () => method(Bindings.prototype, "bind", () => undefined),
  },
  {
    name: "keeps what was bound to a client that is gone",
    caughtBy: ["bound-to-client"],
    apply: () => method(Bindings.prototype, "end", () => undefined),
  },
  {
    name: "lends connections that have grown old",
    from: 17,
    caughtBy: ["limits"],
    apply: () => method(PooledConnection.prototype, "isTooOld", () => false),
  },
  {
    name: "trusts an origin that has just said more than it was asked for",
    caughtBy: ["clean-reuse"],
    apply: () => method(Manners.prototype, "isDistrusted", () => false),
  },
  {
    name: "does not wait for a body that may follow an answer to HEAD",
    caughtBy: ["clean-reuse"],
    apply: () => method(PooledConnection.prototype, "doubtEnd", () => undefined),
  },
  {
    name: "has no limit of connections to an origin",
    caughtBy: ["limits"],
    apply: () => getter(Endpoint.prototype, "size", () => 0),
  },
  {
    name: "forgets weight 0",
    from: 8,
    caughtBy: ["weights"],
    apply: () => getter(Endpoint.prototype, "weight", () => 1),
  },
  {
    name: "forgets that an endpoint has less room than others",
    from: 8,
    caughtBy: ["limits"],
    apply: () =>
      method(Search.prototype, "proceed", (self, original, values) => {
        const pool = self.pool as Pool;
        for (const endpoint of pool.endpoints) Object.assign(endpoint, { sizeMax: pool.options.size });
        return original(...values);
      }),
  },
  {
    name: "evicts the client that has least",
    caughtBy: ["fair-share"],
    apply: () =>
      method(Ranking.prototype, "mostHeldBut", (self) => {
        const holders = [...(self.holders as Map<string, { count: number; yielding: unknown[] }>).values()];
        return holders.filter(({ yielding }) => yielding.length > 0).toSorted((a, b) => a.count - b.count)[0];
      }),
  },
  {
    name: "does not tell that it opens a connection",
    caughtBy: ["told-as-it-is"],
    apply: () => method(Exchange.prototype, "onSearch", () => undefined),
  },
  {
    name: "leaves the first byte out of the record",
    caughtBy: ["told-as-it-is"],
    apply: () =>
      method(Exchange.prototype, "onBegun", (self, original) => {
        original();
        (self.record as Insides).firstByteAt_ms = undefined;
      }),
  },
  {
    name: "keeps the phases of an attempt that was lost",
    from: 18,
    caughtBy: ["told-as-it-is"],
    apply: () =>
      method(Exchange.prototype, "onLost", (self, original, values) => {
        const record = self.record as Insides;
        const { sentAt_ms } = record;
        original(...values);
        if ((record.retries as number) > 0) record.sentAt_ms ??= sentAt_ms;
      }),
  },
  {
    name: "has no limit of origins",
    caughtBy: ["limits"],
    apply: () => method(PoolDirectory.prototype, "makeRoom", () => true),
  },
  {
    name: "dials on for a request that is gone",
    from: 207,
    caughtBy: ["nothing-left"],
    apply: () =>
      method(Search.prototype, "cancel", (self, original) => {
        for (const dial of self.dials as Insides[]) dial.giveUp = () => undefined;
        return original();
      }),
  },
  {
    name: "forgets to drain what is not named any more",
    caughtBy: ["left-drains"],
    apply: () =>
      method(Endpoint.prototype, "drain", (_self, original, values) =>
        values[0] === "endpoint-left" ? undefined : original(...values),
      ),
  },
  {
    name: "goes on with the endpoints that it began with",
    caughtBy: ["left-drains"],
    apply: () => method(Pool.prototype, "update", () => undefined),
  },
  {
    name: "passes 1xx on to clients of HTTP/1.0",
    caughtBy: ["well-formed-response"],
    apply: () =>
      method(Http1ClientSide.prototype, "interim", (self, original, values) => {
        const request = self.request as object;
        self.request = Object.create(request, { minorVersion: { value: 1 } });
        original(...values);
        self.request = request;
      }),
  },
];

interface Completable {
  complete(hasMore: boolean): void;
}
