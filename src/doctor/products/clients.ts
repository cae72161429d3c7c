/** What is known of browsers, and of the clients that programs use: how long connections idle in their pools. */
import type { Product, Setting } from "./product.ts";

const date = "2026-11";

const poolSetting = (name: string, unit: Setting["unit"], write: string, where: string): Setting => ({
  name,
  side: "origins",
  sets: "idle",
  unit,
  write,
  where,
});

export const clients: readonly Product[] = [
  {
    name: "go-client",
    title: "Go net/http client",
    role: "library",
    editions: [{ origins: { idle_ms: 90_000, known: ["recalled"], date } }],
    settings: [
      {
        ...poolSetting("IdleConnTimeout", "s", "IdleConnTimeout: {s} * time.Second,", "the http.Transport"),
        special: { 0: "unlimited" },
      },
    ],
  },
  {
    name: "reqwest",
    title: "reqwest",
    role: "library",
    editions: [{ origins: { idle_ms: 90_000, known: ["recalled"], date } }],
    settings: [
      poolSetting("pool_idle_timeout", "s", ".pool_idle_timeout(Duration::from_secs({s}))", "the ClientBuilder"),
    ],
  },
  {
    name: "undici",
    title: "undici",
    aliases: ["fetch", "node-fetch"],
    role: "library",
    editions: [
      {
        origins: {
          idle_ms: 4_000,
          hint: { margin_ms: 2_000, max_ms: 600_000, replacesIdle: true },
          note: "a server's Keep-Alive: timeout takes the place of the 4 s, less 2 s and up to 600 s",
          known: ["documented"],
          date,
        },
      },
    ],
    settings: [
      poolSetting("keepAliveTimeout", "ms", "new Agent({ keepAliveTimeout: {ms} })", "the program's dispatcher"),
    ],
  },
  {
    name: "okhttp",
    title: "OkHttp",
    role: "library",
    editions: [{ origins: { idle_ms: 300_000, known: ["documented"], date } }],
    settings: [
      poolSetting("keepAliveDuration", "s", "ConnectionPool(5, {s}, TimeUnit.SECONDS)", "the OkHttpClient.Builder"),
    ],
  },
  {
    name: "java-httpclient",
    title: "Java HttpClient",
    aliases: ["jdk-httpclient"],
    role: "library",
    editions: [{ origins: { idle_ms: 30_000, known: ["documented"], date } }],
    settings: [
      poolSetting(
        "jdk.httpclient.keepalive.timeout",
        "s",
        "-Djdk.httpclient.keepalive.timeout={s}",
        "the arguments of java",
      ),
    ],
  },
  {
    name: "httpx",
    title: "httpx",
    role: "library",
    editions: [{ origins: { idle_ms: 5_000, known: ["secondary"], date } }],
    settings: [poolSetting("keepalive_expiry", "s", "httpx.Limits(keepalive_expiry={s})", "the Client")],
  },
  {
    name: "dotnet",
    title: ".NET SocketsHttpHandler",
    aliases: [".net", "dotnet-client"],
    role: "library",
    editions: [{ origins: { idle_ms: 60_000, known: ["secondary"], date } }],
    settings: [
      poolSetting(
        "PooledConnectionIdleTimeout",
        "s",
        "PooledConnectionIdleTimeout = TimeSpan.FromSeconds({s})",
        "the SocketsHttpHandler",
      ),
    ],
  },
  {
    name: "curl",
    title: "libcurl",
    aliases: ["libcurl"],
    role: "library",
    editions: [{ origins: { idle_ms: 118_000, known: ["secondary"], date } }],
    settings: [
      poolSetting("CURLOPT_MAXAGE_CONN", "s", "curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, {s}L);", "the program"),
    ],
  },
  {
    name: "urllib3",
    title: "urllib3",
    aliases: ["requests"],
    role: "library",
    editions: [
      {
        origins: {
          idle_ms: "unlimited",
          note: "no timer; before a connection is used again it is looked at, and one that the server has closed is left",
          known: ["recalled"],
          date,
        },
      },
    ],
    settings: [],
    fixed: { origins: "urllib3 has no timer for idle connections" },
  },
  {
    name: "chrome",
    title: "Chrome",
    aliases: ["chromium"],
    role: "browser",
    editions: [{ origins: { idle_ms: 300_000, known: ["documented"], date } }],
    settings: [],
    fixed: { origins: "browsers decide it" },
  },
  {
    name: "firefox",
    title: "Firefox",
    role: "browser",
    editions: [{ origins: { idle_ms: 115_000, known: ["documented"], date } }],
    settings: [],
    fixed: { origins: "browsers decide it" },
  },
];
