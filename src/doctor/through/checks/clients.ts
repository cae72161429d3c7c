/** Clients that leave, close one side, or want another protocol; and connections that have become somebody's. */
import { acceptanceOf } from "../../../http2/web-socket-key.ts";
import {
  arrivalOrAnswer,
  caps,
  exchange,
  STRANGERS,
  seconds,
  type ThroughCheck,
  type ThroughResult,
  unclear,
  whatIsMissing,
} from "../check.ts";
import { fieldOf, hasOption } from "../message-log.ts";
import type { Peer } from "../peer.ts";
import { answer, type Stage } from "../stage.ts";

const NOT_CANCELLED = "Slow origins go on working for clients that are gone, under load for nobody else.";

async function cancelled(stage: Stage, how: "RST" | "FIN"): Promise<ThroughResult> {
  const client = await stage.client();
  const mark = stage.mark();
  stage.ask(client, mark);
  const arrival = await arrivalOrAnswer(stage, client, mark, 1);
  if (arrival === undefined) return unclear("the request did not reach the origin", client);
  const left_ms = stage.now();
  if (how === "RST") client.reset();
  else client.vanish();
  const isCancelled = await stage.until(() => arrival.origin.ended !== undefined);
  const seen = [client, arrival.origin];
  const after_ms = Math.round(stage.now() - left_ms);
  // Those who wait for an answer are done with it.
  arrival.origin.send(answer("nobody reads this"));
  if (isCancelled)
    return {
      verdict: "pass",
      measured: `the origin's connection ended ${after_ms} ms behind the client's`,
      values: { after_ms },
      seen,
    };
  return {
    verdict: "advice",
    measured: `the origin was still waited for ${seconds(after_ms)} behind the client's ${how}`,
    values: { after_ms },
    seen,
  };
}

export const resetCancels: ThroughCheck = {
  id: "HW918",
  claim: "When a client is gone by RST, the origin is told.",
  consequence: NOT_CANCELLED,
  run: (stage) => cancelled(stage, "RST"),
};

export const vanishingCancels: ThroughCheck = {
  id: "HW920",
  claim: "When a client is gone by FIN, the origin is told.",
  consequence: NOT_CANCELLED,
  run: (stage) => cancelled(stage, "FIN"),
};

export const halfCloseIsServed: ThroughCheck = {
  id: "HW921",
  claim: "A client that closes its sending side behind its request, and reads on, gets its response.",
  reference: "RFC 9112 section 9.6",
  consequence: "Clients that say that they are done lose the response that they wait for.",
  async run(stage) {
    const client = await stage.client();
    const mark = stage.mark();
    stage.ask(client, mark);
    client.finish();
    const arrival = await arrivalOrAnswer(stage, client, mark, 1);
    if (arrival === undefined)
      return { verdict: "advice", measured: "the request did not reach the origin", seen: [client] };
    arrival.origin.send(answer("ok"));
    const response = await stage.response(client);
    const seen = [client, arrival.origin];
    if (response?.body === "ok") return { verdict: "pass", measured: "the response came", seen };
    return {
      verdict: "advice",
      measured: client.ended === undefined ? "no response came" : "the proxy closed without a response",
      seen,
    };
  },
};

const WEBSOCKET_KEY = "aG9wd2lzZS1kb2N0b3IhIQ==";
/** With the answer to the key: some proxies look whether the origin has understood it (RFC 6455 section 4.2.2). */
const switching = [
  "HTTP/1.1 101 Switching Protocols",
  "Connection: Upgrade",
  "Upgrade: websocket",
  `Sec-WebSocket-Accept: ${acceptanceOf(WEBSOCKET_KEY)}`,
];

