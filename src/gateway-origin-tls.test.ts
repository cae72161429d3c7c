/** TLS to the endpoints of a group, on real sockets: by whom they are trusted, what they are shown, and by which name they are asked for. */
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { authorityNamed, CertificateFolder, certificateFor } from "../test/kit/certificates.ts";
import { createGateway, type GatewayConfig, type GroupOptions, type HopwiseProxy } from "./index.ts";

const ours = authorityNamed("who issues to origins");
const theirs = authorityNamed("who issues to gateways");
let folder: CertificateFolder;
let ca = "";
let proxy: HopwiseProxy | undefined;
let origin: Server;
let url = "";

/** Says by which name it was asked for, and which certificate it was shown. */
function begin(names: readonly string[], issuer = ours): Server {
  const { cert, key } = certificateFor(names, { issuer });
  const server = createServer({ cert, key, ca: theirs.cert, requestCert: true, rejectUnauthorized: false });
  server.on("request", (request, response) => {
    const socket = request.socket as TLSSocket & { readonly servername?: string | false };
    const shown = socket.authorized ? socket.getPeerCertificate().subject.CN : "nothing";
    response.end(`${socket.servername || "no name"} ${shown}`);
  });
  return server;
}

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = folder.write("ours", ours).cert;
  folder.write("gateway", certificateFor(["gateway.test"], { issuer: theirs }));
  folder.write("other", certificateFor(["other.test"], { issuer: theirs }));
  origin = begin(["app.internal", "127.0.0.1"]);
  url = (await listening(origin)).replace("http:", "https:");
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});
afterAll(() => {
  origin.closeAllConnections();
  origin.close();
  folder.remove();
});

/** What is answered at `/NAME` for each of these groups, or with which reason none is. */
async function answers(groups: Readonly<Record<string, Omit<GroupOptions, "to">>>, to = url): Promise<string[]> {
  const config: GatewayConfig = {
    listen: "127.0.0.1:0",
    groups: Object.fromEntries(Object.entries(groups).map(([name, said]) => [name, { to, ...said }])),
    routes: Object.keys(groups).map((name) => ({ match: { path: `/${name}` }, to: name })),
  };
  proxy = createGateway(config);
  const { port } = await proxy.listen();
  const said: string[] = [];
  for (const name of Object.keys(groups)) {
    const response = await fetch(`http://127.0.0.1:${port}/${name}`);
    const text = await response.text();
    said.push(response.ok ? text : `${response.status} ${response.headers.get("proxy-status")}`);
  }
  return said;
}

it("its certificates are issued by whom the group names, and by nobody else", async () => {
  const [trusted, strange] = await answers({ a: { tls: { ca } }, b: { tls: { serverName: "app.internal" } } });
  expect(trusted).toBe("no name nothing");
  expect(strange).toMatch(/^502 .*tls_certificate_error/);
});

it("a certificate that nobody has issued is trusted where it is named itself", async () => {
  const alone = certificateFor(["127.0.0.1"], { issuer: undefined });
  const server = createServer({ cert: alone.cert, key: alone.key }, (_request, response) => response.end("alone"));
  const place = (await listening(server)).replace("http:", "https:");
  const paths = folder.write("alone", alone);
  try {
    expect(await answers({ a: { tls: { ca: paths.cert } } }, place)).toStrictEqual(["alone"]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it("they are asked for by the name that the group says, and their certificates must be for it", async () => {
  const [right, wrong] = await answers({
    a: { tls: { ca, serverName: "app.internal" } },
    b: { tls: { ca, serverName: "other.internal" } },
  });
  expect(right).toBe("app.internal nothing");
  expect(wrong).toMatch(/^502 .*tls_certificate_error/);
});

it("they are shown the group's own certificate, at the same place, too, and after connections of another group", async () => {
  const shown = (name: string) => ({ tls: { ca, cert: folder.at(`${name}.pem`), key: folder.at(`${name}.key`) } });
  const groups = { a: shown("gateway"), b: shown("other"), c: { tls: { ca } } };
  expect(await answers(groups)).toStrictEqual(["no name gateway.test", "no name other.test", "no name nothing"]);
});

it.each<[what: string, group: GroupOptions, message: RegExp]>([
  [
    "a file that is not there",
    { to: "https://a.test", tls: { ca: "./missing.pem" } },
    /missing\.pem cannot be read .*write the path of the certificates/,
  ],
  [
    "a certificate without its key",
    { to: "https://a.test", tls: { cert: "./a.pem" } },
    /its key is missing: write key: FILE beside it/,
  ],
  [
    "a key without its certificate",
    { to: "https://a.test", tls: { key: "./a.key" } },
    /its certificate is missing: write cert: FILE beside it/,
  ],
  ["nothing", { to: "https://a.test", tls: {} }, /it says nothing: write \{ ca: FILE \}/],
  [
    "an address for a name",
    { to: "https://a.test", tls: { serverName: "10.0.0.1" } },
    /"10\.0\.0\.1" is not one: write the name of a server/,
  ],
  [
    "endpoints in the clear",
    { to: "http://a.test", tls: { serverName: "a.test" } },
    /none of its endpoints is reached over TLS: write https:\/\/HOST:PORT/,
  ],
])("it is told: %s", (_what, group, message) => {
  expect(() => createGateway({ groups: { a: group }, routes: [{ to: "a" }] })).toThrow(message);
});
