/**
 * Whether responses and requests of several clients stay apart: answered out of order, left in the middle, answered before an upload is
 * whole, and answered more than once.
 *
 * What an origin sends unasked is looked at in races.ts. Deliberately absent: load; a proxy that mixes messages up does so with four.
 */
import { arrivalOrAnswer, caps, exchange, STRANGERS, type ThroughCheck, unclear, whatIsMissing } from "../check.ts";
import type { Peer } from "../peer.ts";
import { answer, type RequestShape } from "../stage.ts";

const CLIENTS = 4;

export const eachGetsItsOwn: ThroughCheck = {
  id: "HW927",
  claim: "Clients that ask at the same time each get their own response, in whatever order the origin answers.",
  reference: "RFC 9112 section 9.2",
  consequence: "A client gets what was meant for another: its page, its account, its session cookie.",
  async run(stage) {
    const asked: { readonly client: Peer; readonly mark: string }[] = [];
    for (let index = 0; index < CLIENTS; index++) {
      const client = await stage.client();
      const mark = stage.mark();
      asked.push({ client, mark });
      stage.ask(client, mark);
    }
    const arrivals = () => asked.flatMap(({ mark }) => stage.arrivals(mark).slice(0, 1));
    const isOver = () => asked.every(({ client }) => client.whole.length > 0 || client.ended !== undefined);
    await stage.until(() => arrivals().length === CLIENTS || isOver(), stage.pace.settle_ms);
    const answered = new Set<unknown>();
    // Those that were let through one at a time come later.
    for (let turn = 0; turn < CLIENTS && !isOver(); turn++) {
      const open = arrivals().filter(({ request }) => request.isComplete && !answered.has(request));
      if (open.length === 0) break;
      const replies = open.toReversed().map(({ origin, request }) => {
        answered.add(request);
        const reply = answer(`for ${request.target}`);
        return { origin, reply, half: reply.length - 8 };
      });
      for (const { origin, reply, half } of replies) origin.send(reply.slice(0, half));
      for (const { origin, reply, half } of replies) origin.send(reply.slice(half));
      await stage.until(
        () => isOver() || arrivals().some(({ request }) => request.isComplete && !answered.has(request)),
      );
    }
    const seen = [...asked.map(({ client }) => client), ...arrivals().map(({ origin }) => origin)];
    const own = asked.filter(({ client, mark }) => client.log.messages[0]?.body.endsWith(mark));
    const wrong = asked.filter(({ client, mark }) =>
      asked.some((other) => other.mark !== mark && client.log.messages[0]?.body.endsWith(other.mark)),
    );
    const values = { clients: CLIENTS, own: own.length, of_others: wrong.length };
    if (wrong.length > 0) {
      return {
        verdict: "fail",
        measured: `${wrong.length} of ${CLIENTS} clients got the response to another's request`,
        values,
        cap: caps.desync,
        seen,
      };
    }
    if (own.length < CLIENTS)
      return unclear(`${CLIENTS - own.length} of ${CLIENTS} clients got no whole response`, ...seen);
    return {
      verdict: "pass",
      measured: `${CLIENTS} clients at once, answered in reverse: each got its own`,
      values,
      seen,
    };
  },
};

const LEFT = "the rest of what somebody else asked for";

export const leftoversAreNobodys: ThroughCheck = {
  id: "HW928",
  claim: "What is left of a response whose client has gone reaches nobody else.",
  reference: "RFC 9112 section 9.2",
  consequence: "Whenever a client gives up in the middle, the next one may get the rest of its response.",
  async run(stage) {
    const gone = await stage.client();
    const mark = stage.mark();
    stage.ask(gone, mark);
    const arrival = await arrivalOrAnswer(stage, gone, mark, 1);
    if (arrival === undefined) return unclear("the request did not reach the origin", gone);
    const { origin } = arrival;
    const reply = answer(`the beginning, ${LEFT}`);
    const begun = reply.length - LEFT.length;
    origin.send(reply.slice(0, begun));
    await stage.until(() => gone.log.latest !== undefined, stage.pace.settle_ms);
    gone.reset();
    await stage.until(() => origin.ended !== undefined, stage.pace.settle_ms / 2);
    let rest = reply.slice(begun);
    const seen: Peer[] = [gone, origin];
    for (let index = 0; index < STRANGERS; index++) {
      const client = await stage.client();
      seen.push(client);
      const next = stage.mark();
      stage.ask(client, next);
      const came = await arrivalOrAnswer(stage, client, next, 1);
      if (came?.origin === origin) {
        origin.send(rest);
        rest = "";
      }
      came?.origin.send(answer(`own ${index}`));
      await stage.response(client);
      if (client.raw.includes(LEFT)) {
        return {
          verdict: "fail",
          measured: "another client's request was answered with it",
          values: { gave_up: false },
          cap: caps.desync,
          seen,
        };
      }
      if (client.log.messages[0]?.body !== `own ${index}`)
        return unclear("a client behind it got no whole response", ...seen);
    }
    const gaveUp = origin.ended !== undefined;
    const measured = gaveUp ? "the proxy gave the connection up" : "nobody got it";
    return { verdict: "pass", measured, values: { gave_up: gaveUp }, seen };
  },
};

