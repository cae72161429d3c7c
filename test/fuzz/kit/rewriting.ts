/**
 * Messages as they go on, made by the proxy's own pure functions around a context that is nothing but data.
 */

import { type Admission, admit } from "../../../src/exchange/admission.ts";
import type { ClientConnection } from "../../../src/exchange/client-connection.ts";
import { ProxyContext } from "../../../src/exchange/context.ts";
import type { GatewaySettings } from "../../../src/exchange/settings.ts";
import { Workings } from "../../../src/exchange/workings.ts";
import { requestHeadText } from "../../../src/http1/request-writing.ts";
import { clientFraming, interimHeadText, responseHeadText } from "../../../src/http1/response-writing.ts";
import type { Clock } from "../../../src/net/ports.ts";
import { CHUNK_END, chunkStart, lastChunk } from "../../../src/wire/chunk-writer.ts";
import { connectionOptionsOf, type FieldTable, Kind } from "../../../src/wire/fields.ts";
import type { Framing } from "../../../src/wire/framing.ts";
import type { RequestHead } from "../../../src/wire/request-head.ts";
import type { ResponseHead } from "../../../src/wire/response-head.ts";
import { octets } from "./octets.ts";
import { type StreamOutcome, streamOutcome } from "./reading.ts";

const VIA_NAME = "fuzzed-proxy";

/** Sun, 06 Nov 1994 08:49:37 GMT. */
const DATE_MS = 784_111_777_000;

/** What writing a head needs of a gateway's context. */
function contextWith(sendsForwarded: boolean): ProxyContext {
  const settings: Partial<GatewaySettings> = {
    origins: [],
    originHost: "keep",
    sendsForwarded,
    viaName: VIA_NAME,
    sendsVia: true,
  };
  const clock = { date: () => DATE_MS } as Clock;
  const unused = undefined as never;
  return new ProxyContext(
    { settings: settings as GatewaySettings, routing: unused },
    new Workings(clock, unused, unused, unused),
  );
}

function clientThat(isTrusted: boolean): ClientConnection {
  return {
    isTrusted,
    record: { peer: "192.0.2.7" },
    socket: { remoteAddress: "192.0.2.7", remotePort: 4711 },
  } as unknown as ClientConnection;
}

const contexts = [contextWith(false), contextWith(true)] as const;
const clients = [clientThat(false), clientThat(true)] as const;

/** The body as the proxy frames it; in one chunk. */
function framed(body: string, isChunked: boolean): string {
  if (!isChunked) return body;
  return (body === "" ? "" : `${chunkStart(body.length)}${body}${CHUNK_END}`) + lastChunk("");
}

export interface Rewritten {
  /** The whole message that goes on. */
  readonly text: string;
  readonly admission: Admission;
}

/** The request as it goes on with `body`; undefined: it is not forwarded. `variant` chooses among settings. */
export function rewrittenRequest(head: RequestHead, body: string, variant: number): Rewritten | undefined {
  const admission = admit(head, VIA_NAME, true, { isTrusted: true, socket: {} });
  if (typeof admission === "string" || admission.maxForwards === 0) return undefined;
  const { framing } = admission;
  const text = requestHeadText(
    contexts[variant & 1] as ProxyContext,
    clients[(variant >> 1) & 1] as ClientConnection,
    head,
    admission,
    framing.kind === "length"
      ? { kind: "length", length: framing.length }
      : { kind: framing.kind as "none" | "chunked" },
    "origin.test:3000",
  );
  return { text: text + framed(body, framing.kind === "chunked"), admission };
}

