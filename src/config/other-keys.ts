/**
 * What other programs call what a file says here, by the map in which it stands: so that those who come from nginx, HAProxy, Caddy, Traefik or
 * Apache httpd are told what to write, and not only what there is.
 *
 * Deliberately absent: what is like a key of ours; nearest.ts finds those. Flags of other programs: cli/other-words.ts.
 */

/** Names without regard to case and marks, and what to write instead. */
type Words = readonly (readonly [names: RegExp, how: string])[];

const AUTH = "write users: FILE, with a line NAME:HASH each (hopwise forward --hash-password)";
const CERTIFICATES = "write https: HOST:PORT and certificates: [{ cert: FILE, key: FILE }] in listeners";
const MIDDLEWARES =
  "what it does is said by the route itself: stripPrefix, setRequestFields, users, rateLimit, allow and others";
const ENDPOINTS = "write to: [URL, URL]";
const PATH = "write match: { path: /api/* }";
const TIMEOUTS = "write responseTimeout (to the first byte), bodyTimeout, connectTimeout or tunnelTimeout";

/** By a key that only this kind of map has. */
const maps: readonly (readonly [mark: string, words: Words])[] = [
  [
    "routes",
    [
      [
        /^(?:servers?|sites?|v(?:irtual)?hosts?|frontends?|entrypoints|http)$/,
        "write listeners: [{ http: HOST:PORT }] and routes: [{ match: { host: NAME }, to: GROUP }]",
      ],
      [/^(?:upstreams?|backends?|services?|clusters?)$/, "write groups: { NAME: { to: [URL] } }"],
      [/^(?:routers?|rules?|locations?|handle)$/, "write routes: [{ match: { path: /api/* }, to: GROUP }]"],
      [/^(?:ssl|certs?|certificates?)$/, CERTIFICATES],
      [
        /^(?:acme|letsencrypt|certificatesresolvers|email)$/,
        `hopwise orders no certificates; with those of certbot ${CERTIFICATES}`,
      ],
      [/^(?:timeouts?)$/, "write headTimeout, keepAliveTimeout, connectTimeout, responseTimeout or bodyTimeout"],
      [/^(?:workers?|workerprocesses|nbthread|nbproc)$/, "it is a flag: hopwise run --workers auto"],
      [/^(?:healthchecks?)$/, "write health: { path: /healthz } in a group"],
      [/^middlewares?$/, MIDDLEWARES],
      [/^(?:gzip|encode|compress(?:ion)?|cache)$/, "hopwise does not compress or cache: leave it out"],
    ],
  ],
  [
    "certificates",
    [
      [/^(?:port|listen|address|addr|bind)$/, "write http: HOST:PORT or https: HOST:PORT"],
      [/^(?:unix|socket|path)$/, "hopwise listens at addresses alone: write http: HOST:PORT"],
      [/^(?:ssl|cert|key|sslcertificate(?:key)?|tlscert|tlskey)$/, CERTIFICATES],
      [/^(?:hosts?|hostnames?|servernames?|domains?)$/, "write match: { host: NAME } in routes"],
    ],
  ],
  [
    "balance",
    [
      [/^(?:servers?|endpoints?|urls?|targets?|nodes?|backends?|members?|addresses|loadbalancer)$/, ENDPOINTS],
      [
        /^(?:lb|lbpolicy|loadbalancing|algorithm|strategy|policy|method)$/,
        "write balance: least-outstanding, round-robin, two-choices or { hash: client }",
      ],
      [/^(?:healthchecks?|healthuri|check|httpchk)$/, "write health: { path: /healthz }"],
      [/^(?:cookie|stickysessions?|session(?:affinity)?)$/, "write sticky: { cookie: NAME }"],
      [
        /^(?:ssl|transport)$/,
        "write https://HOST:PORT in to, and tls: { ca: FILE } where the system does not trust it",
      ],
      [
        /^(?:retries|maxfails|failtimeout|nextupstream)$/,
        "endpoints that fail are avoided, and what may be sent again is, without being told; retryBudget limits it",
      ],
      [/^(?:path|prefix)$/, "paths are said by routes: write stripPrefix or addPrefix there"],
    ],
  ],
  [
    "maxConnections",
    [
      [/^(?:servers?|address|addr|hosts?|port|target)$/, "write url: http://HOST:PORT"],
      [/^(?:down|disabled|drain)$/, "write weight: 0"],
    ],
  ],
  [
    "stripPrefix",
    [
      [/^(?:paths?|prefix|pathprefix|locations?|uri|url)$/, PATH],
      [/^(?:hosts?|hostnames?|servernames?|domains?)$/, "write match: { host: NAME }"],
      [/^methods?$/, "write match: { method: GET }"],
      [/^(?:rule|when|if)$/, "write match: { host: NAME, path: /api/*, method: GET }"],
      [
        /^headers?$/,
        "write match: { fields: { NAME: VALUE } } to choose by it, setRequestFields or setResponseFields to change it",
      ],
      [
        /^(?:addheaders?|setheaders?|headerup|proxysetheader|requestheaders?|customrequestheaders)$/,
        "write setRequestFields: { NAME: VALUE }",
      ],
      [/^(?:headerdown|responseheaders?|customresponseheaders|hsts)$/, "write setResponseFields: { NAME: VALUE }"],
      [
        /^(?:proxypass|proxy|reverseproxy|backends?|usebackend|groups?|upstreams?|services?|targets?|forward)$/,
        "write to: GROUP",
      ],
      [/^(?:rewrite|rewritepath|replacepath|pathrewrite)$/, "write stripPrefix: /old, addPrefix: /new"],
      [/^(?:return|response|reply)$/, "write respond: { status: 404 } or redirect: /new"],
      [/^(?:redir|redirecturl|location)$/, "write redirect: /new"],
      [/^(?:timeouts?|proxyreadtimeout|readtimeout|requesttimeout)$/, TIMEOUTS],
      [/^(?:auth|basicauth|authbasic|authentication)$/, AUTH],
      [
        /^cors$/,
        "write setResponseFields: { Access-Control-Allow-Origin: URL }, and for preflights a route with method: OPTIONS and respond",
      ],
      [/^(?:clientmaxbodysize|maxbodysize|bodylimit|bodysize|requestbody)$/, "write maxBody: 10m"],
      [/^(?:ip)?(?:whitelist|allowlist)$/, "write allow: [10.0.0.0/8]"],
      [/^(?:ip)?(?:blacklist|denylist|block)$/, "write deny: [10.0.0.0/8]"],
      [/^(?:errorpages?|errors?|handleerrors|errorfiles?)$/, "write errorPages: { 502: FILE } at the top of the file"],
      [/^(?:websockets?|upgrade|ws)$/, "WebSocket works without being told: leave it out"],
      [/^middlewares?$/, MIDDLEWARES],
      [/^weights?$/, "weights are those of endpoints: write to: [{ url: URL, weight: 2 }] in a group"],
      [/^(?:limitconn|maxconn)$/, "write concurrency: { max: 50 }"],
      [/^limitreq$/, "write rateLimit: { requests: 10, per: 1s }"],
    ],
  ],
  [
    "method",
    [
      [/^headers?$/, "write fields: { NAME: VALUE }, or true for any value"],
      [/^(?:prefix|pathprefix|uri|url|location)$/, "write path: /api/*"],
      [/^(?:query|queryparams?|queries|args)$/, "routes do not choose by queries: leave it out"],
      [
        /^cookies?$/,
        "routes do not choose by single cookies; balance: { hash: { cookie: NAME } } of a group keeps clients with an endpoint",
      ],
      [
        /^(?:clientip|remoteip|ip|source|src|address)$/,
        "routes do not choose by addresses; allow and deny of a route refuse by them",
      ],
      [
        /^(?:scheme|protocol|tls|https)$/,
        "routes are the same for all listeners; redirect: https of a listener sends clients to https",
      ],
    ],
  ],
  [
    "healthy",
    [
      [/^(?:uri|url|endpoint|target|healthuri)$/, "write path: /healthz"],
      [/^(?:rise|passes|success(?:threshold)?|up)$/, "write healthy: 2"],
      [/^(?:fall|fails|failures?|failurethreshold|down)$/, "write unhealthy: 3"],
      [
        /^(?:tcp|type|protocol|scheme)$/,
        "checks ask for a page; an endpoint that cannot be connected to is avoided without them",
      ],
      [/^(?:headers?)$/, "write host: NAME; other fields are not sent"],
    ],
  ],
  [
    "serverName",
    [
      [
        /^(?:insecure|insecureskipverify|skipverify|verify|sslverify|rejectunauthorized)$/,
        "certificates are always checked; one that nobody has issued is trusted as ca: FILE",
      ],
      [/^(?:sni|name|host)$/, "write serverName: NAME"],
      [/^(?:cafile|rootcas?|trusted|trustedcertificate|truststore)$/, "write ca: FILE"],
    ],
  ],
  ["cookie", [[/^name$/, "write cookie: NAME"]]],
  [
    "body",
    [
      [/^headers?$/, "write fields: { NAME: VALUE }"],
      [/^(?:code|statuscode)$/, "write status: 404"],
      [/^(?:text|content|data)$/, "write body: TEXT"],
      [/^file$/, `write body: "\${file:PATH}"`],
    ],
  ],
  [
    "status",
    [
      [/^(?:code|statuscode|permanent)$/, "write status: 301"],
      [/^(?:url|uri|location|target)$/, "write to: /new"],
      [/^headers?$/, "write fields: { NAME: VALUE }"],
    ],
  ],
];

/** @param known the keys there are @returns what to write instead; nothing is known: undefined */
export function otherKey(key: string, known: readonly string[]): string | undefined {
  const [, words = []] = maps.find(([mark]) => known.includes(mark)) ?? [];
  const plain = key.toLowerCase().replace(/[^a-z0-9]/g, "");
  return words.find(([names]) => names.test(plain))?.[1];
}