export const uploadsStayWhole: ThroughCheck = {
  id: "HW929",
  claim: "An upload that the origin answers early does not run into another request, and is not taken for one.",
  reference: "RFC 9112 section 9.3",
  consequence: "One client's upload swallows the request of another, or is served as if it were a request: smuggling.",
  async run(stage) {
    const uploader = await stage.client();
    const [mark, hidden] = [stage.mark(), stage.mark()];
    const rest = stage.request(hidden);
    const begun = "upload:";
    const fields = [`Content-Length: ${begun.length + rest.length}`];
    uploader.send(`${stage.request(mark, { method: "POST", fields })}${begun}`, "POST");
    const arrival = await arrivalOrAnswer(stage, uploader, mark, 1, "head");
    if (arrival === undefined) {
      const measured = "the proxy waits for the whole upload before it asks the origin";
      return { verdict: "pass", measured, values: { waits: true }, seen: [uploader] };
    }
    const { origin } = arrival;
    // It says nothing of a close: the origin is ready to read the rest.
    origin.send(answer("early"));
    await stage.until(() => uploader.whole.length > 0 || uploader.ended !== undefined, stage.pace.settle_ms / 2);
    const other = await stage.client();
    const next = stage.mark();
    stage.ask(other, next);
    const isInside = () => arrival.request.body.includes(next);
    const seen = [uploader, origin, other];
    const came = () => stage.arrivals(next)[0];
    await stage.until(() => came() !== undefined || isInside() || other.whole.length > 0 || other.ended !== undefined);
    if (isInside())
      return {
        verdict: "fail",
        measured: "another client's request arrived inside the upload",
        cap: caps.desync,
        seen,
      };
    came()?.origin.send(answer("own"));
    await stage.response(other);
    if (uploader.isOpen) uploader.send(rest);
    const isTaken = () => stage.arrivals(hidden).length > 0;
    const isDone = () => isTaken() || arrival.request.isComplete || uploader.ended !== undefined;
    await stage.until(isDone, stage.pace.settle_ms / 2);
    for (const { origin: taker } of stage.arrivals(hidden)) taker.send(answer("hidden"));
    if (isTaken())
      return {
        verdict: "fail",
        measured: "the rest of the upload was served as a request",
        cap: caps.smuggling,
        seen: [...seen, ...stage.arrivals(hidden).map((taken) => taken.origin)],
      };
    if (other.log.messages[0]?.body !== "own") return unclear("the other client got no whole response", ...seen);
    const measured = arrival.request.isComplete
      ? "the rest of the upload went where it belongs"
      : "the rest of the upload went nowhere, and the next request came apart from it";
    return { verdict: "pass", measured, values: { waits: false }, seen };
  },
};

/** What is asked one after the other on one connection, and what the origin says. */
const dialogue: readonly { readonly shape: RequestShape; readonly reply: string; readonly status: number }[] = [
  { shape: {}, reply: answer("one"), status: 200 },
  {
    shape: { method: "HEAD" },
    reply: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n",
    status: 200,
  },
  {
    shape: { fields: ['If-None-Match: "1"'] },
    reply: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
    status: 304,
  },
  { shape: { method: "POST", body: "x" }, reply: "HTTP/1.1 204 No Content\r\n\r\n", status: 204 },
  { shape: {}, reply: answer("two"), status: 200 },
];
/** For what comes behind a response. */
const SURPLUS_PART = 6;

export const oneResponseEach: ThroughCheck = {
  id: "HW931",
  claim: "Each request of a client gets one response, and nothing comes behind it.",
  reference: "RFC 9112 section 6.3",
  consequence:
    "The client takes what comes too much for the response to its next request, and is one behind from then on.",
  async run(stage) {
    const before = stage.oversupplied[0];
    if (before !== undefined)
      return {
        verdict: "fail",
        measured: `in an earlier check a client got more than it asked for: ${before.log.surplus}`,
        cap: caps.desync,
        seen: [before],
      };
    let client = await stage.client();
    const seen: (Peer | undefined)[] = [client];
    for (const { shape, reply, status } of dialogue) {
      if (!client.isOpen) {
        client = await stage.client();
        seen.push(client);
      }
      const number = client.log.messages.length + 1;
      const method = shape.method ?? "GET";
      const done = await exchange(stage, client, reply, shape);
      if (client.log.surplus === undefined && done.response === undefined) {
        if (done.arrival === undefined || client.log.refusal === undefined)
          return unclear(`${method}, which the origin answers ${status}: ${whatIsMissing(done, client)}`, ...seen);
      }
      await stage.until(
        () => client.log.surplus !== undefined || client.ended !== undefined,
        stage.pace.settle_ms / SURPLUS_PART,
      );
      const { surplus } = client.log;
      if (surplus !== undefined || done.response === undefined) {
        return {
          verdict: "fail",
          measured: `request ${number}, ${method}, which the origin answers ${status}: ${surplus ?? whatIsMissing(done, client)}`,
          values: { method, status },
          cap: caps.desync,
          seen: [...seen, done.arrival?.origin],
        };
      }
    }
    return { verdict: "pass", measured: "GET, HEAD, 304, 204 and GET: one response each", seen };
  },
};
