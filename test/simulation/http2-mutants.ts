/** Proxies whose HTTP/2 is broken on purpose: as in mutants.ts. Each was a fault once, or could be one. */
import { Http2Connection } from "../../src/gateway/http2-connection.ts";
import { Http2Exchange } from "../../src/gateway/http2-exchange.ts";
import { codes, type ServerHttp2Session, type ServerHttp2Stream } from "../../src/http2/session.ts";
import { StreamWriter } from "../../src/http2/stream-writer.ts";
import { HTTP2_FROM } from "./http2-world.ts";
import { type Mutant, method } from "./mutants.ts";

interface Leaving {
  leave(): void;
  readonly writer: StreamWriter;
}

export const http2Mutants: readonly Mutant[] = [
  {
    name: "ends what is cut off as if it were whole",
    from: HTTP2_FROM + 2,
    caughtBy: ["truncation-is-visible"],
    apply: () =>
      method(Http2Exchange.prototype, "breakOff", (self) => {
        const { writer } = self as unknown as Leaving;
        (self as unknown as Leaving).leave();
        writer.end("");
        writer.flush();
      }),
  },
  {
    name: "goes on for a stream that its client has reset",
    caughtBy: ["cancelled-is-over"],
    apply: () => method(Http2Exchange.prototype, "gone", () => undefined),
  },
  {
    name: "gives a stream the response of the one before",
    caughtBy: ["response-belongs-to-request"],
    apply: () => {
      let before: unknown;
      return method(StreamWriter.prototype, "final", (_self, original, [head]) => {
        const mine = before ?? head;
        before = head;
        return original(mine);
      });
    },
  },
  {
    name: "drops what is under way when it drains",
    from: HTTP2_FROM + 1,
    caughtBy: ["liveness"],
    apply: () =>
      method(Http2Connection.prototype, "announceLeave", (self, original) => {
        original();
        for (const exchange of [...(self.exchanges as Iterable<Http2Exchange>)]) exchange.cut();
      }),
  },
  {
    name: "never answers a request for a head alone",
    caughtBy: ["liveness", "answer-or-close"],
    apply: () =>
      method(StreamWriter.prototype, "flush", (self, original) =>
        (self.stream as { readonly headRequest: boolean }).headRequest ? false : original(),
      ),
  },
  {
    name: "declines the rest of a request before the last frame of its response",
    caughtBy: ["truncation-is-visible", "liveness"],
    apply: () =>
      method(Http2Connection.prototype, "declineRest", (_self, _original, [stream]) =>
        (stream as ServerHttp2Stream).close(codes.none),
      ),
  },
  {
    name: "takes nothing more once it has said that it will go",
    from: HTTP2_FROM + 1,
    caughtBy: ["nothing-left", "liveness"],
    apply: () =>
      method(Http2Connection.prototype, "announceLeave", (self, original) => {
        original();
        const session = self.session as ServerHttp2Session;
        if (!session.destroyed) session.goaway(codes.none, 2 ** 31 - 1);
      }),
  },
];
