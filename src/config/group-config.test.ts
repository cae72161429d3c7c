/** What a file says of a group, and all that is said of one that cannot be. */
import { describe, expect, it } from "vitest";
import type { Group } from "../pool/group.ts";
import { readGatewayConfig } from "./gateway-config.ts";
import { pathText } from "./problems.ts";

const read = (app: unknown) => readGatewayConfig({ groups: { app }, routes: [{ to: "app" }] }, "/etc/hopwise", 10_000);
const groupOf = (app: unknown): Group | undefined => read(app).config?.gateway.routes?.groups[0];
const to = ["http://a", "http://b"];

describe("is understood", () => {
  it.each<readonly [string, unknown, unknown]>([
    ["nothing said", {}, [undefined, undefined]],
    ["a kind of balance", { balance: "two-choices" }, ["two-choices", undefined]],
    ["the client's address", { balance: { hash: "client" } }, [{ hash: "client" }, undefined]],
    [
      "a field, however it is spelled",
      { balance: { hash: { field: "X-User" } } },
      [{ hash: { field: "x-user" } }, undefined],
    ],
    ["a cookie", { balance: { hash: { cookie: "Id" } } }, [{ hash: { cookie: "Id" } }, undefined]],
    ["a cookie of hopwise's own", { sticky: true }, [undefined, { cookie: "hopwise-a172cedc" }]],
    ["its name", { sticky: { cookie: "at" } }, [undefined, { cookie: "at" }]],
    ["none", { sticky: false }, [undefined, undefined]],
  ])("%s", (_, said, expected) => {
    const group = groupOf({ to, ...(said as object) });
    expect([group?.balance, group?.sticky]).toStrictEqual(expected);
  });

  it.each([
    ["names are one endpoint each", {}, undefined],
    ["the same, said", { resolve: false }, undefined],
    ["each of their addresses is one", { resolve: true }, { interval_ms: 30_000 }],
    ["how often", { resolve: { interval: "1m" } }, { interval_ms: 60_000 }],
    ["and which", { resolve: { family: "both" } }, { interval_ms: 30_000, family: "both" }],
  ])("%s", (_, said, expected) => {
    expect(groupOf({ to, ...said })?.resolve).toStrictEqual(expected);
  });

  it("what is said of endpoints", () => {
    const endpoints = [
      { url: "http://a", weight: 0, backup: true, maxConnections: "10", poolMaxAge: "5m" },
      { url: "http://b", poolMaxAge: 0 },
      "http://c",
    ];
    const plans = groupOf({ to: endpoints })?.endpoints.map(({ origin, ...plan }) => [origin.name, plan]);
    const none = { isBackup: undefined, maxConnections: undefined, maxAge_ms: undefined };
    expect(plans).toStrictEqual([
      ["http://a", { weight: 0, isBackup: true, maxConnections: 10, maxAge_ms: 300_000 }],
      ["http://b", { weight: 1, ...none, maxAge_ms: 0 }],
      ["http://c", { weight: 1, ...none }],
    ]);
  });
});

describe("is refused", () => {
  it.each<readonly [unknown, readonly string[]]>([
    [{ to: [{ url: "http://a", wieght: 2 }] }, ['to[0].wieght: "wieght" is not known here; did you mean weight?']],
    [
      { to: [{ url: "http://a", weight: -1 }, { url: "http://b", weight: 1001 }, { weight: 1.5 }, 5] },
      [
        "to[0].weight: -1 is too small: write a whole number from 0 (it gets no new requests) to 1000",
        "to[1].weight: 1001 is too large: write a whole number from 0 (it gets no new requests) to 1000",
        "to[2].url: it is missing: write the URL of an endpoint, like http://127.0.0.1:3000",
        "to[2].weight: a number is no value for it: write a whole number from 0 (it gets no new requests) to 1000",
        "to[3]: a number is no value for it: write the URL of an endpoint, or { url: URL, weight: 2 }",
      ],
    ],
    [{ to: [{ url: "http://a", weight: 0 }] }, ["to: no endpoint gets requests: give one a weight of more than 0"]],
    [{ to: ["http://a", "http://a:80"] }, ['to: "http://a:80" is given twice: write each endpoint once']],
    [{ to: [{ url: "http://a", maxConnections: 0 }] }, ['to[0].maxConnections: "0" is too small: write at least 1']],
    [
      { to: [{ url: "http://a", poolMaxAge: "soon" }] },
      ['to[0].poolMaxAge: "soon" is not a duration: write a duration like 500ms, 5s, 2m or 1h'],
    ],
    [{ to: [{ url: "http://a", backup: "yes" }] }, ["to[0].backup: a string is no value for it: write true or false"]],
    [{ to: 5 }, ["to: a number is no value for it: write the URLs of endpoints, like http://127.0.0.1:3000"]],
    [{ to, balance: "round-robbin" }, ['balance: "round-robbin" is not a kind of balance; did you mean round-robin?']],
    [{ to, balance: "hash" }, ['balance: "hash" is not a kind of balance; did you mean { hash: client }?']],
    [
      { to, balance: "ip" },
      ['balance: "ip" is not a kind of balance; write least-outstanding, round-robin, two-choices or { hash: client }'],
    ],
    [
      { to, balance: 5 },
      ["balance: a number is no value for it: write least-outstanding, round-robin, two-choices or { hash: client }"],
    ],
    [{ to, balance: { hash: "clinet" } }, ['balance.hash: "clinet" cannot be hashed; did you mean client?']],
    [{ to, balance: { hash: "field" } }, ['balance.hash: "field" cannot be hashed; did you mean { field: NAME }?']],
    [
      { to, balance: { hsh: "client" } },
      [
        "balance.hash: it is missing: write client, { field: NAME } or { cookie: NAME }",
        'balance.hsh: "hsh" is not known here; did you mean hash?',
      ],
    ],
    [
      { to, balance: { hash: {} } },
      ["balance.hash: one thing is hashed: write client, { field: NAME } or { cookie: NAME }"],
    ],
    [
      { to, balance: { hash: { field: "a b" } } },
      ['balance.hash.field: "a b" is not the name of a field: write letters, digits and hyphens'],
    ],
    [
      { to, balance: { hash: { feild: "a" } } },
      [
        'balance.hash.feild: "feild" is not known here; did you mean field?',
        "balance.hash: one thing is hashed: write client, { field: NAME } or { cookie: NAME }",
      ],
    ],
    [{ to, sticky: "yes" }, ["sticky: a string is no value for it: write true, or { cookie: NAME }"]],
    [{ to, resolve: { interval: "1s" } }, ['resolve.interval: "1s" is too short: write at least 5s']],
    [{ to, resolve: { family: "ipv5" } }, ["resolve.family: a string is no value for it: write ipv4, ipv6 or both"]],
    [
      { to: ["http://127.0.0.1:3000", "unix:/run/app.sock"], resolve: true },
      ["resolve: none of its endpoints has a name that could be looked up: leave it out"],
    ],
    [
      { to, sticky: { cookie: "a;b" } },
      ['sticky.cookie: "a;b" is not the name of a cookie: write letters, digits and hyphens'],
    ],
    [
      { to, sticky: { cokie: "a" } },
      [
        "sticky.cookie: it is missing: write the name of a cookie",
        'sticky.cokie: "cokie" is not known here; did you mean cookie?',
      ],
    ],
  ])("%j", (app, expected) => {
    const problems = (read(app).problems ?? []).map(({ path, message }) => `${pathText(path.slice(2))}: ${message}`);
    expect(problems).toStrictEqual(expected);
  });
});
