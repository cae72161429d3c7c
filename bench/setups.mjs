/**
 * How a proxy is set up for a scenario: plainly, over TLS, or as a file says that only hopwise reads.
 *
 * Deliberately absent: what each proxy makes of it (peers.mjs).
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** HTTP to clients, everything to one origin. */
export const plain = { name: "plain" };

/** TLS to clients: 1.3, and the same key, curve and cipher for all (`tlsTerms`). */
export const overTls = { name: "tls" };

/** The same with HTTP/2, by ALPN. */
export const overHttp2 = { name: "http2" };

export const isTls = (setup) => setup === overTls || setup === overHttp2;

/**
 * As `hopwise run` reads it.
 *
 * @param contentOf what the file says of groups and routes; it gets the origin's port, a directory for files, and a free port for the
 *   admin server
 */
export const fileSetup = (name, contentOf) => ({ name, contentOf });

/** What every proxy agrees on with the load, and what clients and OpenSSL agree on if nobody says anything. */
export const tlsTerms = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", curve: "X25519" };

/** The origin listens on all of them, so that a group has several endpoints that cost the same. */
export const ORIGIN_HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];

/** Those that can be set up so. */
export function peersFor({ setup = plain }, peers) {
  return setup === plain ? peers : peers.filter(({ setups = [] }) => setups.includes(kindOf(setup)));
}

/** What a peer's `setups` has to name. */
function kindOf({ name, contentOf }) {
  return contentOf === undefined ? name : "file";
}

/** An ECDSA certificate on P-256 and its key, made by openssl once. @returns their paths; `both`: in one file, for HAProxy */
export function certificateIn(directory) {
  const paths = {
    cert: join(directory, "tls.pem"),
    key: join(directory, "tls.key"),
    both: join(directory, "tls.both.pem"),
  };
  if (existsSync(paths.both)) return paths;
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365"];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  try {
    const args = ["req", "-x509", ...kind, ...subject, "-keyout", paths.key, "-out", paths.cert];
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    throw new Error(`openssl makes no certificate (apt-get install openssl): ${error.message}`);
  }
  writeFileSync(paths.both, readFileSync(paths.cert, "utf8") + readFileSync(paths.key, "utf8"));
  return paths;
}

const oneOrigin = (origin) => ({ origin: { to: `http://127.0.0.1:${origin}` } });
const asked = { match: { path: "/small" }, to: "origin" };

export const oneRoute = fileSetup("one-route", (origin) => ({ groups: oneOrigin(origin), routes: [asked] }));

/** As many services have: half of them by host, half by path; requests take the last one. */
export const thousandRoutes = fileSetup("thousand-routes", (origin) => ({
  groups: oneOrigin(origin),
  routes: [
    ...Array.from({ length: 999 }, (_, index) => ({
      match:
        index % 2 === 0 ? { host: `tenant-${index}.example.com`, path: "/app/*" } : { path: `/services/${index}/*` },
      to: "origin",
    })),
    asked,
  ],
}));

export const oneEndpoint = fileSetup("one-endpoint", (origin) => ({
  groups: oneOrigin(origin),
  routes: [{ to: "origin" }],
}));

/** The access log of `wholeWindow`. */
export const WINDOW_LOG = "window.log";

/** All that shows what goes on: the admin server, which a dashboard reads meanwhile (dashboard.mjs), and an access log with everything. */
export const wholeWindow = fileSetup("window", (origin, { directory, adminPort }) => ({
  ...oneEndpoint.contentOf(origin),
  ...{ admin: `127.0.0.1:${adminPort}`, accessLog: join(directory, WINDOW_LOG), logFormat: "json" },
}));

/** With all that looks after endpoints. */
export const weightedGroup = fileSetup("weighted-group", (origin) => ({
  groups: {
    origin: {
      to: ORIGIN_HOSTS.map((host, index) => ({ url: `http://${host}:${origin}`, weight: 3 - index })),
      ...{ health: { path: "/small", interval: "2s" }, ejection: {}, retryBudget: "20%" },
    },
  },
  routes: [{ to: "origin" }],
}));
