/**
 * What to change in a proxy, by the check that found it: in the product where that is known, and in words for every other.
 *
 * Settings are whole lines, as they stand in a file or in code; each was read by the program itself (`nginx -t`, `haproxy -c`, `apachectl
 * configtest`, `caddy validate`). Deliberately absent: products for which nobody has tried it.
 */
import type { Fix } from "../finding.ts";

/** Text, and the setting where there is one. */
type Remedy = readonly [text: string, setting?: string];
type Remedies = { readonly any: Remedy } & Readonly<Record<string, Remedy>>;

/** For node:http by hand: what came is copied but for what belongs to its hop. */
const NODE_HOP_FIELDS: Remedy = [
  "Copy the fields without those that Connection names, and without Connection, Keep-Alive, Proxy-Connection, TE, Transfer-Encoding and Upgrade.",
  "for (const name of (headers.connection ?? '').split(',')) delete headers[name.trim().toLowerCase()];",
];
const OWN_CONNECTION: Remedy = [
  "Do not copy the origin's Connection and Keep-Alive to the client: node:http says its own.",
  "delete headers.connection; delete headers['keep-alive']; delete headers['transfer-encoding'];",
];
const CLOSES_FOR_OLD: Remedy = [
  "Decide for each of the two connections by itself: close behind the response to an HTTP/1.0 request, unless it said Connection: keep-alive and was told so.",
];
const NGINX_KEEPS: Remedy = [
  "Keep connections to the origin; before nginx 1.29.7 that takes a keepalive in the upstream block, too (keepalive 16;).",
  'proxy_http_version 1.1; proxy_set_header Connection "";',
];
const NODE_AGENT: Remedy = [
  "Give http.request an agent that keeps connections.",
  "agent: new http.Agent({ keepAlive: true })",
];
const UPDATE = "Update the proxy, and tell its maintainers if that does not help: ";
const READS_WHOLE: Remedy = [
  `${UPDATE}each response has to be read to the end that its own length says, and a connection on which anything else came has to be closed.`,
];
const ENDS_WITH_CLIENT: Remedies = {
  any: ["Close the connection to the origin when the client's connection has closed before the response is over."],
  nginx: ["Let nginx hear of clients that are gone.", "proxy_ignore_client_abort off;"],
  haproxy: ["Let HAProxy end what nobody waits for.", "option abortonclose"],
  node: [
    "End the request to the origin with the client's connection.",
    "response.on('close', () => toOrigin.destroy());",
  ],
};

