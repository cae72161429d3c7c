/** What is known of servers that applications run in, by language. Some are clients of other servers, too. */
import type { Product, Setting } from "./product.ts";

const date = "2026-11";

/** Servers inside a program have one setting each, mostly. */
const idleSetting = (name: string, unit: Setting["unit"], write: string, where: string): Setting => ({
  name,
  side: "clients",
  sets: "idle",
  unit,
  write,
  where,
});

export const runtimes: readonly Product[] = [
  {
    name: "node",
    title: "Node.js",
    aliases: ["nodejs", "express"],
    role: "server",
    editions: [
      {
        clients: {
          idle_ms: 5_000,
          grace_ms: 1_000,
          advertises: "timeout",
          note: "it says 5 s and closes at 6 s",
          known: ["measured", "documented"],
          of: "Node 20",
          date,
        },
        origins: {
          idle_ms: 5_000,
          hint: { margin_ms: 1_000, replacesIdle: false },
          note: "the global http.Agent: 5 s, or the server's hint less 1 s where that is shorter; an Agent of its own has no limit unless timeout is given",
          known: ["documented"],
          of: "Node 20.20",
          date,
        },
      },
      {
        since: "27",
        clients: { idle_ms: 65_000, advertises: "timeout", known: ["documented"], of: "Node 27", date },
        origins: {
          idle_ms: 5_000,
          hint: { margin_ms: 1_000, replacesIdle: false },
          note: "as Node 20.20 has it",
          known: ["recalled"],
          date,
        },
      },
    ],
    settings: [
      {
        ...idleSetting(
          "keepAliveTimeout",
          "ms",
          "server.keepAliveTimeout = {ms};",
          "the program, before server.listen",
        ),
        special: { 0: "unlimited" },
      },
      {
        name: "maxRequestsPerSocket",
        side: "clients",
        sets: "requests",
        unit: "count",
        write: "server.maxRequestsPerSocket = {count};",
        where: "the program, before server.listen",
      },
      {
        name: "agent.timeout",
        side: "origins",
        sets: "idle",
        unit: "ms",
        special: { 0: "unlimited" },
        write: "new http.Agent({ keepAlive: true, timeout: {ms} })",
        where: "the program, as the agent of its requests",
      },
    ],
  },
  {
    name: "fastify",
    title: "Fastify",
    role: "server",
    editions: [{ clients: { idle_ms: 72_000, known: ["secondary"], date } }],
    settings: [{ ...idleSetting("keepAliveTimeout", "ms", "fastify({ keepAliveTimeout: {ms} })", "the program") }],
  },
  {
    name: "hopwise",
    title: "hopwise",
    role: "proxy",
    editions: [
      {
        clients: { idle_ms: 75_000, known: ["documented"], date },
        origins: {
          idle_ms: 60_000,
          isLearning: true,
          hint: { margin_ms: 1_000, replacesIdle: false },
          lifetime_ms: 3_600_000,
          note: "it learns how long each origin waits, gives connections up before that, and sends no POST on one that is in doubt",
          known: ["documented"],
          date,
        },
      },
    ],
    settings: [
      idleSetting("keepAliveTimeout", "s", "--keep-alive-timeout {s}s", "the command, or keepAliveTimeout in the file"),
      {
        name: "poolIdleTimeout",
        side: "origins",
        sets: "idle",
        unit: "s",
        write: "--pool-idle-timeout {s}s",
        where: "the command, or poolIdleTimeout in the file",
      },
    ],
    signs: { server: ["hopwise"], via: ["hopwise"] },
  },
  {
    name: "tomcat",
    title: "Tomcat",
    role: "server",
    editions: [
      {
        clients: {
          idle_ms: 20_000,
          requestsMax: 100,
          note: "connectionTimeout of the server.xml that comes with it; without that line 60 s, see tomcat-embedded",
          known: ["documented"],
          date,
        },
      },
    ],
    settings: [
      idleSetting("keepAliveTimeout", "ms", 'keepAliveTimeout="{ms}"', "the Connector of server.xml"),
      idleSetting("connectionTimeout", "ms", 'connectionTimeout="{ms}"', "the Connector of server.xml"),
      {
        name: "maxKeepAliveRequests",
        side: "clients",
        sets: "requests",
        unit: "count",
        write: 'maxKeepAliveRequests="{count}"',
        where: "the Connector of server.xml",
      },
    ],
    signs: { server: ["Apache-Coyote", "Tomcat"] },
  },
  {
    name: "tomcat-embedded",
    title: "Tomcat, embedded",
    aliases: ["spring-boot"],
    role: "server",
    editions: [
      {
        clients: {
          idle_ms: 60_000,
          requestsMax: 100,
          note: "the connectionTimeout of the code, without a server.xml",
          known: ["documented"],
          date,
        },
      },
    ],
    settings: [
      idleSetting("keepAliveTimeout", "ms", 'connector.setProperty("keepAliveTimeout", "{ms}");', "the program"),
      idleSetting("connectionTimeout", "ms", 'connector.setProperty("connectionTimeout", "{ms}");', "the program"),
    ],
  },
  {
    name: "jetty",
    title: "Jetty",
    role: "server",
    editions: [{ clients: { idle_ms: 30_000, known: ["secondary"], date } }],
    settings: [idleSetting("idleTimeout", "ms", "jetty.http.idleTimeout={ms}", "start.d/http.ini")],
    signs: { server: ["Jetty"] },
  },
  {
    name: "kestrel",
    title: "Kestrel",
    aliases: ["aspnetcore"],
    role: "server",
    editions: [{ clients: { idle_ms: 130_000, known: ["secondary"], date } }],
    settings: [
      idleSetting(
        "KeepAliveTimeout",
        "s",
        "options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds({s});",
        "ConfigureKestrel",
      ),
    ],
    signs: { server: ["Kestrel"] },
  },
  {
    name: "iis",
    title: "IIS",
    role: "server",
    editions: [{ clients: { idle_ms: 120_000, known: ["recalled"], date } }],
    settings: [
      idleSetting(
        "connectionTimeout",
        "s",
        "limits.connectionTimeout: {s} seconds, written as hh:mm:ss",
        "the site's limits (applicationHost.config)",
      ),
    ],
    signs: { server: ["Microsoft-IIS"] },
  },
  {
    name: "puma",
    title: "Puma",
    role: "server",
    editions: [
      { clients: { idle_ms: 20_000, known: ["documented"], date } },
      { since: "7.0", clients: { idle_ms: 65_000, known: ["documented"], of: "Puma 7.0", date } },
    ],
    settings: [idleSetting("persistent_timeout", "s", "persistent_timeout {s}", "config/puma.rb")],
    signs: { server: ["puma"] },
  },
  {
    name: "unicorn",
    title: "Unicorn",
    role: "server",
    editions: [{ clients: { idle_ms: "no-reuse", known: ["recalled"], date } }],
    settings: [],
    fixed: { clients: "Unicorn closes after each response; a proxy in front of it spares clients the cost" },
  },
  {
    name: "gunicorn",
    title: "gunicorn",
    role: "server",
    editions: [
      {
        clients: {
          idle_ms: 2_000,
          note: "workers of the kinds gthread, gevent and eventlet; the sync worker closes after each response",
          known: ["secondary"],
          date,
        },
      },
    ],
    settings: [
      idleSetting("keepalive", "s", "keepalive = {s}", "gunicorn.conf.py (--keep-alive on the command line)"),
      {
        name: "worker_class",
        side: "clients",
        sets: "reuse",
        unit: "switch",
        special: { sync: "no-reuse", gthread: "on", gevent: "on", eventlet: "on" },
        write: 'worker_class = "gthread"',
        where: "gunicorn.conf.py",
      },
    ],
    signs: { server: ["gunicorn"] },
  },
  {
    name: "uvicorn",
    title: "uvicorn",
    aliases: ["fastapi"],
    role: "server",
    editions: [{ clients: { idle_ms: 5_000, known: ["secondary"], date } }],
    settings: [idleSetting("timeout_keep_alive", "s", "--timeout-keep-alive {s}", "uvicorn's arguments")],
    signs: { server: ["uvicorn"] },
  },
  {
    name: "hypercorn",
    title: "hypercorn",
    role: "server",
    editions: [{ clients: { idle_ms: 5_000, known: ["secondary"], date } }],
    settings: [idleSetting("keep_alive_timeout", "s", "keep_alive_timeout = {s}", "hypercorn's configuration")],
    signs: { server: ["hypercorn-h11", "hypercorn"] },
  },
  {
    name: "aiohttp",
    title: "aiohttp",
    role: "server",
    editions: [
      { clients: { idle_ms: 75_000, known: ["measured", "documented"], of: "aiohttp 3.8", date } },
      { since: "3.11", clients: { idle_ms: 3_630_000, known: ["documented"], of: "aiohttp 3.11", date } },
    ],
    settings: [idleSetting("keepalive_timeout", "s", "web.run_app(app, keepalive_timeout={s})", "the program")],
    signs: { server: ["aiohttp"] },
  },
  {
    name: "waitress",
    title: "waitress",
    role: "server",
    editions: [
      {
        clients: {
          idle_ms: 120_000,
          note: "looked at every 30 s (cleanup_interval), so up to 150 s",
          known: ["documented"],
          of: "waitress 2.1",
          date,
        },
      },
    ],
    settings: [idleSetting("channel_timeout", "s", "channel_timeout={s}", "waitress.serve(...) (--channel-timeout)")],
    signs: { server: ["waitress"] },
  },
  {
    name: "tornado",
    title: "Tornado",
    role: "server",
    editions: [{ clients: { idle_ms: 3_600_000, known: ["documented"], of: "Tornado 6.2", date } }],
    settings: [
      idleSetting("idle_connection_timeout", "s", "app.listen(port, idle_connection_timeout={s})", "the program"),
    ],
    signs: { server: ["TornadoServer"] },
  },
  {
    name: "twisted",
    title: "Twisted Web",
    role: "server",
    editions: [{ clients: { idle_ms: 60_000, known: ["measured", "documented"], of: "Twisted 22.4", date } }],
    settings: [idleSetting("timeout", "s", "Site(resource, timeout={s})", "the program")],
    signs: { server: ["TwistedWeb"] },
  },
  {
    name: "webrick",
    title: "WEBrick",
    role: "server",
    editions: [{ clients: { idle_ms: 30_000, known: ["measured", "documented"], of: "WEBrick 1.8", date } }],
    settings: [idleSetting("RequestTimeout", "s", "WEBrick::HTTPServer.new(RequestTimeout: {s})", "the program")],
    signs: { server: ["WEBrick"] },
  },
  {
    name: "python-http",
    title: "Python's http.server",
    aliases: ["http.server"],
    role: "server",
    editions: [{ clients: { idle_ms: "no-reuse", known: ["measured", "recalled"], date } }],
    settings: [],
    fixed: { clients: "it speaks HTTP/1.0 and closes after each response" },
    signs: { server: ["SimpleHTTP", "BaseHTTP"] },
  },
  {
    name: "php",
    title: "PHP's built-in server",
    role: "server",
    editions: [{ clients: { idle_ms: "no-reuse", known: ["recalled", "measured"], date } }],
    settings: [],
    fixed: { clients: "it closes after each response" },
  },
  {
    name: "go",
    title: "Go net/http server",
    aliases: ["golang", "net/http"],
    role: "server",
    editions: [
      {
        clients: {
          idle_ms: "unlimited",
          note: "IdleTimeout, else ReadTimeout, else no limit",
          known: ["secondary"],
          date,
        },
      },
    ],
    settings: [
      {
        ...idleSetting("IdleTimeout", "s", "IdleTimeout: {s} * time.Second,", "the http.Server"),
        special: { 0: "unlimited" },
      },
      {
        ...idleSetting("ReadTimeout", "s", "ReadTimeout: {s} * time.Second,", "the http.Server"),
        special: { 0: "unlimited" },
      },
    ],
  },
  {
    name: "hyper",
    title: "hyper",
    aliases: ["axum"],
    role: "server",
    editions: [
      {
        clients: {
          idle_ms: "unlimited",
          note: "no limit for an idle connection, 30 s for a head",
          known: ["documented"],
          date,
        },
      },
    ],
    settings: [],
    fixed: { clients: "hyper has no setting for it; close connections in the program" },
  },
];
