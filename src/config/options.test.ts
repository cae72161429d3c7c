import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { HopwiseError } from "./error.ts";
import { readProxyOptions } from "./options.ts";
import type { ProxyOptions } from "./public-options.ts";
import { defaultText, flagOf, type OptionName, optionNames, optionText, proxySchema } from "./schema.ts";

const to = "http://127.0.0.1:3000";
const LIMIT = 20_000;
const read = (options: Partial<ProxyOptions> = {}) => readProxyOptions({ to, ...options }, LIMIT);

function failure(options: unknown): HopwiseError {
  try {
    readProxyOptions(options as ProxyOptions, LIMIT);
  } catch (error) {
    if (error instanceof HopwiseError) return error;
    throw error;
  }
  throw new Error("these options should have been refused");
}

describe("defaults", () => {
  it("are those of the command line's contract", () => {
    const { gateway, listen, drainTimeout_ms, admin, accessLog, warnings } = read();
    expect(listen).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(gateway).toMatchObject({
      keepAliveTimeout_ms: 75_000,
      maxRequests: 0,
      maxConnections: 9_968,
      headTimeout_ms: 30_000,
      bodyTimeout_ms: 60_000,
      minRate: 0,
      http2: true,
      http2BytesMax: 268_435_456,
      clientClose: "probe",
      connectTimeout_ms: 5_000,
      responseTimeout_ms: 60_000,
      tunnelTimeout_ms: 3_600_000,
      poolIdleTimeout_ms: 60_000,
      poolMaxAge_ms: 3_600_000,
      headLimits: { headBytesMax: 65_536 },
      sendsForwarded: false,
    });
    expect(drainTimeout_ms).toBe(30_000);
    expect([admin, accessLog, warnings]).toEqual([undefined, undefined, []]);
  });

  it("give each proxy its own name, so that two in a chain are no loop", () => {
    const names = new Set(Array.from({ length: 20 }, () => read().gateway.viaName));
    expect(names.size).toBe(20);
    for (const name of names) expect(name).toMatch(/^hopwise-[0-9a-f]{6}$/);
  });

  it("send Via, by default and under any name but off", () => {
    expect(read().gateway.sendsVia).toBe(true);
    expect(read({ via: "proxy-1" }).gateway).toMatchObject({ viaName: "proxy-1", sendsVia: true });
    const { viaName, sendsVia } = read({ via: "off" }).gateway;
    expect(sendsVia).toBe(false);
    expect(viaName).toMatch(/^hopwise-[0-9a-f]{6}$/);
  });

  it.each([
    [Number.POSITIVE_INFINITY, 10_000],
    [1_000_000, 10_000],
    [1_024, 480],
    [64, 1],
  ])("allow half of %s file descriptors, and %i connections at most", (limit, expected) => {
    expect(readProxyOptions({ to }, limit).gateway.maxConnections).toBe(expected);
  });
});

