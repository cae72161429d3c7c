/** Which addresses are dialed on behalf of strangers: a table, in every spelling that resolvers and sockets know. */

import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AddressSet } from "./address-set.ts";
import { DialGuard, isPublic } from "./dial-guard.ts";
import { guardedDialer } from "./runtime.ts";

const refused: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.1", "127.0.0.0", "127.1.2.3", "127.255.255.255", "::1"],
  unspecified: ["0.0.0.0", "0.1.2.3", "::"],
  private: ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
  "shared by carriers": ["100.64.0.0", "100.127.255.255"],
  "link-local, metadata servers": [
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "febf::1",
    "fe80::1%lo",
  ],
  "metadata servers at addresses that look public": ["168.63.129.16", "::ffff:168.63.129.16", "2002:a83f:8110::"],
  "unique local": ["fc00::", "fd00::1", "fd00:ec2::254", "fdff:ffff::1"],
  "site-local": ["fec0::1", "feff::1"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff00::", "ff02::1"],
  "broadcast, reserved": ["255.255.255.255", "240.0.0.1"],
  "documentation, benchmarks, protocol": [
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.9",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.0.8",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "100:0:0:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:1ff:ffff::1",
  ],
  "IPv4 mapped into IPv6": [
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::FFFF:10.0.0.1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:0:0",
    "::ffff:192.168.1.1",
  ],
  "IPv4 in compatible form": ["::127.0.0.1", "::7f00:1", "::10.0.0.1", "::8.8.8.8"],
  "IPv4 translated (NAT64, SIIT)": [
    "::ffff:0:127.0.0.1",
    "::ffff:0:808:808",
    "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
  ],
  "IPv4 in 6to4 and Teredo": [
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::",
    "2002:c0a8:101:1::1",
    "2001:0:1::1",
  ],
  "no address at all": ["", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3", "[::1]", "999.1.1.1"],
};

const reached: readonly string[] = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2606:4700:4700::1111",
  "2001:200::1",
  "2001:4860:4860::8888",
  "::ffff:8.8.8.8",
  "::ffff:808:808",
  "64:ff9b::8.8.8.8",
  "2002:808:808::1",
];

describe("addresses that are not public", () => {
  for (const [what, addresses] of Object.entries(refused)) {
    it(what, () => expect(addresses.filter(isPublic)).toStrictEqual([]));
  }
});

it("public addresses, up to the edges of the others", () => {
  expect(reached.filter((address) => !isPublic(address))).toStrictEqual([]);
});

/** One address in the forms in which it may be written, or a name may mean it. */
const formsOf = (ipv4: string, hexadecimal: string) => [
  ipv4,
  `::ffff:${ipv4}`,
  `::ffff:${hexadecimal}`,
  `::ffff:0:${ipv4}`,
  `64:ff9b::${hexadecimal}`,
  `64:ff9b:1::${hexadecimal}`,
  `2002:${hexadecimal}::1`,
];

