/** The house: a room imports only from rooms above it, and each room only what it needs of the runtime. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { type Import, importsOf, sourceFiles, src } from "./graph.ts";

/** From the top of the house to its bottom. */
const rooms = [
  "wire",
  "connection",
  "net",
  "pool",
  "exchange",
  "http1",
  "http2",
  "forward",
  "routes",
  "gateway",
  "ledger",
  "config",
  "doors",
  "admin",
  "proxy",
  "workers",
  "lab",
  "doctor",
  "cli",
] as const;
type Room = (typeof rooms)[number];

/** Rooms that may touch the network of the runtime themselves; all others know the ports of `net`. */
const networkedRooms: readonly Room[] = [
  "net",
  "http2",
  "ledger",
  "config",
  "admin",
  "workers",
  "doctor",
  "lab",
  "cli",
];
const networkModules = ["node:net", "node:tls", "node:http", "node:https", "node:http2", "node:dgram", "node:dns"];

/** The room of a file, or of what a relative import names; `index.ts` and files like it have none. */
function roomOf(path: string): string | undefined {
  const [first = "", ...rest] = relative(src, path).split(/[\\/]/);
  return rest.length > 0 ? first : undefined;
}

const isRelative = (specifier: string) => specifier.startsWith(".");
const targetOf = ({ file, specifier }: Import) => join(src, dirname(file), specifier);

const present = readdirSync(src, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const imports = sourceFiles(src).flatMap(importsOf);
const show = (wrong: readonly Import[]) => wrong.map(({ file, specifier }) => `${file} imports ${specifier}`);

it("every folder under src is a room of the house", () => {
  expect(present.filter((name) => !(rooms as readonly string[]).includes(name))).toStrictEqual([]);
});

describe("a room imports only from itself and from rooms above it", () => {
  for (const [index, room] of rooms.entries()) {
    if (!present.includes(room)) continue;
    it(room, () => {
      const allowed: readonly string[] = rooms.slice(0, index + 1);
      const wrong = imports.filter((it) => {
        if (roomOf(join(src, it.file)) !== room || !isRelative(it.specifier)) return false;
        // The command line comes in through the library's door, as every other user does.
        if (room === "cli" && targetOf(it) === join(src, "index.ts")) return false;
        const target = roomOf(targetOf(it));
        return target === undefined || !allowed.includes(target);
      });
      expect(show(wrong)).toStrictEqual([]);
    });
  }
});

describe("the core depends on nothing else", () => {
  it("wire imports nothing but itself, not even node:*", () => {
    const wrong = imports.filter(
      (it) => roomOf(join(src, it.file)) === "wire" && (!isRelative(it.specifier) || roomOf(targetOf(it)) !== "wire"),
    );
    expect(show(wrong)).toStrictEqual([]);
  });

  it("connection imports nothing but itself and wire", () => {
    const wrong = imports.filter(
      (it) =>
        roomOf(join(src, it.file)) === "connection" &&
        (!isRelative(it.specifier) || !["wire", "connection"].includes(roomOf(targetOf(it)) ?? "")),
    );
    expect(show(wrong)).toStrictEqual([]);
  });

  it("wire, connection, net, pool, exchange, http1, http2, forward and gateway have no runtime dependency", () => {
    const wrong = imports.filter(
      (it) =>
        ["wire", "connection", "net", "pool", "exchange", "http1", "http2", "forward", "gateway"].includes(
          roomOf(join(src, it.file)) ?? "",
        ) &&
        !isRelative(it.specifier) &&
        !it.specifier.startsWith("node:"),
    );
    expect(show(wrong)).toStrictEqual([]);
  });
});

it("wire, connection, pool, exchange, http1, forward and gateway reach the network through the ports alone", () => {
  const wrong = imports.filter(
    (it) =>
      networkModules.includes(it.specifier) &&
      !(networkedRooms as readonly string[]).includes(roomOf(join(src, it.file)) ?? ""),
  );
  expect(show(wrong)).toStrictEqual([]);
});

it("the library's door does not open into the command line", () => {
  const wrong = imports.filter(
    (it) => it.file === "index.ts" && isRelative(it.specifier) && roomOf(targetOf(it)) === "cli",
  );
  expect(show(wrong)).toStrictEqual([]);
});

it("imports name files that exist, with their ending", () => {
  const wrong = imports.filter((it) => isRelative(it.specifier) && !existsSync(targetOf(it)));
  expect(show(wrong)).toStrictEqual([]);
});

it("node's own modules are named as such", () => {
  const wrong = imports.filter(({ specifier }) =>
    /^(net|tls|https?|fs|path|os|stream|events|url|util|crypto)$/.test(specifier),
  );
  expect(show(wrong)).toStrictEqual([]);
});

describe("net has rooms of its own", () => {
  const net = imports.filter(({ file }) => file.startsWith("net/"));
  const innerRoomOf = (path: string) => /^net\/(node-handles|node|bun|simulated|names)\//.exec(path)?.[1] ?? "net";
  /** What each may import of the others, beside what they all share. */
  const mayImport: Readonly<Record<string, readonly string[]>> = {
    "node-handles": [],
    node: ["node-handles"],
    // TLS, and attempts to connect beyond what Bun can end.
    bun: ["node"],
    simulated: [],
    names: [],
  };

  it.each(Object.entries(mayImport))("%s", (room, others) => {
    const wrong = net.filter((it) => {
      if (innerRoomOf(it.file) !== room || !isRelative(it.specifier)) return false;
      const target = innerRoomOf(relative(src, targetOf(it)));
      return target !== "net" && target !== room && !others.includes(target);
    });
    expect(show(wrong)).toStrictEqual([]);
  });

  it("what Node does not document is touched in node-handles alone", () => {
    const undocumented =
      /\b(?:_handle|_parent|onconnection|useUserBuffer|writeLatin1String|readStart|readStop|writeQueueSize)\b/g;
    const wrong = sourceFiles(src)
      .map((file) => relative(src, file))
      .filter((file) => !file.startsWith("net/node-handles/"))
      .flatMap((file) =>
        [...readFileSync(join(src, file), "utf8").matchAll(undocumented)].map(([name]) => `${file}: ${name}`),
      );
    expect(wrong).toStrictEqual([]);
  });
});