describe("values", () => {
  it.each([
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    [250, 250],
  ])("the duration %j is %i ms", (written, expected) => {
    expect(read({ headTimeout: written }).gateway.headTimeout_ms).toBe(expected);
  });

  it.each([
    ["90s", 90_000],
    ["0", 0],
    [0, 0],
  ])("a greatest age of %j is %i ms, and 0 is no limit", (written, expected) => {
    expect(read({ poolMaxAge: written }).gateway.poolMaxAge_ms).toBe(expected);
  });

  it.each([
    ["16k", 16_384],
    ["1m", 1_048_576],
    ["4096", 4_096],
    [2_048, 2_048],
  ])("the size %j is %i octets", (written, expected) => {
    expect(read({ maxHeadSize: written }).gateway.headLimits.headBytesMax).toBe(expected);
  });

  it.each([
    ["8081", { host: "127.0.0.1", port: 8081 }],
    [0, { host: "127.0.0.1", port: 0 }],
    ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
    ["localhost:80", { host: "localhost", port: 80 }],
    ["[::1]:80", { host: "::1", port: 80 }],
  ])("the address %j is %j", (written, expected) => {
    expect(read({ listen: written }).listen).toEqual(expected);
  });

  it.each([
    ["keep", "keep"],
    ["origin", "origin"],
    ["app.internal", { name: "app.internal" }],
    ["[::1]:8080", { name: "[::1]:8080" }],
    ["keep:80", { name: "keep:80" }],
  ])("the Host %j is %j", (written, expected) => {
    expect(read({ originHost: written }).gateway.originHost).toEqual(expected);
  });

  it.each<[ProxyOptions["tolerate"], string[]]>([
    [undefined, []],
    ["bare-lf", ["bare-lf"]],
    ["bare-lf, control-characters", ["bare-lf", "control-characters"]],
    [["control-characters"], ["control-characters"]],
  ])("%j tolerates %j", (written, expected) => {
    expect([...read({ tolerate: written }).gateway.tolerates]).toEqual(expected);
  });

  it.each(["all", "", "bare-lf,", "Bare-LF"])("nothing else can be tolerated: %j", (tolerate) => {
    expect(() => read({ tolerate })).toThrow(
      /^tolerate: ".*" is not a kind of fault that can be tolerated: write bare-lf or/,
    );
  });

  it("host and port may be said apart", () => {
    expect(read({ host: "::1", port: 0 }).listen).toEqual({ host: "::1", port: 0 });
  });

  it("an admin address that was asked for is known from the usual one", () => {
    expect(read({ admin: true }).admin).toEqual({ host: "127.0.0.1", port: 9901, isAsked: false });
    expect(read({ admin: "9901" }).admin).toEqual({ host: "127.0.0.1", port: 9901, isAsked: true });
    expect(read({ admin: false }).admin).toBeUndefined();
  });

  it("trusted neighbours are addresses and ranges, IPv4 also in its IPv6 form", () => {
    const { isTrusted } = read({ trusted: ["10.0.0.0/8", "::1"] }).gateway;
    expect(["10.1.2.3", "::ffff:10.1.2.3", "::1"].map(isTrusted)).toEqual([true, true, true]);
    expect(["11.1.2.3", "::2", ""].map(isTrusted)).toEqual([false, false, false]);
    expect(["fe80::1%eth0", "fe80::1%2"].map(read({ trusted: "fe80::/10" }).gateway.isTrusted)).toEqual([true, true]);
  });

  it("more connections than there are descriptors for are cut down, with a warning", () => {
    const { gateway, warnings } = read({ maxConnections: 50_000 });
    expect(gateway.maxConnections).toBe(9_968);
    expect(warnings).toEqual([
      "50000 client connections may need 100064 file descriptors and the limit is 20000: " +
        "9968 are allowed; raise the limit (ulimit -n 100064) to allow more",
    ]);
  });

  it("so few descriptors that hardly any client has room are told of, unless few are wanted", () => {
    const warnings = (limit: number, options = {}) => readProxyOptions({ to, ...options }, limit).warnings;
    expect(warnings(80)).toEqual([
      "the limit of 80 file descriptors allows 8 client connections at once: raise it (ulimit -n)",
    ]);
    expect([warnings(1_024), warnings(80, { maxConnections: 5 })]).toEqual([[], []]);
  });

  it("connections to be logged without a log are not passed over in silence", () => {
    expect(read({ logConnections: true }).warnings).toEqual([expect.stringMatching(/no access log/)]);
    expect(read({ logConnections: true, accessLog: "-" }).warnings).toEqual([]);
  });
});