describe("the guard", () => {
  const own = new AddressSet(["8.8.4.4", "2606:4700::7", "10.0.0.5", "127.0.0.0/8", "::1", "0.0.0.0", "::"]);
  const verdicts = (guard: DialGuard, addresses: readonly string[], port: number) =>
    addresses.map((address) => `${address}: ${guard.refusal(address, port)}`);
  const all = (addresses: readonly string[], verdict: string | undefined) =>
    addresses.map((address) => `${address}: ${verdict}`);

  it("says why", () => {
    const guard = new DialGuard({ allowsPrivate: false });
    expect(guard.refusal("10.0.0.1", 80)).toBe("address-not-public");
    expect(guard.refusal("1.1.1.1", 80)).toBeUndefined();
  });

  it("takes public addresses of this machine for what they are: its own", () => {
    const addresses = [...formsOf("8.8.4.4", "808:404"), "2606:4700::7"];
    expect(verdicts(new DialGuard({ allowsPrivate: false, own }), addresses, 5432)).toEqual(
      all(addresses, "address-not-public"),
    );
    expect(verdicts(new DialGuard({ allowsPrivate: true, own }), addresses, 5432)).toEqual(all(addresses, undefined));
  });

  it("lets everything pass where that is allowed, but the proxy itself", () => {
    const guard = new DialGuard({ allowsPrivate: true, own });
    guard.noteOwn("proxy", "127.0.0.1", 3128);
    for (const address of ["10.0.0.1", "::1", "127.0.0.2"]) expect(guard.refusal(address, 3128)).toBeUndefined();
    expect(guard.refusal("127.0.0.1", 3129)).toBeUndefined();
    const addresses = [...formsOf("127.0.0.1", "7f00:1"), "0.0.0.0", "::", "::ffff:0.0.0.0"];
    expect(verdicts(guard, addresses, 3128)).toEqual(all(addresses, "loop-detected"));
  });

  it.each(["0.0.0.0", "::"])("knows the proxy at each address of this machine where it listens on %s", (host) => {
    const guard = new DialGuard({ allowsPrivate: true, own });
    guard.noteOwn("proxy", host, 3128);
    const addresses = ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "10.0.0.5", ...formsOf("8.8.4.4", "808:404")];
    expect(verdicts(guard, addresses, 3128)).toEqual(all(addresses, "loop-detected"));
    expect(guard.refusal("10.255.0.1", 3128)).toBeUndefined();
  });

  it("keeps the admin port closed where private addresses are allowed", () => {
    const guard = new DialGuard({ allowsPrivate: true, own });
    guard.noteOwn("proxy", "0.0.0.0", 3128);
    guard.noteOwn("admin", "127.0.0.1", 9901);
    const addresses = [...formsOf("127.0.0.1", "7f00:1"), "0.0.0.0", "::"];
    expect(verdicts(guard, addresses, 9901)).toEqual(all(addresses, "address-protected"));
    expect(guard.refusal("127.0.0.1", 3128)).toBe("loop-detected");
    // Another program, at the same port of another address.
    expect(guard.refusal("10.0.0.5", 9901)).toBeUndefined();
    guard.noteOwn("admin", "::", 9902);
    expect([guard.refusal("10.0.0.5", 9902), guard.refusal("127.0.0.1", 9901)]).toEqual([
      "address-protected",
      undefined,
    ]);
  });

  it("keeps metadata servers closed where private addresses are allowed, and other link-local ones open", () => {
    const guard = new DialGuard({ allowsPrivate: true, own });
    const addresses = [
      ...formsOf("169.254.169.254", "a9fe:a9fe"),
      ...formsOf("168.63.129.16", "a83f:8110"),
      ...["100.100.100.200", "192.0.0.192", "169.254.170.2", "fd00:ec2::254", "fe80::a9fe:a9fe%eth0"],
    ];
    expect(verdicts(guard, addresses, 80)).toEqual(all(addresses, "address-protected"));
    for (const address of ["169.254.20.10", "fd00:ec2::253", "168.63.129.17"]) {
      expect([address, guard.refusal(address, 53)]).toEqual([address, undefined]);
    }
  });
});

describe("dialing with a guard, with somebody listening where it must not lead", () => {
  let server: Server;
  let port: number;
  let accepted = 0;

  beforeAll(async () => {
    server = createServer((socket) => {
      accepted++;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(() => server.close());

  const outcome = (host: string, allowsPrivate: boolean) =>
    new Promise<string>((resolve) => {
      guardedDialer(new DialGuard({ allowsPrivate })).dial(
        { kind: "tcp", host, port },
        {
          onConnected: (socket) => {
            socket.destroy();
            resolve("connected");
          },
          onFailed: resolve,
        },
      );
    });

  // What the system's resolver reads as an address: each of these reaches 127.0.0.1 without a guard.
  it.each([
    "localhost",
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "::ffff:7f00:1",
  ])("%s is not dialed", async (host) => {
    expect(await outcome(host, false)).toBe("address-not-public");
    expect(accepted).toBe(0);
  });

  it("what cannot be resolved is told as such", async () => {
    expect(await outcome("nowhere.invalid", false)).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)$/);
  });

  it("names work where private addresses are allowed", async () => {
    expect(await outcome("localhost", true)).toBe("connected");
    expect(await outcome("127.1", true)).toBe("connected");
    await once(connect(port, "127.0.0.1"), "close");
    expect(accepted).toBeGreaterThanOrEqual(3);
  });

  it("a name is resolved once, and of its addresses only those are tried that may be", async () => {
    let asked = 0;
    const guard = new DialGuard({ allowsPrivate: true });
    guard.noteOwn("proxy", "127.0.0.2", port);
    const dialer = guardedDialer(guard, {
      find(_name, _client, found) {
        asked++;
        // Nobody listens on the first that is left: the next one is tried, and the forbidden one is not.
        found(["127.0.0.2", "127.0.0.3", "127.0.0.1"]);
        return () => {};
      },
    });
    const address = await new Promise((resolve) => {
      dialer.dial(
        { kind: "tcp", host: "rebinding.test", port },
        {
          onConnected: (socket) => {
            socket.destroy();
            resolve(socket.remoteAddress);
          },
          onFailed: resolve,
        },
      );
    });
    expect([address, asked]).toEqual(["127.0.0.1", 1]);
  });

  it("giving up before it is refused tells nobody", async () => {
    const told: string[] = [];
    const giveUp = guardedDialer(new DialGuard({ allowsPrivate: false })).dial(
      { kind: "tcp", host: "127.0.0.1", port },
      { onConnected: () => told.push("connected"), onFailed: (fault) => told.push(fault) },
    );
    giveUp();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(told).toEqual([]);
  });
});
