/** What happens to bodies on their way: cut short, held back, refused early. */
import { arrivalOrAnswer, caps, type ThroughCheck, type ThroughResult, unclear } from "../check.ts";
import type { Peer } from "../peer.ts";
import { answer, type Stage } from "../stage.ts";

const cuts = {
  "with Content-Length": { head: "Content-Length: 100", body: "half of it", ends: "FIN" },
  "in chunks": { head: "Transfer-Encoding: chunked", body: "a\r\nhalf of it\r\n", ends: "FIN" },
  "in chunks, by RST": { head: "Transfer-Encoding: chunked", body: "a\r\nhalf of it\r\n", ends: "RST" },
} as const;

async function cut(stage: Stage, { head, body, ends }: (typeof cuts)[keyof typeof cuts]) {
  const client = await stage.client();
  const mark = stage.mark();
  stage.ask(client, mark);
  const arrival = await arrivalOrAnswer(stage, client, mark, 1);
  if (arrival === undefined) return undefined;
  arrival.origin.send(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`);
  if (ends === "RST") {
    // What was sent must have been read, or the reset takes it away.
    await stage.until(() => client.log.latest !== undefined, stage.pace.settle_ms);
    arrival.origin.reset();
  } else arrival.origin.destroy();
  await stage.until(() => client.ended !== undefined || client.whole.length > 0);
  return { client, origin: arrival.origin, message: client.log.latest };
}

export const truncationIsVisible: ThroughCheck = {
  id: "HW915",
  claim: "A response that the origin cuts short does not look complete to the client.",
  reference: "RFC 9112 section 8",
  consequence: "Half a file is taken, and kept in caches, as if it were the whole.",
  async run(stage) {
    const told: string[] = [];
    const seen: Peer[] = [];
    for (const [how, way] of Object.entries(cuts)) {
      const played = await cut(stage, way);
      if (played === undefined) return unclear("the request did not reach the origin");
      const { client, origin, message } = played;
      seen.push(client, origin);
      if (message?.status === 200 && message.isComplete) {
        return {
          verdict: "fail",
          measured: `${how}: the client got ${message.bodyBytes} bytes as a whole response`,
          values: { how },
          cap: caps.looksComplete,
          seen: [client, origin],
        };
      }
      if (client.ended === undefined && message?.isComplete !== true) {
        return {
          verdict: "fail",
          measured: `${how}: the client waits for the rest`,
          values: { how },
          cap: caps.hang,
          seen: [client, origin],
        };
      }
      told.push(
        `${how}: ${message === undefined ? "closed" : message.status === 200 ? "visibly cut" : message.status}`,
      );
    }
    return { verdict: "pass", measured: told.join("; "), seen };
  },
};

export const responsesStream: ThroughCheck = {
  id: "HW916",
  claim: "The beginning of a response reaches the client before its end is there.",
  consequence: "Event streams and long answers stand still until the origin is done.",
  async run(stage) {
    const client = await stage.client();
    const mark = stage.mark();
    stage.ask(client, mark, { fields: ["Accept: text/event-stream"] });
    const arrival = await arrivalOrAnswer(stage, client, mark, 1);
    if (arrival === undefined) return unclear("the request did not reach the origin", client);
    const head = [
      "HTTP/1.1 200 OK",
      "Content-Type: text/event-stream",
      "Cache-Control: no-cache",
      "Transfer-Encoding: chunked",
      "",
      "",
    ];
    const begun_ms = stage.now();
    arrival.origin.send(`${head.join("\r\n")}d\r\ndata: first\n\n\r\n`);
    const came = await stage.until(() => client.log.latest?.body.includes("first") === true, stage.pace.settle_ms);
    const delay_ms = Math.round(stage.now() - begun_ms);
    const withHead = client.log.latest !== undefined;
    arrival.origin.send("e\r\ndata: second\n\n\r\n0\r\n\r\n");
    const response = await stage.response(client);
    const seen = [client, arrival.origin];
    if (came)
      return {
        verdict: "pass",
        measured: `the first event came after ${delay_ms} ms, the second not yet sent`,
        values: { delay_ms },
        seen,
      };
    if (response === undefined) return unclear("no whole response came", ...seen);
    const measured = `the first event was held back ${withHead ? "" : "with the head "}for ${stage.pace.settle_ms} ms, until the response was over`;
    return { verdict: "advice", measured, values: { held_back: true }, seen };
  },
};

export const requestsStream: ThroughCheck = {
  id: "HW917",
  claim: "The beginning of an upload reaches the origin before its end is there.",
  consequence: "An origin cannot refuse an upload early, and its client waits for the whole to be sent twice.",
  async run(stage) {
    const client = await stage.client();
    const mark = stage.mark();
    client.send(
      `${stage.request(mark, { method: "POST", fields: ["Transfer-Encoding: chunked"] })}5\r\nfirst\r\n`,
      "POST",
    );
    const came = () => stage.arrivals(mark).find(({ request }) => request.body.includes("first"));
    await stage.until(
      () => came() !== undefined || client.whole.length > 0 || client.ended !== undefined,
      stage.pace.settle_ms,
    );
    const isStreaming = came() !== undefined;
    client.send("6\r\nsecond\r\n0\r\n\r\n");
    const arrival = await arrivalOrAnswer(stage, client, mark, 1);
    if (arrival === undefined) return unclear("the upload did not reach the origin", client);
    arrival.origin.send(answer("ok"));
    await stage.response(client);
    const seen = [client, arrival.origin];
    if (arrival.request.body !== "firstsecond")
      return {
        verdict: "fail",
        measured: "the body that arrived is not the one that was sent",
        consequence: "Uploads are damaged.",
        seen,
      };
    if (isStreaming) return { verdict: "pass", measured: "the first piece arrived, the rest not yet sent", seen };
    return {
      verdict: "advice",
      measured: `the upload was held back for ${stage.pace.settle_ms} ms, until it was whole`,
      seen,
    };
  },
};

/** More than what sockets and proxies hold in between. */
const UPLOAD_BYTES = 8_388_608;
const SENT_AT_FIRST = 262_144;
const SENT_LATE = 65_536;

export const earlyRefusalArrives: ThroughCheck = {
  id: "HW922",
  claim: "An origin that refuses an upload early, and closes, is heard by the client.",
  reference: "RFC 9112 section 9.3",
  consequence: "The client learns nothing of why its upload failed, and tries again.",
  async run(stage): Promise<ThroughResult> {
    const client = await stage.client();
    const mark = stage.mark();
    client.send(stage.request(mark, { method: "POST", fields: [`Content-Length: ${UPLOAD_BYTES}`] }), "POST");
    client.sendFilling(SENT_AT_FIRST);
    const arrival = await arrivalOrAnswer(stage, client, mark, 1, "head");
    if (arrival === undefined) {
      if (client.log.latest !== undefined)
        return {
          verdict: "info",
          measured: `the proxy answered ${client.log.latest.status} by itself`,
          seen: [client],
        };
      return {
        verdict: "info",
        measured: "the proxy waits for the whole upload before it asks the origin",
        seen: [client],
      };
    }
    arrival.origin.send(answer("too large", ["Connection: close"], "413 Content Too Large"));
    arrival.origin.finish();
    const response = await stage.response(client);
    const seen = [client, arrival.origin];
    if (response?.status === 413) {
      // A client further away hears of it late, and has sent more by then.
      client.sendFilling(SENT_LATE);
      await stage.until(() => client.wasReset, stage.pace.settle_ms / 3);
      if (client.wasReset)
        return {
          verdict: "advice",
          measured: "413 came, and RST right behind it",
          consequence:
            "A client that sends its whole upload before it reads (Python's http.client does) sees a reset instead of the reason; on a slower line every client does.",
          seen,
        };
    }
    if (response?.status === 413) return { verdict: "pass", measured: "413 came, the upload unfinished", seen };
    const measured = response === undefined ? "413 did not come" : `${response.status} came instead of 413`;
    return { verdict: "fail", measured, cap: caps.lost, seen };
  },
};