describe("what is wrong, and what to write instead", () => {
  it.each([
    [{}, "option-missing", "to is missing: write where requests go, like http://127.0.0.1:3000"],
    [{ to: [] }, "option-invalid", "to: it is empty: write where requests go, like http://127.0.0.1:3000"],
    [{ to: "localhost:3000" }, "option-invalid", 'to: "localhost:3000" has no scheme: write http://localhost:3000'],
    [
      { to: "ftp://a" },
      "option-invalid",
      'to: "ftp://a" is not an origin: write http://HOST:PORT, https://HOST:PORT or unix:/path/to/socket',
    ],
    [{ to: [to, to] }, "option-invalid", `to: "${to}" is given twice: write each origin once`],
    [{ to, clientClose: "maybe" }, "option-invalid", 'clientClose: "maybe" is not one of probe, cancel, finish'],
    [{ to: 3000 }, "option-invalid", "to: it cannot be a number: write the origin's URL"],
    [{ to, onResponce: () => {} }, "option-unknown", "onResponce: there is no such option; did you mean onResponse?"],
    [{ to, headTimeut: "5s" }, "option-unknown", "headTimeut: there is no such option; did you mean headTimeout?"],
    [{ to, headTimeout: "5" }, "option-invalid", 'headTimeout: "5" has no unit: write 5s or 5ms'],
    [
      { to, headTimeout: "soon" },
      "option-invalid",
      'headTimeout: "soon" is not a duration: write a duration like 500ms, 5s, 2m or 1h',
    ],
    [{ to, headTimeout: "0s" }, "option-invalid", 'headTimeout: "0s" is too short: write at least 1ms'],
    [{ to, drainTimeout: "30d" }, "option-invalid", /^drainTimeout: "30d" is not a duration/],
    [{ to, drainTimeout: "600h" }, "option-invalid", 'drainTimeout: "600h" is too long: write at most 24 days, 576h'],
    [{ to, headTimeout: Number.NaN }, "option-invalid", /^headTimeout: /],
    [{ to, headTimeout: true }, "option-invalid", /^headTimeout: it cannot be a boolean: write a duration/],
    [{ to, maxHeadSize: "12" }, "option-invalid", 'maxHeadSize: "12" is too small: write at least 1k'],
    [{ to, maxHeadSize: "big" }, "option-invalid", 'maxHeadSize: "big" is not a size: write a size like 16k or 1m'],
    [
      { to, maxConnections: "many" },
      "option-invalid",
      'maxConnections: "many" is not a whole number: write one like 100',
    ],
    [{ to, maxConnections: 0 }, "option-invalid", 'maxConnections: "0" is too small: write at least 1'],
    [
      { to, listen: "70000" },
      "option-invalid",
      "listen: 70000 is not a port: write one from 0 (any free one) to 65535",
    ],
    [{ to, listen: ":8080" }, "option-invalid", /^listen: ":8080" names no host: write 0\.0\.0\.0:8080 for all/],
    [
      { to, listen: "a b:1" },
      "option-invalid",
      /^listen: "a b:1" is not an address to listen on: write PORT or HOST:PORT/,
    ],
    [{ to, listen: "127.0.0.1:3000" }, "option-invalid", /^to: 127\.0\.0\.1:3000 is where this proxy itself listens/],
    [{ to, port: 70_000 }, "option-invalid", "port: 70000 is not a port: write one from 0 to 65535"],
    [
      { to, trusted: "10.0.0.0/33" },
      "option-invalid",
      /^trusted: "10\.0\.0\.0\/33" is not an address or a range: write one/,
    ],
    [
      { to, via: "a\r\nX: y" },
      "option-invalid",
      'via: "a??X: y" is not a name for Via: write letters, digits, dots and hyphens, like proxy-1',
    ],
    [
      { to, accessLog: "" },
      "option-invalid",
      "accessLog: it is empty: write a file's path, or - for the standard output",
    ],
    [undefined, "option-invalid", 'options are an object, like { to: "http://127.0.0.1:3000" }'],
  ])("%j", (options, code, message) => {
    const error = failure(options);
    expect(error.code).toBe(code);
    if (typeof message === "string") expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
    expect(error.message).not.toContain("\n");
  });
});

describe("a Host for origins is keep, origin, or a host with or without a port", () => {
  it.each(["", ":80", "a b", "a\r\nX: y", "http://a", "a/b", "a@b"])("not %j", (originHost) => {
    expect(failure({ to, originHost }).message).toMatch(
      /^originHost: ".*" is not a valid Host: write keep, origin, or/,
    );
  });
});

describe("the schema", () => {
  it("says of every option what it means, what holds normally, and why", () => {
    for (const name of optionNames) {
      const { description, reason } = optionText(name);
      expect(description.length, name).toBeGreaterThan(10);
      expect(reason.length, name).toBeGreaterThan(10);
      if (name !== "to") expect(defaultText(name), name).not.toBe("");
    }
  });

  it("takes exactly the options that the interface tells", () => {
    const told: ProxyOptions = { to } satisfies z.input<typeof proxySchema> as z.input<typeof proxySchema>;
    expect(told.to).toBe(to);
  });

  it("is told with its defaults in the interface's comments", () => {
    const source = readFileSync(new URL("./public-options.ts", import.meta.url), "utf8");
    const body = source.slice(
      source.indexOf("export interface ProxyOptions"),
      source.indexOf("export interface ForwardOptions"),
    );
    const told = new Map<string, string>();
    for (const [, comment = "", name = ""] of body.matchAll(/\/\*\*([\s\S]*?)\*\/\s*readonly (\w+)/g)) {
      told.set(
        name,
        comment
          .replace(/\n\s*\*/g, " ")
          .replace(/\s+/g, " ")
          .trim(),
      );
    }
    expect([...told.keys()].sort()).toEqual([...optionNames].sort());
    for (const name of optionNames) {
      if (name !== "to") expect(told.get(name), name).toContain(defaultText(name));
    }
  });

  it("names flags as options are named", () => {
    expect((["to", "maxHeadSize", "accessLog"] satisfies OptionName[]).map(flagOf)).toEqual([
      "--to",
      "--max-head-size",
      "--access-log",
    ]);
  });

  it("can be given to editors as JSON Schema, for files", () => {
    const schema = z.toJSONSchema(proxySchema, { io: "input" });
    expect(schema).toMatchObject({ type: "object", required: ["to"], additionalProperties: false });
  });
});