/** What is wrong with a request that goes on; undefined: nothing. */
export function faultOfRequest(
  head: RequestHead,
  framing: Framing,
  body: string,
  rewritten: Rewritten,
): string | undefined {
  let readHead: RequestHead | undefined;
  const outcome = streamOutcome([octets(rewritten.text)], {
    onHead: (read) => {
      readHead ??= read as RequestHead;
    },
  });
  const [message] = outcome.messages;
  if (message === undefined || readHead === undefined) return `our own reader refuses it: ${outcome.end}`;
  if (outcome.messages.length !== 1) return "it is more than one message";
  if (!message.isComplete) return "it is not complete";
  if (message.start.join(" ") !== `${head.method} ${rewritten.admission.target.path} 1`)
    return "its request-line differs";
  if (message.body !== body) return "its body differs";
  if (message.framing !== framing.kind) return "its framing differs";
  const { fields } = readHead;
  if (fields.valuesOf(Kind.host).length !== 1) return "it has not exactly one Host";
  if (fields.has(Kind.contentLength) && fields.has(Kind.transferEncoding)) return "it has two framings";
  if (fields.valuesOf(Kind.contentLength).length > 1) return "it has two lengths";
  if (fields.valuesOf(Kind.transferEncoding).length > 1) return "it has two transfer codings";
  if (fields.has(Kind.expect) !== rewritten.admission.expectsContinue)
    return "Expect and what was decided of it differ";
  if (fields.has(Kind.keepAlive) || fields.has(Kind.proxyConnection)) return "a field of the other hop goes on";
  return nominatedFault(rewritten.admission.options.nominated, fields, [
    Kind.host,
    Kind.contentLength,
    Kind.cookie,
    Kind.authorization,
    Kind.via,
    Kind.expect,
    Kind.maxForwards,
    Kind.connection,
    Kind.te,
    Kind.upgrade,
    Kind.transferEncoding,
    Kind.forwarded,
    Kind.forwardedFor,
    Kind.forwardedProto,
    Kind.forwardedHost,
  ]);
}

/** Whether a nominated field went on that is neither protected nor ours. */
function nominatedFault(
  nominated: ReadonlySet<string>,
  fields: FieldTable,
  mayBe: readonly Kind[],
): string | undefined {
  for (let index = 0; index < fields.count; index++) {
    const name = fields.name(index).toLowerCase();
    if (nominated.has(name) && !mayBe.includes(fields.kind(index))) return `${name} was nominated and goes on`;
  }
  return undefined;
}

/** The response as it goes on with `body` to a client of HTTP/1.1 or 1.0. */
export function rewrittenResponse(
  head: ResponseHead,
  framing: Framing,
  body: string,
  method: string,
  clientMinorVersion: 0 | 1,
): string {
  const options = connectionOptionsOf(head.fields);
  if (head.status < 200) return interimHeadText(head, options, contexts[0]);
  const toClient = clientFraming(framing, clientMinorVersion);
  const text = responseHeadText({
    head,
    options,
    framing,
    clientFraming: toClient,
    requestMethod: method,
    connectionLines: toClient === "close" ? "Connection: close\r\n" : "",
    context: contexts[0],
  });
  return text + framed(body, toClient === "chunked");
}

/** What is wrong with a response that goes on; undefined: nothing. */
export function faultOfResponse(head: ResponseHead, body: string, method: string, text: string): string | undefined {
  let readHead: ResponseHead | undefined;
  const outcome: StreamOutcome = streamOutcome([octets(text)], {
    answers: method,
    onHead: (read) => {
      readHead ??= read as ResponseHead;
    },
  });
  const [message] = outcome.messages;
  if (message === undefined || readHead === undefined) return `our own reader refuses it: ${outcome.end}`;
  if (outcome.messages.length !== 1) return "it is more than one message";
  if (!message.isComplete && message.framing !== "close") return "it is not complete";
  if (readHead.isIrregular) return "its lines are irregular";
  if (message.start.join(" ") !== `${head.status} ${head.reasonPhrase} 1`) return "its status-line differs";
  if (message.body !== body) return "its body differs";
  const { fields } = readHead;
  if (fields.has(Kind.contentLength) && fields.has(Kind.transferEncoding)) return "it has two framings";
  if (fields.valuesOf(Kind.contentLength).length > 1) return "it has two lengths";
  if (fields.has(Kind.keepAlive) || fields.has(Kind.proxyConnection)) return "a field of the other hop goes on";
  if ((head.status < 200 || head.status === 204) && fields.has(Kind.contentLength))
    return "it has a length and no body";
  return nominatedFault(connectionOptionsOf(head.fields).nominated, fields, [
    Kind.contentLength,
    Kind.date,
    Kind.connection,
    Kind.transferEncoding,
    Kind.upgrade,
  ]);
}