export const upgradesPass: ThroughCheck = {
  id: "HW925",
  claim: "An upgrade that the origin agrees to becomes a tunnel that bytes pass both ways.",
  reference: "RFC 9110 section 7.8",
  consequence: "WebSockets fail, or worse, seem to open and then stand still.",
  async run(stage) {
    const client = await stage.client();
    const mark = stage.mark();
    const fields = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${WEBSOCKET_KEY}`,
    ];
    stage.ask(client, mark, { fields });
    const arrival = await arrivalOrAnswer(stage, client, mark, 1);
    if (arrival === undefined) return unclear("the request did not reach the origin", client);
    const { origin, request } = arrival;
    const seen = [client, origin];
    if (fieldOf(request, "upgrade") === undefined || !hasOption(request, "upgrade")) {
      origin.send(answer("not an upgrade"));
      await stage.response(client);
      const isHalf = fieldOf(request, "upgrade") !== undefined;
      const measured = isHalf
        ? "Upgrade went on without Connection: Upgrade"
        : "the upgrade is not passed on; the request was";
      return { verdict: "info", measured, seen };
    }
    origin.log.stop();
    origin.send(`${switching.join("\r\n")}\r\n\r\nfrom-origin`);
    const switched = await stage.until(() => client.log.latest?.status === 101 || client.ended !== undefined);
    if (!switched || client.log.latest?.status !== 101)
      return { verdict: "fail", measured: "the origin switched protocols, and the client did not hear of it", seen };
    client.send("from-client");
    const [there, back] = [() => origin.raw.includes("from-client"), () => client.raw.includes("from-origin")];
    await stage.until(() => there() && back());
    if (there() && back()) return { verdict: "pass", measured: "101, and bytes both ways", seen };
    return {
      verdict: "fail",
      measured: `101 came, and ${there() ? "the origin's" : "the client's"} bytes did not pass`,
      seen,
    };
  },
};

/** NTLM in outline: the connection is authenticated, not the request. */
async function logIn(stage: Stage): Promise<{ client: Peer; origin: Peer } | string> {
  const client = await stage.client();
  const challenge = answer("", ["WWW-Authenticate: NTLM TlRMTVNTUAACAAAA"], "401 Unauthorized");
  const first = await exchange(stage, client, challenge, { fields: ["Authorization: NTLM TlRMTVNTUAABAAAA"] });
  const missing = whatIsMissing(first, client);
  if (missing !== undefined || first.arrival === undefined) return missing ?? "";
  if (fieldOf(first.arrival.request, "authorization") === undefined) return "the proxy does not pass Authorization on";
  if (!client.isOpen)
    return "the proxy closed the client's connection in the middle of the log-in, so NTLM cannot work through it";
  const second = await exchange(stage, client, answer("welcome alice"), {
    fields: ["Authorization: NTLM TlRMTVNTUAADAAAA"],
  });
  const missed = whatIsMissing(second, client);
  if (missed !== undefined || second.arrival === undefined) return missed ?? "";
  return { client, origin: second.arrival.origin };
}

export const authenticatedIsNotLent: ThroughCheck = {
  id: "HW926",
  claim:
    "A connection to the origin on which one client has logged in (NTLM, Negotiate) carries no other client's requests.",
  reference: "RFC 9110 section 11.1",
  consequence: "A stranger's request is served as if the user who logged in had sent it.",
  async run(stage) {
    const login = await logIn(stage);
    if (typeof login === "string") return unclear(login);
    const { client, origin } = login;
    const seen: Peer[] = [client, origin];
    for (let index = 0; index < STRANGERS; index++) {
      const stranger = await stage.client();
      seen.push(stranger);
      const done = await exchange(stage, stranger);
      if (done.arrival === undefined) return unclear(whatIsMissing(done, stranger) ?? "", ...seen);
      if (done.arrival.origin === origin) {
        return {
          verdict: "fail",
          measured: "another client's request came on the connection that was logged in",
          cap: caps.lent,
          seen,
        };
      }
    }
    return { verdict: "pass", measured: "requests of other clients came on other connections", seen };
  },
};
