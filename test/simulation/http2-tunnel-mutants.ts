/** Proxies whose tunnels over HTTP/2 are broken on purpose: as in mutants.ts. */
import { Tunnel } from "../../src/exchange/tunnel.ts";
import { Http2Exchange } from "../../src/gateway/http2-exchange.ts";
import { codes, type ServerHttp2Stream } from "../../src/http2/session.ts";
import { StreamSocket } from "../../src/http2/stream-socket.ts";
import type { SocketHandler } from "../../src/net/ports.ts";
import { TUNNELS_FROM } from "./http2-tunnel-world.ts";
import { type Mutant, method } from "./mutants.ts";

const { prototype } = StreamSocket;

/** A DATA frame of one byte that ends nothing. */
function dataOn(stream: number): Buffer {
  const frame = Buffer.alloc(10);
  frame[2] = 1;
  frame.writeUInt32BE(stream, 5);
  return frame;
}

interface Ending {
  readonly downstream: { readonly socket: StreamSocket };
  over(): void;
}

const mutants: readonly Mutant[] = [
  {
    name: "loses that a client has ended its side of a tunnel",
    from: TUNNELS_FROM + 2,
    caughtBy: ["liveness", "one-reason-each"],
    apply: () => method(prototype, "onEnd", () => undefined),
  },
  {
    name: "loses that an origin has ended its side of a tunnel",
    caughtBy: ["liveness", "one-reason-each"],
    apply: () => method(prototype, "end", () => undefined),
  },
  {
    name: "ends a tunnel in order that its client has reset",
    caughtBy: ["truncation-is-visible"],
    apply: () =>
      method(prototype, "onEnd", (self) => {
        (self.handler as SocketHandler).onEnd();
      }),
  },
  {
    name: "ends a tunnel in order that its origin has reset",
    from: TUNNELS_FROM + 4,
    caughtBy: ["truncation-is-visible"],
    apply: () =>
      method(Tunnel.prototype, "onClose", (self, original, [fault]) => {
        if (fault === undefined) return original(fault);
        (self as unknown as Ending).downstream.socket.end();
        return (self as unknown as Ending).over();
      }),
  },
  {
    name: "says more on a stream that it has reset",
    from: TUNNELS_FROM + 33,
    caughtBy: ["well-formed-response"],
    apply: () =>
      method(Http2Exchange.prototype, "reset", (self, original) => {
        original();
        const { stream, connection } = self as { stream: ServerHttp2Stream; connection: object };
        const below = (connection as { readonly stream: { write(bytes: Buffer): void; readonly writable: boolean } })
          .stream;
        const frame = dataOn(stream.id ?? 0);
        setImmediate(() => below.writable && below.write(frame));
      }),
  },
  {
    name: "does not count a tunnel as ended",
    caughtBy: ["nothing-left", "cancelled-is-over", "told-as-it-is", "answer-or-close"],
    apply: () => method(Tunnel.prototype, "over", () => undefined),
  },
  {
    name: "loses the body of a refusal",
    from: TUNNELS_FROM + 1,
    caughtBy: ["truncation-is-visible"],
    apply: () =>
      method(Http2Exchange.prototype, "body", (self, original, values) =>
        self.agreement === undefined ? original(...values) : undefined,
      ),
  },
  {
    name: "takes any 2xx for an agreement, and any proof of it",
    from: TUNNELS_FROM + 1,
    caughtBy: ["well-formed-response", "response-belongs-to-request"],
    apply: () =>
      method(Http2Exchange.prototype, "readHead", (self, original, values) => {
        const head = original(...values);
        self.agreement = undefined;
        return head;
      }),
  },
  {
    name: "never gives up on a silent tunnel",
    caughtBy: ["nothing-left", "answer-or-close", "liveness"],
    apply: () => method(Tunnel.prototype, "onDeadline", () => undefined),
  },
  {
    name: "tells of a tunnel that gave way where the time of a drain was over",
    from: TUNNELS_FROM + 1,
    caughtBy: ["one-reason-each"],
    apply: () =>
      method(Tunnel.prototype, "cut", (self) => {
        if (self.isOver !== true && self.isEnding !== true) (self.breakOff as (reason: string) => void)("evicted");
      }),
  },
  {
    name: "reads on from an origin whose client takes nothing",
    caughtBy: ["limits"],
    apply: () => method(Tunnel.prototype, "hold", () => undefined),
  },
  {
    name: "ends all that is on a connection with one of its tunnels",
    from: TUNNELS_FROM + 4,
    caughtBy: ["liveness"],
    apply: () =>
      method(prototype, "reset", (self) => {
        (self.stream as ServerHttp2Stream).session?.destroy(codes.cancel as never);
      }),
  },
  {
    name: "waits until the runtime tells that a client has reset its tunnel",
    from: TUNNELS_FROM + 1_015,
    caughtBy: ["cancelled-is-over"],
    apply: () =>
      method(prototype, "noteReset", (self) => {
        self.hasBeenReset = true;
        const stream = self.stream as ServerHttp2Stream;
        stream.removeAllListeners("data");
        stream.resume();
      }),
  },
  {
    name: "waits until the runtime tells of the end of a tunnel that it has broken off",
    from: TUNNELS_FROM + 1_028,
    caughtBy: ["answer-or-close", "nothing-left"],
    apply: () =>
      method(Http2Exchange.prototype, "reset", (self) => {
        (self.socket as StreamSocket).reset();
      }),
  },
  {
    name: "goes on with a tunnel whose client has reset it",
    from: TUNNELS_FROM + 1,
    caughtBy: ["cancelled-is-over", "nothing-left", "answer-or-close"],
    apply: () => method(Tunnel.prototype, "onClientClose", () => undefined),
  },
];

export { mutants as http2TunnelMutants };
