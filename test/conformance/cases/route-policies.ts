/** What a route asks of its requests before they go on, and lets them take, byte by byte. */

import type { GatewayConfig } from "../../../src/config/public-gateway.ts";
import type { RouteOptions } from "../../../src/config/public-route.ts";
import type { Authentication } from "../../../src/exchange/authentication.ts";
import { withRoutes } from "../../kit/routes-settings.ts";
import type { SceneSettings } from "../../kit/stage.ts";
import {
  ADDED,
  answer,
  type Case,
  client,
  client2,
  DATE,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  inChunks,
  inChunksSoFar,
  OK,
  OK_CLOSE,
  ordinaryExchange,
  origin,
  origin2,
  refusal,
  type Step,
  waits,
} from "../case.ts";

/** An answer of the proxy's own with lines that say more. */
function page(status: string, reason: string, text: string, lines: readonly string[], more: readonly string[] = []) {
  const body = `${status}: ${reason}\n${text}\n`;
  return `${head(
    `HTTP/1.1 ${status}`,
    DATE,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${body.length}`,
    "Cache-Control: no-store",
    ...lines,
    `Proxy-Status: hopwise-test; error=http_request_denied; details="${reason}"`,
    ...more,
  )}${body}`;
}

function tooMany(retryAfter_s: number, reason = "route-rate-limited"): string {
  const kind = reason === "rate-limited" ? "" : " of this kind";
  const text = `There were too many requests${kind}. Retry-After says when there is room for another.`;
  return page("429 Too Many Requests", reason, text, [`Retry-After: ${retryAfter_s}`]);
}

const LOGIN = page(
  "401 Unauthorized",
  "authentication-required",
  "Send a name and password that are right here in Authorization (RFC 9110 section 11.6).",
  ['WWW-Authenticate: Basic realm="the \\"old\\" office", charset="UTF-8"'],
);

/** Lets in who has a field that ends in `good`, at once, or when something else is done. */
function asks(when: "now" | "later"): Authentication {
  const verdict = (values: readonly string[]) =>
    values.length === 1 && values[0]?.endsWith("good") ? "good" : "proxy-authentication-required";
  return {
    judge(values, _client, later) {
      if (when === "now") return verdict(values);
      queueMicrotask(() => later(verdict(values)));
      return undefined;
    },
    nameOf: () => "alice",
  };
}

/** A route that asks something, beside one that asks nothing. */
const asking = (route: RouteOptions, rest?: GatewayConfig) =>
  withRoutes(
    [{ match: { path: "/x" }, ...(route.respond === undefined ? { to: "app" } : {}), ...route }, { to: "app" }],
    rest,
  );
const X = head("GET /x HTTP/1.1", "Host: a");
const X_FORWARDED = head("GET /x HTTP/1.1", "Host: a", ...ADDED);
const served: readonly Step[] = [client.sends(X), origin.receives(X_FORWARDED), origin.sends(OK), client.receives(OK)];

/** A route with this authentication, where a file would name one of users. */
function withUsers(authentication: Authentication): SceneSettings {
  const { routes, ...rest } = asking({ setRequestFields: { Authorization: null } });
  if (routes === undefined) throw new Error("there are routes");
  const credentials = { authentication, realm: 'the "old" office' };
  return {
    ...rest,
    routes: {
      ...routes,
      routes: routes.routes.map((it) => (it.changes ? { ...it, policy: { words: [], credentials } } : it)),
    },
  };
}

type Wire = Pick<Case, "steps" | "client" | "origin" | "onlyWhole">;

function shows(title: string, settings: SceneSettings, wire: Wire): Case {
  return { rows: [], section: "routes", title, settings, ...wire };
}

const forbidden = answer(403, "network-forbidden");
const POST = (length: number) => head("POST / HTTP/1.1", "Host: a", `Content-Length: ${length}`);
const POST_FORWARDED = (length: number) => head("POST / HTTP/1.1", "Host: a", `Content-Length: ${length}`, ...ADDED);
const CHUNKED = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked");
const CHUNKED_FORWARDED = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED);
const forwardedFor = (address: string) => head("GET /x HTTP/1.1", "Host: a", `X-Forwarded-For: ${address}`);

const networks: readonly Case[] = [
  shows("A network that is denied gets 403.", asking({ deny: "127.0.0.0/8" }), {
    steps: [client.sends(X), client.receives(forbidden)],
    client: ["persists"],
    origin: [],
  }),
  shows("So does one that is not among those that are allowed.", asking({ allow: ["10.0.0.0/8"] }), {
    steps: [client.sends(X), client.receives(forbidden)],
    client: ["persists"],
    origin: [],
  }),
  shows("One that is allowed is served.", asking({ allow: ["10.0.0.0/8", "127.0.0.1"] }), {
    steps: served,
    client: ["persists"],
    origin: ["persists"],
  }),
  shows(
    "Behind a trusted neighbour it is the address that it tells that counts, and a text that is none is in no network.",
    asking({ respond: { body: "in\n" }, allow: "10.0.0.0/8" }, { trusted: ["127.0.0.1"] }),
    {
      steps: [
        ...["192.0.2.1", "unknown", "10.0.0.1, 192.0.2.1", "2002:0a00:0001::1"].flatMap((address) => [
          client.sends(forwardedFor(address)),
          client.receives(forbidden),
        ]),
        client.sends(forwardedFor("192.0.2.1, 10.0.0.1")),
        client.receives(
          `${head("HTTP/1.1 200 OK", "Content-Type: text/plain; charset=utf-8", "Content-Length: 3", DATE)}in\n`,
        ),
      ],
      client: ["persists"],
      origin: [],
    },
  ),
  shows(
    "Network rules come before authentication and limits: who may not come takes no token.",
    asking({ deny: "127.0.0.1", rateLimit: { requests: 1, per: "1h" } }),
    {
      steps: [client.sends(X), client.receives(forbidden), client.sends(X), client.receives(forbidden)],
      client: ["persists"],
      origin: [],
    },
  ),
];

const authentication: readonly Case[] = (["now", "later"] as const).flatMap((when) => [
  shows(`Without credentials a client is asked for them, and for a realm (known ${when}).`, withUsers(asks(when)), {
    steps: [client.sends(X), client.receives(LOGIN)],
    client: ["persists"],
    origin: [],
  }),
  shows(`With good ones it is served, and the origin does not hear them (known ${when}).`, withUsers(asks(when)), {
    steps: [
      client.sends(head("GET /x HTTP/1.1", "Host: a", "Authorization: Basic good")),
      origin.receives(X_FORWARDED),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
]);

const AN_HOUR = { requests: 1, per: "1h" } as const;
const rates: readonly Case[] = [
  shows(
    "A request without a token gets 429, and hears in how many whole seconds there is one.",
    asking({ rateLimit: { requests: 2, per: "5s", burst: 2 } }),
    {
      steps: [
        ...served,
        ...served,
        client.sends(X),
        client.receives(tooMany(3)),
        waits(1_400),
        client.sends(X),
        client.receives(tooMany(2)),
        waits(1_100),
        ...served,
        client.sends(X),
        client.receives(tooMany(3)),
      ],
      client: ["persists"],
      origin: ["persists"],
      // Time that stands between bytes would count.
      onlyWhole: "the time between requests decides",
    },
  ),
  shows(
    "What is counted by a field is counted by its value, and without the field by client.",
    asking({ respond: { status: 204 }, rateLimit: { ...AN_HOUR, by: { field: "X-Key" } } }),
    {
      steps: ["X-Key: one", "X-Key: two", "X-Other: x"].flatMap((field) => [
        client.sends(head("GET /x HTTP/1.1", "Host: a", field)),
        client.receives(head("HTTP/1.1 204 No Content", DATE)),
        client.sends(head("GET /x HTTP/1.1", "Host: a", field)),
        client.receives(tooMany(3_600)),
      ]),
      client: ["persists"],
      origin: [],
    },
  ),
  shows(
    "The limit of all requests comes first, and counts those that no route takes.",
    withRoutes([{ match: { path: "/x" }, to: "app", rateLimit: AN_HOUR }], { rateLimit: { requests: 2, per: "1h" } }),
    {
      steps: [
        client.sends(GET),
        client.receives(answer(404, "no-route")),
        client.sends(GET),
        client.receives(answer(404, "no-route")),
        client.sends(head("GET /x HTTP/1.1", "Host: a")),
        client.receives(tooMany(1_800, "rate-limited")),
        client.halfCloses,
      ],
      client: ["FIN peer-closed-idle"],
      origin: [],
    },
  ),
  shows(
    "It holds without routes, too.",
    withRoutes([], { routes: undefined, groups: undefined, to: "http://127.0.0.1:1", rateLimit: AN_HOUR }),
    {
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(OK_CLOSE),
        client.receives(OK),
        client.sends(GET),
        client.receives(tooMany(3_600, "rate-limited")),
        client.halfCloses,
      ],
      client: ["FIN peer-closed-idle"],
      origin: ["FIN close-received"],
    },
  ),
];

const maxBody = (size: number) => withRoutes([{ to: "app", maxBody: size }]);
const tooLarge = refusal(413, "content-too-large");
const bodies: readonly Case[] = [
  shows("A body that says that it is too large is refused at once, before any of it.", maxBody(4), {
    steps: [client.sends(POST(5)), client.receives(tooLarge)],
    client: ["FIN request-unfinished"],
    origin: [],
  }),
  shows("One that waits for 100 (Continue) is never sent.", maxBody(4), {
    steps: [
      client.sends(head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Expect: 100-continue")),
      client.receives(tooLarge),
    ],
    client: ["FIN request-unfinished"],
    origin: [],
  }),
  shows("A body of just that size goes on.", maxBody(5), {
    steps: [
      client.sends(`${POST(5)}hello`),
      origin.receives(`${POST_FORWARDED(5)}hello`),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
  shows("In chunks it shows on the way: the origin gets no end of it.", maxBody(3), {
    steps: [
      client.sends(`${CHUNKED}3\r\nabc\r\n`),
      origin.receives(inChunksSoFar(CHUNKED_FORWARDED, "abc")),
      client.sends("2\r\nde\r\n0\r\n\r\n"),
      client.receives(tooLarge),
    ],
    client: ["FIN request-refused"],
    origin: ["closed request-incomplete"],
  }),
  shows("In chunks that come at once nothing reaches the origin.", maxBody(4), {
    steps: [client.sends(`${CHUNKED}5\r\nabcde\r\n0\r\n\r\n`), client.receives(tooLarge)],
    client: ["FIN request-refused"],
    origin: [],
    onlyWhole: "in pieces the origin is asked before it shows",
  }),
];

const buffersFull = refusal(503, "buffers-full");
const buffered = withRoutes([{ to: "app", bufferRequest: 8, bodyTimeout: "5s" }]);
const buffering: readonly Case[] = [
  shows("A body that is held reaches the origin when it is whole.", buffered, {
    steps: [
      client.sends(`${POST(6)}abc`),
      waits(1_000),
      client.sends("def"),
      origin.receives(`${POST_FORWARDED(6)}abcdef`),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
  shows("One that does not come whole never reaches it.", buffered, {
    steps: [client.sends(`${POST(6)}abc`), waits(5_000), client.receives(refusal(408, "body-timeout"))],
    client: ["FIN request-incomplete"],
    origin: [],
    onlyWhole: "the time from the last piece on counts",
  }),
  shows("What is held is asked for, where the client waits for 100 (Continue).", buffered, {
    steps: [
      client.sends(head("POST / HTTP/1.1", "Host: a", "Content-Length: 3", "Expect: 100-continue")),
      client.receives(head("HTTP/1.1 100 Continue")),
      client.sends("abc"),
      origin.receives(`${POST_FORWARDED(3)}abc`),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
  shows(
    "All requests together hold no more than is allowed, and one client no more than it leaves for others.",
    { ...buffered, bufferedBytesMax: 8 },
    {
      steps: [client.sends(`${POST(6)}abc`), waits(1_000), client.sends("de"), client.receives(buffersFull)],
      client: ["FIN request-refused"],
      origin: [],
      onlyWhole: "what comes with the head in one piece waits for nothing",
    },
  ),
  shows(
    "What is sent on makes room.",
    { ...buffered, bufferedBytesMax: 8 },
    {
      steps: [
        ...["abc", "def"].flatMap((body) => [
          client.sends(`${POST(3)}${body[0]}`),
          waits(100),
          client.sends(body.slice(1)),
          origin.receives(`${POST_FORWARDED(3)}${body}`),
          origin.sends(OK),
          client.receives(OK),
        ]),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
  ),
  shows("A longer one streams.", buffered, {
    steps: [
      client.sends(`${POST(9)}abc`),
      origin.receives(`${POST_FORWARDED(9)}abc`),
      client.sends("defghi"),
      origin.receives("defghi"),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
  shows("So does one in chunks, once there is more of it.", buffered, {
    steps: [
      client.sends(`${CHUNKED}8\r\nabcdefgh\r\n`),
      waits(1_000),
      client.sends("1\r\ni\r\n"),
      origin.receives(inChunksSoFar(CHUNKED_FORWARDED, "abcdefghi")),
      client.sends("0\r\n\r\n"),
      origin.receives("0\r\n\r\n"),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
  shows("In chunks it is held as well, and its length is told then.", buffered, {
    steps: [
      client.sends(`${CHUNKED}3\r\nabc\r\n`),
      waits(1_000),
      client.sends("0\r\n\r\n"),
      origin.receives(`${POST_FORWARDED(3)}abc`),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
  shows("But its chunks stay where trailers are behind them.", buffered, {
    steps: [
      client.sends(`${CHUNKED}3\r\nabc\r\n`),
      waits(1_000),
      client.sends("0\r\nX-Sum: 1\r\n\r\n"),
      origin.receives(inChunks(CHUNKED_FORWARDED, "abc", "X-Sum: 1")),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  }),
];

const times: readonly Case[] = [
  shows("A route has its own time for a response.", withRoutes([{ to: "app", responseTimeout: "2s" }]), {
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      waits(2_000),
      client.receives(answer(504, "response-timeout")),
    ],
    client: ["persists"],
    origin: ["closed response-timeout"],
  }),
  shows("And for a body from the client.", withRoutes([{ to: "app", bodyTimeout: "2s" }]), {
    steps: [
      client.sends(`${POST(3)}a`),
      origin.receives(`${POST_FORWARDED(3)}a`),
      waits(2_000),
      client.receives(refusal(408, "body-timeout")),
    ],
    client: ["FIN request-incomplete"],
    origin: ["closed request-incomplete"],
    onlyWhole: "the time from the last piece on counts",
  }),
];

const one = withRoutes([{ to: "app", concurrency: { max: 1, line: 1, wait: "2s" } }]);
const concurrency: readonly Case[] = [
  shows("More requests than at once are allowed wait their turn.", one, {
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      client2.sends(GET),
      origin.sends(OK),
      client.receives(OK),
      origin.receives(GET_FORWARDED),
      origin.sends(OK),
      client2.receives(OK),
    ],
    client: ["persists", "persists"],
    origin: ["persists"],
  }),
  shows("For as long as they may.", one, {
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      client2.sends(GET),
      waits(2_000),
      client2.receives(answer(503, "route-line-timeout")),
      origin.sends(OK),
      client.receives(OK),
    ],
    client: ["persists", "persists"],
    origin: ["persists"],
  }),
  shows("Without a line there is an answer at once.", withRoutes([{ to: "app", concurrency: { max: 1, line: 0 } }]), {
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      client2.sends(GET),
      client2.receives(answer(503, "route-line-full")),
      origin.sends(OK),
      client.receives(OK),
      ...ordinaryExchange,
    ],
    client: ["persists", "persists"],
    origin: ["persists"],
  }),
  shows("A client that leaves frees its place at once.", one, {
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      client2.sends(GET),
      client.resets,
      origin2.receives(GET_FORWARDED),
      origin2.sends(OK),
      client2.receives(OK),
    ],
    client: ["closed peer-reset", "persists"],
    origin: ["closed client-gone", "persists"],
  }),
];

export const routePolicies: Group = {
  name: "Policies of routes",
  cases: [...networks, ...authentication, ...rates, ...bodies, ...buffering, ...times, ...concurrency],
};
