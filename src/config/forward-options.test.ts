import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type * as z from "zod";
import { forwardOptionNames, forwardSchema, readForwardOptions } from "./forward-options.ts";
import type { ForwardOptions } from "./public-options.ts";
import { defaultText, optionNames, optionText } from "./schema.ts";

const LIMIT = 20_000;
const read = (options: ForwardOptions = {}, limit = LIMIT) => readForwardOptions(options, limit);

describe("defaults", () => {
  it("are those of every proxy, on a port and with limits of its own", () => {
    const { gateway, listen, warnings } = read();
    expect(listen).toEqual({ host: "127.0.0.1", port: 3128 });
    expect(gateway).toMatchObject({ origins: [], keepAliveTimeout_ms: 75_000, connectTimeout_ms: 5_000 });
    expect(gateway.forward).toMatchObject({ authentication: undefined, originsMax: 1_024, idleMax: 512 });
    expect(warnings).toEqual([]);
  });

  it("let tunnels lead where TLS is spoken, and nowhere else", () => {
    const { forward } = read().gateway;
    expect([443, 8443, 80, 25, 22, 8080].filter((port) => forward?.mayConnectTo(port))).toEqual([443, 8443]);
  });

  it("let other requests lead where HTTP is spoken, and not to mail", () => {
    const { forward } = read().gateway;
    const ports = [22, 25, 80, 443, 465, 587, 1023, 1024, 8080, 65_535];
    expect(ports.filter((port) => forward?.mayRequestFrom(port))).toEqual([80, 443, 1024, 8080, 65_535]);
    const trusting = read({ allowPrivate: true }).gateway.forward;
    expect(ports.filter((port) => trusting?.mayRequestFrom(port))).toEqual(ports);
    expect(read({ allowPrivate: true, httpPorts: 80 }).gateway.forward?.mayRequestFrom(8080)).toBe(false);
  });

  it("reach public addresses only", () => {
    expect(read().dialGuard?.refusal("10.0.0.1", 80)).toBe("address-not-public");
    expect(read({ allowPrivate: true }).dialGuard?.refusal("10.0.0.1", 80)).toBeUndefined();
  });

  it.each([1_024, 20_000, 1_000_000])("have descriptors for all at once: %i", (limit) => {
    const { gateway, lookupsMax = 0 } = read({}, limit);
    const { maxConnections, forward } = gateway;
    expect(2 * maxConnections + (forward?.idleMax ?? 0) + lookupsMax + 64).toBeLessThanOrEqual(limit);
    expect(forward?.idleMax).toBeGreaterThanOrEqual(100);
    expect(lookupsMax).toBe(limit === 1_024 ? 60 : 256);
  });
});

describe("values", () => {
  it("Via may have another name, and cannot be left out", () => {
    expect(read({ via: "proxy-1" }).gateway).toMatchObject({ viaName: "proxy-1", sendsVia: true });
    expect(() => read({ via: "off" })).toThrow(/^via: a forward proxy must send Via \(RFC 9110 section 7\.6\.3\)/);
  });

  it("ports may be ranges", () => {
    const { forward } = read({ connectPorts: " 22, 9000-9002 " }).gateway;
    const ports = [21, 22, 23, 8999, 9000, 9001, 9002, 9003];
    expect(ports.filter((port) => forward?.mayConnectTo(port))).toEqual([22, 9000, 9001, 9002]);
    expect(read({ connectPorts: 8080 }).gateway.forward?.mayConnectTo(8080)).toBe(true);
    expect(read({ httpPorts: "1-65535" }).gateway.forward?.mayRequestFrom(25)).toBe(true);
  });

  it("an open proxy is warned of where others can reach it", () => {
    for (const listen of ["127.0.0.1:0", "localhost:0", "[::1]:0"]) expect(read({ listen }).warnings).toEqual([]);
    expect(read({ listen: "0.0.0.0:3128" }).warnings).toEqual([
      "anyone who can reach 0.0.0.0 can use this proxy: restrict it with --users, or listen on 127.0.0.1",
    ]);
  });

  it.each([
    [{ connectPorts: "" }, 'connectPorts: "" is not a port: write ports and ranges like 443,8443,9000-9010'],
    [{ connectPorts: "443-" }, /^connectPorts: "443-" is not a port/],
    [{ connectPorts: "0" }, 'connectPorts: "0" is outside 1 to 65535: write ports and ranges like 443,8443,9000-9010'],
    [{ connectPorts: "2-1" }, /^connectPorts: "2-1" ends before it begins/],
    [{ users: "/nonexistent/users" }, /^users: \/nonexistent\/users cannot be read \(does not exist\): write the path/],
    [{ to: "http://a" }, /^to: there is no such option/],
    [{ trusted: "10.0.0.0/8" }, /^trusted: there is no such option/],
    [{ rewritePath: "/a=/b" }, /^rewritePath: a forward proxy asks each origin for the path that its client names/],
    [{ onRequest: "no" }, "onRequest: write a function"],
    [{ allowPrivat: true }, "allowPrivat: there is no such option; did you mean allowPrivate?"],
  ])("%j is refused with what to write", (options, message) => {
    expect(() => read(options as ForwardOptions)).toThrow(
      expect.objectContaining({
        message: typeof message === "string" ? message : expect.stringMatching(message),
      }),
    );
  });
});

describe("the schema", () => {
  it("has every option of a proxy but what only a gateway has", () => {
    expect(optionNames.filter((name) => !(forwardOptionNames as readonly string[]).includes(name))).toEqual([
      "to",
      "redirect",
      "redirectPort",
      "tlsCert",
      "tlsKey",
      "clientCa",
      "clientCert",
      "tls",
      "sendProxyProtocol",
      "originHost",
      "trusted",
      "forwarded",
      "rewritePath",
    ]);
  });

  it("takes what the interface tells, which tells the defaults", () => {
    const told: ForwardOptions = {} satisfies z.input<typeof forwardSchema> as z.input<typeof forwardSchema>;
    expect(told).toEqual({});
    const source = readFileSync(new URL("./public-options.ts", import.meta.url), "utf8");
    for (const name of ["listen", "connectPorts", "httpPorts", "allowPrivate", "users"] as const) {
      const { description, reason } = optionText(name, forwardSchema);
      expect(Math.min(description.length, reason.length), name).toBeGreaterThan(10);
      expect(source).toMatch(
        new RegExp(`Default: \`${defaultText(name, forwardSchema)}\`[^/]*\\*/\\s*readonly ${name}\\?`),
      );
    }
  });
});
