/** Whose word counts on which hop: HTTP/1.0 clients, closes on either side, and how often connections to the origin are used. */
import {
  arrivalOrAnswer,
  caps,
  exchange,
  type ThroughCheck,
  type ThroughResult,
  unclear,
  whatIsMissing,
} from "../check.ts";
import { hasOption, isChunked } from "../message-log.ts";
import type { Peer } from "../peer.ts";
import { answer, type Stage } from "../stage.ts";

const DUMB =
  "The proxy relays what two neighbours say about their own connections, as the dumb proxies of the 1990s did: the client waits for an end that never comes.";

export const oldClientIsLeft: ThroughCheck = {
  id: "HW905",
  claim: "An HTTP/1.0 client that did not ask for keep-alive gets its response, and then the connection closes.",
  reference: "RFC 9112 section 9.3",
  consequence: DUMB,
  async run(stage) {
    const client = await stage.client();
    const done = await exchange(stage, client, answer("ok", ["Connection: keep-alive", "Keep-Alive: timeout=77"]), {
      version: "1.0",
    });
    const missing = done.arrival === undefined ? whatIsMissing(done, client) : undefined;
    if (missing !== undefined) return unclear(missing, client);
    const seen = [client, done.arrival?.origin];
    const hasClosed = await stage.until(() => client.ended !== undefined, stage.pace.settle_ms);
    if (!hasClosed) {
      const what =
        done.response === undefined
          ? "neither a whole response nor a close came"
          : "the response came, and the connection stayed open";
      return { verdict: "fail", measured: `${what} for ${stage.pace.settle_ms} ms`, cap: caps.hang, seen };
    }
    if (done.response?.body !== "ok")
      return { verdict: "fail", measured: "the connection closed without the response", cap: caps.lost, seen };
    return { verdict: "pass", measured: "the response came, then the close", seen };
  },
};

/** S9 to S12 of the dumb proxy's story. */
async function keepAliveAskedFor(stage: Stage, field: string): Promise<ThroughResult> {
  const client = await stage.client();
  const reply = answer("one", ["Connection: keep-alive", "Keep-Alive: timeout=77"]);
  const first = await exchange(stage, client, reply, { version: "1.0", fields: [field] });
  const missing = first.arrival === undefined ? whatIsMissing(first, client) : undefined;
  if (missing !== undefined) return unclear(missing, client);
  const seen: (Peer | undefined)[] = [client, first.arrival?.origin];
  const hang = (measured: string): ThroughResult => ({ verdict: "fail", measured, cap: caps.hang, seen });
  if (first.response === undefined) return hang("no whole response came");
  const agreed =
    hasOption(first.response, "keep-alive") ||
    hasOption(
      {
        fields: first.response.fields.map(
          ([name, value]) => [name === "proxy-connection" ? "connection" : name, value] as const,
        ),
      },
      "keep-alive",
    );
  if (!agreed) {
    const hasClosed = await stage.until(() => client.ended !== undefined, stage.pace.settle_ms);
    if (hasClosed)
      return {
        verdict: "pass",
        measured: "keep-alive was not agreed to, and the connection closed",
        values: { agreed },
        seen,
      };
    return hang(`keep-alive was not agreed to, and the connection stayed open for ${stage.pace.settle_ms} ms`);
  }
  const second = await exchange(stage, client, answer("two"), { version: "1.0", fields: [field] });
  if (second.response?.body === "two") {
    return {
      verdict: "pass",
      measured: "keep-alive was agreed to, and the second request was answered",
      values: { agreed },
      seen: [...seen, second.arrival?.origin],
    };
  }
  return {
    ...hang("keep-alive was agreed to, and the second request on the connection was ignored"),
    values: { agreed },
  };
}

export const keepAliveIsAHopsOwn: ThroughCheck = {
  id: "HW906",
  claim:
    "An HTTP/1.0 client that asks for keep-alive is told whether this proxy agrees, and the connection behaves so.",
  reference: "RFC 9112 appendix C.2.2",
  consequence: DUMB,
  run: (stage) => keepAliveAskedFor(stage, "Connection: Keep-Alive"),
};

export const proxyConnectionHarmsNobody: ThroughCheck = {
  id: "HW907",
  claim: "Proxy-Connection: Keep-Alive of an old client is not relayed into a hang.",
  reference: "RFC 9112 appendix C.2.2",
  consequence: DUMB,
  run: (stage) => keepAliveAskedFor(stage, "Proxy-Connection: Keep-Alive"),
};

export const clientsCloseIsHonoured: ThroughCheck = {
  id: "HW908",
  claim: "A client's close ends the client's connection behind the response, whatever the origin does with its own.",
  reference: "RFC 9112 section 9.6",
  consequence: "A client that reads until the connection closes hangs.",
  async run(stage) {
    const client = await stage.client();
    const done = await exchange(stage, client, answer("ok"), { fields: ["Connection: close"] });
    const missing = whatIsMissing(done, client);
    if (missing !== undefined || done.response === undefined) return unclear(missing ?? "", client);
    const seen = [client, done.arrival?.origin];
    const hasClosed = await stage.until(() => client.ended !== undefined, stage.pace.settle_ms);
    if (!hasClosed)
      return {
        verdict: "fail",
        measured: `the connection stayed open for ${stage.pace.settle_ms} ms`,
        cap: caps.hang,
        seen,
      };
    const isAnnounced = hasOption(done.response, "close");
    const reached = done.arrival !== undefined && hasOption(done.arrival.request, "close");
    const values = { announced: isAnnounced, passed_on: reached };
    if (!isAnnounced)
      return {
        verdict: "advice",
        measured: "closed, and the response did not say close",
        values,
        consequence: "The client cannot tell a close in order from a fault.",
        seen,
      };
    if (reached)
      return {
        verdict: "advice",
        measured: "closed and said so; the origin was told close, too",
        values,
        consequence: "Each client that closes costs the origin a connection.",
        seen,
      };
    return { verdict: "pass", measured: "closed and said so; the origin's connection was left alone", values, seen };
  },
};

