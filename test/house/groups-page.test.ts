/** docs/groups.md says what is so: its examples can run, and what it prints is what is printed. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Files } from "../../src/config/files.ts";
import { readGatewayConfig } from "../../src/config/gateway-config.ts";
import { plainBalances } from "../../src/pool/group.ts";
import { parseOriginAddress } from "../../src/pool/origin-address.ts";
import { Stickiness } from "../../src/pool/stickiness.ts";
import { authority, certificateFor } from "../kit/certificates.ts";

const page = readFileSync(new URL("../../docs/groups.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = ""]) => text);

/** Certificates and keys that examples name. */
const own = certificateFor(["gateway.test"]);
const files: Files = {
  text: (path) => (path.endsWith(".key") ? own.key : path.endsWith("ca.pem") ? authority.cert : own.cert),
  mark: () => "",
  readAt_ms: () => Date.now(),
};
const read = (text: string) => readGatewayConfig(parse(text), "/etc/hopwise", 10_000, undefined, files);

describe("an example can run", () => {
  it("there are some", () => expect(examples.length).toBeGreaterThan(4));
  it.each(examples)("%s", (text) => expect(read(text).problems ?? []).toStrictEqual([]));
});

it("each kind of balance has a row", () => {
  const section = page.split(/^## /m).find((text) => text.startsWith("Kinds of balance")) ?? "";
  const rows = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, kind = ""]) => kind);
  expect(rows.filter((kind) => !kind.startsWith("{")).slice(1)).toStrictEqual([...plainBalances]);
  for (const kind of rows.slice(1)) {
    const said = `groups: { app: { to: [http://a, http://b], balance: ${kind} } }\nroutes: [{ to: app }]\n`;
    expect(read(said).problems ?? []).toStrictEqual([]);
  }
});

it("the cookie is the one that a group `app` gives for its first endpoint", () => {
  const { config } = read("groups: { app: { to: [http://a, http://b], sticky: true } }\nroutes: [{ to: app }]\n");
  const { sticky } = config?.gateway.routes?.groups[0] ?? {};
  const stickiness = new Stickiness(sticky?.cookie ?? "");
  const value = stickiness.valueOf({ origin: parseOriginAddress("http://10.0.0.1:3000") });
  expect(page).toContain(`Set-Cookie: ${sticky?.cookie}=${value}; Path=/; HttpOnly; SameSite=Lax\n`);
});