const remedies: Readonly<Record<string, Remedies>> = {
  HW901: {
    any: [
      "Take Connection, all fields that it names, Keep-Alive, Proxy-Connection, TE and Upgrade out of a request before it goes on.",
    ],
    nginx: [
      "nginx takes out Connection, Keep-Alive, TE and Upgrade, and not what Connection names: take out the fields that you know, each by its name.",
      'proxy_set_header Proxy-Connection "";',
    ],
    haproxy: [
      "HAProxy takes out Connection, and not what it names: take out the fields that you know, each by its name.",
      "http-request del-header Proxy-Connection",
    ],
    node: NODE_HOP_FIELDS,
  },
  HW902: {
    any: [
      "Take Connection, all fields that it names, Keep-Alive, Proxy-Connection and Upgrade out of a response before it goes on.",
    ],
    nginx: ["Hide the fields that you know, each by its name.", "proxy_hide_header Upgrade;"],
    haproxy: [
      "Take out the fields that you know, each by its name; Upgrade belongs to 101 alone.",
      "http-response del-header Upgrade unless { status 101 }",
    ],
    node: NODE_HOP_FIELDS,
  },
  HW903: {
    any: [
      "Pass 103 on without the fields of its hop, or leave it out, and read on until the final response; or let the origin send none.",
    ],
    nginx: ["nginx before 1.29.0 takes 103 for the response: update, or let the origin send no 103."],
    node: [
      "Listen to 'information' of the request to the origin, and pass on what may be.",
      "response.writeEarlyHints({ link })",
    ],
  },
  HW904: {
    any: ["Pass on trailers that are known to be harmless, and leave out those that frame, route or belong to a hop."],
    haproxy: ["HAProxy passes trailers on as they are: let the origin send those alone that it means."],
    node: [
      "Do not copy rawTrailers; name the trailers that are to go on.",
      "response.addTrailers({ 'x-checksum': value })",
    ],
  },
  HW905: { any: CLOSES_FOR_OLD, node: OWN_CONNECTION },
  HW906: { any: CLOSES_FOR_OLD, node: OWN_CONNECTION },
  HW907: { any: CLOSES_FOR_OLD, node: OWN_CONNECTION },
  HW908: {
    any: ["Close behind the response to a client that says close, say so, and keep that from the origin."],
    nginx: NGINX_KEEPS,
    node: NODE_AGENT,
  },
  HW909: {
    any: ["Keep the origin's close from the client: its connection may go on."],
    haproxy: ["Take out option httpclose, or say in defaults:", "option http-keep-alive"],
    node: OWN_CONNECTION,
  },
  HW910: {
    any: ["Keep connections to the origin in a pool that all clients share."],
    nginx: NGINX_KEEPS,
    apache: ["Let mod_proxy keep its connections.", "ProxyPass / http://ORIGIN/ enablereuse=on"],
    haproxy: ["Share connections in the backend.", "http-reuse safe"],
    node: NODE_AGENT,
  },
  HW911: {
    any: [
      "Send requests that may be repeated (GET, HEAD) once more on a fresh connection, or give idle connections up before the origin does.",
    ],
    nginx: ["Do not turn the second attempt off.", "proxy_next_upstream error timeout;"],
    apache: [
      "Let Apache give idle connections up before the origin does: a second less than it keeps them.",
      "ProxyPass / http://ORIGIN/ ttl=4",
    ],
    haproxy: [
      "Repeat, and keep that from requests that must not be repeated: http-request disable-l7-retry unless METH_GET.",
      "retry-on conn-failure empty-response",
    ],
    node: [
      "On ECONNRESET of a used connection (request.reusedSocket) send GET and HEAD again.",
      "if (request.reusedSocket && error.code === 'ECONNRESET') sendAgain();",
    ],
  },
  HW912: {
    any: ["Repeat requests that are idempotent alone, and answer 502 for all others."],
    nginx: ["Take non_idempotent out.", "proxy_next_upstream error timeout;"],
    haproxy: ["Keep retries from all but GET.", "http-request disable-l7-retry unless METH_GET"],
    node: ["Look at request.method before another attempt."],
  },
  HW913: { any: READS_WHOLE },
  HW914: { any: READS_WHOLE },
  HW915: {
    any: ["Where the origin ends too soon, end the client's connection, without the last chunk."],
    node: [
      "pipe() leaves the client waiting: pipeline() ends its connection.",
      "pipeline(fromOrigin, response, () => {});",
    ],
  },
  HW916: {
    any: ["Pass responses on as they come; look at compression in between, too, which holds small pieces back."],
    nginx: [
      "Pass responses on as they come, or send X-Accel-Buffering: no with those that stream",
      "proxy_buffering off;",
    ],
    apache: ["Send what has come at once.", "ProxyPass / http://ORIGIN/ flushpackets=on"],
    caddy: ["Send what has come at once, in reverse_proxy:", "flush_interval -1"],
  },
  HW917: {
    any: ["Pass uploads on as they come."],
    nginx: ["Pass uploads on as they come", "proxy_request_buffering off;"],
    apache: ["Send chunks on instead of gathering them for a length.", "SetEnv proxy-sendchunked 1"],
    haproxy: ["Do not wait for bodies.", "no option http-buffer-request"],
  },
  HW918: ENDS_WITH_CLIENT,
  HW919: {
    any: ["Take the chunks out of a response to an HTTP/1.0 client, and close behind it."],
    node: OWN_CONNECTION,
  },
  HW920: ENDS_WITH_CLIENT,
  HW921: {
    any: [
      "Take a client's FIN for the end of its requests: answer what it has asked. A client that is gone for good resets what is sent to it.",
    ],
    nginx: [
      "Answer clients that have closed their side; nginx then goes on for those that are gone, too (HW920).",
      "proxy_ignore_client_abort on;",
    ],
  },
  HW922: {
    any: [
      "When the origin answers before an upload is whole, pass that on, close the sending side, and read on for a while before the close.",
    ],
  },
  HW923: {
    any: [
      "Remove what clients say in forwarding fields, or replace it, at the first proxy that you trust; the application must believe no others.",
    ],
    nginx: [
      "Write them anew, and the others away, each by its name.",
      'proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header Forwarded "";',
    ],
    apache: [
      "Take out those that Apache does not write itself, each by its name (mod_headers).",
      "RequestHeader unset Forwarded",
    ],
    haproxy: [
      "Write them anew, and delete the others, each by its name.",
      "http-request set-header X-Forwarded-For %[src]",
    ],
    caddy: [
      "Caddy writes X-Forwarded-For, -Host and -Proto itself; take out the others in reverse_proxy, each by its name:",
      "header_up -Forwarded",
    ],
    node: [
      "Write them anew, and delete the others.",
      "headers['x-forwarded-for'] = request.socket.remoteAddress; delete headers.forwarded;",
    ],
  },
  HW924: {
    any: ["Rewrite Location where it names the origin's own address."],
    nginx: ["Name the address that the origin gives itself.", "proxy_redirect http://ORIGIN/ /;"],
    apache: ["Let Apache rewrite it.", "ProxyPassReverse / http://ORIGIN/"],
    haproxy: ["Rewrite it by a pattern.", "http-response replace-header Location ^https?://ORIGIN(/.*) \\1"],
    caddy: ["Rewrite it by a pattern, in reverse_proxy:", 'header_down Location "^https?://ORIGIN" ""'],
    node: ["Take the origin's address out of it.", "headers.location = headers.location?.replace(originUrl, '');"],
  },
  HW925: {
    any: ["Pass Upgrade on with an own Connection: Upgrade, and bytes both ways behind a 101."],
    nginx: [
      "Ask the origin for what the client asks for; $connection_upgrade comes from a map of $http_upgrade.",
      "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;",
    ],
    apache: ["Let mod_proxy_http pass it on (2.4.47 or newer).", "ProxyPass / http://ORIGIN/ upgrade=websocket"],
    node: [
      "Listen to upgrades, and pass them on: they are no requests to node:http.",
      "server.on('upgrade', (request, socket, head) => proxyUpgrade(request, socket, head));",
    ],
  },
  HW926: {
    any: [
      "Do not share connections to an origin that authenticates connections (NTLM, Negotiate); let it take other credentials, which go with each request.",
    ],
    nginx: ["Keep no connections to such an origin: take keepalive out of its upstream block."],
    apache: ["Keep no connections to such an origin.", "ProxyPass / http://ORIGIN/ disablereuse=on"],
    haproxy: ["Keep each client's connection to itself.", "http-reuse never"],
    caddy: ["Keep no connections to such an origin, in reverse_proxy:", "transport http { keepalive off }"],
    node: ["Take a connection of its own for each request to such an origin.", "agent: false"],
  },
  HW927: { any: READS_WHOLE },
  HW928: {
    any: [
      "When a client goes in the middle of a response, read the rest of that to its end, or close the connection to the origin.",
    ],
    node: [
      "End the request to the origin with the client's connection.",
      "response.on('close', () => toOrigin.destroy());",
    ],
  },
  HW929: {
    any: [
      "A connection to the origin on which an upload is not whole carries nothing else: send the rest, or close it. Close the client's, too, or read the rest.",
    ],
  },
  HW930: {
    any: ["Refuse it with 400 and close; update the proxy."],
    apache: ["Read strictly, which is the default since 2.4.25.", "HttpProtocolOptions Strict"],
    haproxy: ["Take out what makes it lenient.", "no option accept-invalid-http-request"],
    node: ["Never set insecureHTTPParser."],
  },
  HW931: {
    any: [`${UPDATE}it has to write one response for each request, and no body behind HEAD, 204 and 304.`],
    node: [
      "Answer once: look at response.headersSent before an error is written, and leave bodies of HEAD, 204 and 304 to node:http.",
    ],
  },
  HW940: {
    any: ["Stop listening, say close in each further response, finish what is in progress, and leave then."],
    nginx: [
      "Let it end with QUIT (nginx -s quit), not TERM, and give what is in progress some time.",
      "worker_shutdown_timeout 30s;",
    ],
    apache: ["Let it end with WINCH (apachectl graceful-stop), not TERM.", "GracefulShutdownTimeout 30"],
    haproxy: ["Let it end with USR1, not TERM, and give what is in progress some time.", "hard-stop-after 30s"],
    caddy: ["Give what is in progress some time, in the global options:", "grace_period 30s"],
    node: [
      "On SIGTERM stop listening, and leave when the last response is out.",
      "process.once('SIGTERM', () => server.close());",
    ],
  },
};

/** Products that are listed where nobody knows which it is. */
const LISTED = ["nginx", "apache", "haproxy", "caddy", "node"];

/** @param name as the knowledge of products calls it; not known: undefined */
export function throughFixes(id: string, name: string | undefined): readonly Fix[] {
  const known = remedies[id];
  if (known === undefined) return [];
  const fixOf = (product: string): Fix[] => {
    const remedy = known[product];
    if (remedy === undefined) return [];
    const [text, setting] = remedy;
    return [{ product, text, ...(setting === undefined ? {} : { setting }) }];
  };
  const own = name === undefined ? [] : fixOf(name);
  if (own.length > 0) return own;
  return [...fixOf("any"), ...(name === undefined ? LISTED.flatMap(fixOf) : [])];
}

/** A proxy that has ended. */
export const goneFixes: readonly Fix[] = [
  {
    product: "any",
    text: `${UPDATE}no message of a client or an origin may end it. Let something start it again when it ends.`,
  },
];
