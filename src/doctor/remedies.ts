/**
 * What to change, by topic and product.
 *
 * Timeouts and numbers are settings that the knowledge of products has; the rest stands here. Deliberately absent: what products do by
 * default.
 */
import type { Fix, FixTopic } from "./finding.ts";
import { productNamed, settingText } from "./products/all.ts";
import { concerns, type Setting } from "./products/product.ts";

/** By product; `any`: for all that are not named. */
type Remedies = Readonly<Record<string, Omit<Fix, "product">>>;

const remedies: Partial<Readonly<Record<FixTopic, Remedies>>> = {
  "certificate-expires": {
    any: { text: "Renew the certificate, and let something renew it by itself from now on (ACME)." },
  },
  "idle-timeout-too-short": {
    any: {
      text: "Make the idle timeout of this server longer than the neighbour's pool keeps connections, plus a second or more: 65 s behind an AWS ALB.",
    },
  },
  "idle-timeout-promise-broken": {
    node: {
      text: "Something on the way is more impatient than Node: compare with a measurement on the machine itself.",
    },
    any: { text: "Advertise less than is kept, or nothing." },
  },
  "idle-timeout-not-advertised": {
    nginx: { text: "Tell clients a little less than is kept.", setting: "keepalive_timeout 75s 70s;" },
    any: { text: "Send Keep-Alive: timeout with a little less than is kept." },
  },
  "persistence-off": {
    any: { text: "Let connections persist: serve HTTP/1.1, and say where each response ends." },
    node: { text: "Do not set Connection: close; leave Content-Length or chunks to node:http." },
    gunicorn: {
      text: "The sync worker closes behind each response: take another.",
      setting: "gunicorn --worker-class gthread",
    },
    php: { text: "PHP's built-in server closes behind each response: serve PHP with php-fpm behind a web server." },
  },
  "close-not-announced": { any: { text: "Send Connection: close with the last response of a connection." } },
  "close-not-honoured": { any: { text: "Close the connection behind the response to a request that says close." } },
  "http10-left-open": {
    any: {
      text: "Close behind the response to an HTTP/1.0 request, unless it said Connection: keep-alive; a proxy decides that for each of its two connections.",
    },
  },
  "requests-per-connection": { any: { text: "Allow more requests on a connection." } },
  "head-time-unlimited": {
    node: { text: "Limit the time for a request's head.", setting: "server.headersTimeout = 60_000;" },
    nginx: { text: "Limit the time for a request's head.", setting: "client_header_timeout 60s;" },
    apache: { text: "Limit the time for a request's head.", setting: "RequestReadTimeout header=20-40,MinRate=500" },
    haproxy: { text: "Limit the time for a request's head.", setting: "timeout http-request 10s" },
    caddy: { text: "Limit the time for a request's head.", setting: "servers { timeouts { read_header 30s } }" },
    go: { text: "Limit the time for a request's head.", setting: "ReadHeaderTimeout: 30 * time.Second," },
    squid: { text: "Limit the time for a request's head.", setting: "request_timeout 30 seconds" },
    any: { text: "Limit the time for a request's head, as a whole." },
  },
  "silent-connection-unlimited": {
    haproxy: { text: "Limit the time until the first request.", setting: "timeout http-request 10s" },
    caddy: { text: "Limit the time until the first request.", setting: "servers { timeouts { read_header 30s } }" },
    go: { text: "Limit the time until the first request.", setting: "ReadHeaderTimeout: 30 * time.Second," },
    squid: { text: "Limit the time until the first request.", setting: "request_start_timeout 30 seconds" },
    any: { text: "Limit the time until the first request." },
  },
  "close-with-reset": { any: { text: "Close in two steps: FIN first, then read on for a while, then close." } },
  "half-close-not-served": {
    any: { text: "Treat a client's FIN as the end of its requests, not of the connection." },
  },
  "pipelining-broken": {
    any: {
      text: "Read the next request of a connection only when the response to the one before is written, and keep what has arrived.",
    },
  },
  "framing-of-responses": {
    any: { text: "Send Content-Length or chunks with each response, never both, and no body with HEAD, 204 and 304." },
  },
  "body-left-unread": { any: { text: "Read a request's body to its end before the next request, or close." } },
  "early-response-lost": {
    nginx: { text: "Read on for a while behind an early response.", setting: "lingering_close always;" },
    any: { text: "After an early response close the sending side only, and read on until the client has taken it." },
  },
  "expect-ignored": {
    node: {
      text: "Answer 100 Continue where there is a checkContinue listener.",
      setting: "response.writeContinue();",
    },
    any: { text: "Answer 100 Continue, or the final response, before the body is read." },
  },
  "error-handling": {
    node: {
      text: "Node answers what came before an unreadable request with the error alone; keep strangers' bytes behind a proxy that reads strictly.",
    },
    any: { text: "Answer the requests that were read before the error, and then the error." },
  },
  "connection-limit": {
    gunicorn: {
      text: "The sync worker serves one connection at a time: take another.",
      setting: "gunicorn --worker-class gthread --threads 8",
    },
    any: { text: "Serve connections side by side, and let idle ones give way to newcomers." },
  },
  "ambiguous-framing-accepted": {
    any: { text: "Refuse it with 400 and close; put a proxy in front that does, and update the server." },
  },
};

/** Topics that one setting of a product answers, and how it should stand. */
const bySetting: Partial<Readonly<Record<FixTopic, { readonly sets: Setting["sets"]; readonly amount: number }>>> = {
  // Longer than the minute for which most pools keep connections.
  "idle-timeout-too-short": { sets: "idle", amount: 65_000 },
  "requests-per-connection": { sets: "requests", amount: 10_000 },
};

/** Products whose fixes are listed where nobody knows which it is. */
const LISTED = ["node", "nginx", "apache", "haproxy"];

/** @param name as the knowledge of products calls it; not known: undefined */
export function remediesFor(topic: FixTopic, name: string | undefined): readonly Fix[] {
  const known = remedies[topic] ?? {};
  const fixesOf = (product: string): Fix[] => {
    const written = known[product] === undefined ? [] : [{ product, ...known[product] }];
    return written.length > 0 ? written : fixBySetting(topic, product);
  };
  const own = name === undefined ? [] : fixesOf(name);
  if (own.length > 0) return own;
  return [...fixesOf("any"), ...(name === undefined ? LISTED.flatMap(fixesOf) : [])];
}

function fixBySetting(topic: FixTopic, name: string): Fix[] {
  const wanted = bySetting[topic];
  const product = productNamed(name);
  if (wanted === undefined || product === undefined) return [];
  const settings = product.settings.filter((one) => concerns(one, "clients") && one.sets === wanted.sets);
  const [setting] = settings;
  if (setting === undefined) {
    return wanted.sets === "idle" && product.fixed?.clients !== undefined
      ? [{ product: name, text: product.fixed.clients }]
      : [];
  }
  // One that ends a connection although another would not has to be raised, too.
  return settings
    .filter((one) => one === setting || one.isCeiling)
    .map((one) => ({
      product: name,
      text: `Change it in ${one.where}.`,
      setting: settingText(one, wanted.amount),
    }));
}