export const originsCloseStaysThere: ThroughCheck = {
  id: "HW909",
  claim: "A connection that the origin closes does not cost the client its own.",
  reference: "RFC 9110 section 7.6.1",
  consequence: "Every close of an origin makes clients connect anew.",
  async run(stage) {
    const client = await stage.client();
    const mark = stage.mark();
    stage.ask(client, mark);
    const arrival = await arrivalOrAnswer(stage, client, mark, 1);
    if (arrival === undefined) return unclear("the request did not reach the origin", client);
    arrival.origin.send(answer("ok", ["Connection: close"]));
    arrival.origin.finish();
    const response = await stage.response(client);
    if (response === undefined) return unclear("no whole response came", client, arrival.origin);
    const saysClose = hasOption(response, "close");
    const seen = [client, arrival.origin];
    if (saysClose || client.ended !== undefined)
      return {
        verdict: "advice",
        measured: "the client's connection was closed with it",
        values: { relays_close: saysClose },
        seen,
      };
    const second = await exchange(stage, client);
    if (second.response?.body === "ok")
      return {
        verdict: "pass",
        measured: "the client's connection carried the next request",
        seen: [...seen, second.arrival?.origin],
      };
    return {
      verdict: "fail",
      measured: "the client's connection stayed open, and its next request was lost",
      cap: caps.lost,
      seen,
    };
  },
};

/** Clients one after the other, with so many requests each. */
const CLIENTS = 4;
const EACH = 3;

export const originsConnectionsAreUsedAgain: ThroughCheck = {
  id: "HW910",
  claim: "Requests of several clients share connections to the origin.",
  consequence:
    "Each request pays for a connection to the origin: a round trip more, two with TLS, and ports that run out under load.",
  async run(stage) {
    const origins = new Set<Peer>();
    const clients: Peer[] = [];
    let [requests, kept] = [0, 0];
    for (let index = 0; index < CLIENTS; index++) {
      let client = await stage.client();
      clients.push(client);
      for (let number = 0; number < EACH; number++) {
        const done = await exchange(stage, client);
        if (done.arrival === undefined || done.response === undefined)
          return unclear(whatIsMissing(done, client) ?? "", client);
        requests++;
        origins.add(done.arrival.origin);
        if (number === EACH - 1) break;
        // Told before it is used again, so that nothing is lost to a close.
        if (hasOption(done.response, "close") || client.ended !== undefined) client = await stage.client();
        else kept++;
      }
      client.destroy();
    }
    const values = {
      requests,
      origin_connections: origins.size,
      clients: CLIENTS,
      requests_per_origin_connection: requests / origins.size,
    };
    const seen = [clients[0], ...[...origins].slice(0, 2)];
    const downstream =
      kept === CLIENTS * (EACH - 1) ? "each client kept its connection" : "clients had to connect anew";
    const measured = `${requests} requests of ${CLIENTS} clients took ${origins.size} connection${origins.size === 1 ? "" : "s"} to the origin; ${downstream}`;
    if (origins.size === requests) return { verdict: "advice", measured, values, seen };
    if (origins.size > CLIENTS / 2) return { verdict: "info", measured, values, seen };
    return { verdict: "pass", measured, values, seen };
  },
};

export const oldClientsGetNoChunks: ThroughCheck = {
  id: "HW919",
  claim: "An HTTP/1.0 client gets a body that it can read, also where the origin sends chunks.",
  reference: "RFC 9112 section 6.1",
  consequence: "The client takes chunk sizes for content.",
  async run(stage) {
    const client = await stage.client();
    const reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    const done = await exchange(stage, client, reply, { version: "1.0" });
    if (done.arrival === undefined) return unclear(whatIsMissing(done, client) ?? "", client);
    const seen = [client, done.arrival.origin];
    const isOld = done.arrival.request.minorVersion === 0;
    if (done.response === undefined) {
      const hangs = client.isOpen && client.log.refusal === undefined;
      const measured = whatIsMissing(done, client) ?? "";
      return { verdict: "fail", measured, seen, ...(hangs ? { cap: caps.hang } : {}) };
    }
    if (isChunked(done.response))
      return { verdict: isOld ? "info" : "fail", measured: "Transfer-Encoding went on to an HTTP/1.0 client", seen };
    if (done.response.body !== "hello world")
      return { verdict: "fail", measured: "the body that came is not the one that was sent", seen };
    return {
      verdict: "pass",
      measured: `the body came, and its end by ${done.response.framing === "length" ? "its length" : "the close"}`,
      seen,
    };
  },
};
