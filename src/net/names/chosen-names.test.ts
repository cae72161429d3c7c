/** Names that clients choose: asked of name servers that may be dead, slow or wrong, without harm to other names. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../test/kit/manual-clock.ts";
import type { Found } from "../resolving.ts";
import type { Family, FamilyAnswer } from "./asking.ts";
import { ChosenNames } from "./chosen-names.ts";
import { parseHosts } from "./hosts-file.ts";
import { parseResolverConfig } from "./resolver-config.ts";

interface Asked {
  readonly server: string;
  readonly name: string;
  readonly families: readonly Family[];
  readonly told: (family: Family, answer: FamilyAnswer) => void;
  isGivenUp: boolean;
}

class World {
  readonly clock = new ManualClock();
  readonly asked: Asked[] = [];
  readonly told: Found[] = [];
  config = parseResolverConfig("nameserver 10.0.0.53");
  readonly names: ChosenNames;

  constructor(config?: string, lookupsMax = 8) {
    if (config !== undefined) this.config = parseResolverConfig(config);
    this.names = new ChosenNames({
      lookupsMax,
      clock: this.clock,
      hosts: () => parseHosts("10.1.1.1 build"),
      config: () => this.config,
      usualServers: () => [],
      ask: (server, name, families, told) => {
        const asked = { server, name, families, told, isGivenUp: false };
        this.asked.push(asked);
        return () => {
          asked.isGivenUp = true;
        };
      },
    });
  }

  find(name: string, client = "192.0.2.1"): () => void {
    return this.names.find(name, client, (found) => this.told.push(found));
  }

  get latest(): Asked {
    const asked = this.asked.at(-1);
    if (asked === undefined) throw new Error("no server was asked");
    return asked;
  }

  /** The server that was asked last answers. */
  answers(four: FamilyAnswer, six: FamilyAnswer = "ENODATA", asked = this.latest): void {
    asked.told(6, six);
    asked.told(4, four);
  }
}

const ttl = 60;
const one: FamilyAnswer = [{ address: "93.184.215.14", ttl }];
const two: FamilyAnswer = [
  { address: "93.184.215.14", ttl },
  { address: "93.184.215.15", ttl },
];
const six: FamilyAnswer = [{ address: "2606:2800::1", ttl }];

describe("what needs no name server", () => {
  it.each<[string, Found]>([
    ["build", ["10.1.1.1"]],
    ["BUILD.", ["10.1.1.1"]],
    ["localhost", ["127.0.0.1", "::1"]],
    ["x.invalid", "ENOTFOUND"],
  ])("%s", (name, found) => {
    const world = new World();
    world.find(name);
    expect([world.told, world.asked]).toEqual([[found], []]);
  });
});

describe("a look-up", () => {
  it("asks for both families at once; IPv6 comes first", () => {
    const world = new World();
    world.find("Example.COM");
    expect([world.latest.name, world.latest.families, world.latest.server]).toEqual([
      "example.com",
      [6, 4],
      "10.0.0.53",
    ]);
    world.answers(one, six);
    expect(world.told).toEqual([["2606:2800::1", "93.184.215.14"]]);
  });

  it("waits 50 ms for the other family (RFC 8305 section 3), which still counts when it comes late", () => {
    const world = new World();
    world.find("example.com");
    world.latest.told(4, one);
    world.clock.advance(49);
    expect(world.told).toEqual([]);
    world.clock.advance(1);
    expect(world.told).toEqual([["93.184.215.14"]]);
    world.find("example.com");
    world.latest.told(6, six);
    world.find("example.com");
    expect([world.told.slice(1), world.asked.length]).toEqual([
      [["93.184.215.14"], ["2606:2800::1", "93.184.215.14"]],
      1,
    ]);
  });

  it("is one for all who ask for the same name", () => {
    const world = new World();
    world.find("example.com", "192.0.2.1");
    world.find("example.com", "192.0.2.2");
    world.answers(one);
    expect([world.asked.length, world.told]).toEqual([1, [["93.184.215.14"], ["93.184.215.14"]]]);
  });

  it("asks the next server when one is silent or fails, only for what is missing", () => {
    const world = new World("nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions timeout:1");
    world.find("example.com");
    world.clock.advance(1_000);
    expect([world.asked[0]?.isGivenUp, world.latest.server]).toEqual([true, "10.0.0.2"]);
    world.latest.told(6, "ESERVFAIL");
    expect(world.asked).toHaveLength(2);
    world.latest.told(4, one);
    expect([world.latest.server, world.latest.families]).toEqual(["10.0.0.1", [6]]);
  });

  it("a server that has answered is asked first from then on", () => {
    const world = new World("nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions timeout:1");
    world.find("a.example");
    world.clock.advance(1_000);
    world.answers(one);
    world.find("b.example");
    expect(world.latest.server).toBe("10.0.0.2");
  });

  it.each<[FamilyAnswer | undefined, string]>([
    ["ENOTFOUND", "ENOTFOUND"],
    ["ENODATA", "ENOTFOUND"],
    ["ESERVFAIL", "EAI_AGAIN"],
    ["ECONNREFUSED", "EAI_AGAIN"],
    [undefined, "ETIMEOUT"],
  ])("that ends with %s is told as %s", (answer, fault) => {
    const world = new World("nameserver 10.0.0.1\noptions timeout:1 attempts:2");
    world.find("example.com");
    for (let asked = 0; asked < world.asked.length; asked++) {
      if (answer === undefined) world.clock.advance(1_000);
      else world.answers(answer, answer);
    }
    expect([world.told, world.names.size]).toEqual([[fault], 0]);
  });

  it("counts 16 addresses of each family: a zone may have thousands, and each is judged for each connection", () => {
    const world = new World();
    world.find("example.com");
    world.answers(Array.from({ length: 4_000 }, (_, i) => ({ address: `93.184.${i >> 8}.${i & 255}`, ttl })));
    expect(world.told.map((found) => found.length)).toEqual([16]);
  });

  it("a server that denies a name of one family alone is believed for that family alone (RFC 4074 section 4.2)", () => {
    const world = new World();
    world.find("example.com");
    world.answers(one, "ENOTFOUND");
    expect(world.told).toEqual([["93.184.215.14"]]);
  });

  it("of a short name tries the search domains in turn", () => {
    const world = new World("search a.example b.example\nnameserver 10.0.0.1");
    world.find("wiki");
    world.answers("ENOTFOUND", "ENOTFOUND");
    world.answers("ENODATA");
    world.answers(one);
    expect([world.asked.map(({ name }) => name), world.told]).toEqual([
      ["wiki.a.example", "wiki.b.example", "wiki"],
      [["93.184.215.14"]],
    ]);
  });

  it("fails where there is no server at all", () => {
    const world = new World("");
    world.find("example.com");
    expect([world.told, world.names.size]).toEqual([["EAI_AGAIN"], 0]);
  });

  it("ends when the proxy closes: its socket would keep the process alive", () => {
    const world = new World();
    world.find("example.com");
    world.find("example.org")();
    world.names.close();
    expect([world.told, world.names.size, world.asked.map(({ isGivenUp }) => isGivenUp)]).toEqual([
      ["EAI_AGAIN"],
      0,
      [true, true],
    ]);
  });

  it("ends after 10 s, however many servers and tries there are", () => {
    const world = new World("nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions timeout:30 attempts:5");
    world.find("example.com");
    world.clock.advance(9_999);
    expect(world.told).toEqual([]);
    world.clock.advance(1);
    expect([world.told, world.names.size]).toEqual([["ETIMEOUT"], 0]);
  });
});

describe("what was found", () => {
  const timeFor = (seconds: number) => {
    const world = new World();
    world.find("example.com");
    world.answers([{ address: "93.184.215.14", ttl: seconds }]);
    let ms = 0;
    while (world.asked.length === 1) {
      world.clock.advance(500);
      ms += 500;
      world.find("example.com");
    }
    return ms;
  };

  it.each([
    [0, 1_000],
    [60, 60_000],
    [86_400, 600_000],
  ])("with %i s to live counts for %i ms", (seconds, ms) => {
    expect(timeFor(seconds)).toBe(ms);
  });

  it("names that failed are asked for again after 5 s (RFC 9520)", () => {
    const world = new World();
    world.find("example.com");
    world.answers("ENOTFOUND", "ENOTFOUND");
    world.clock.advance(4_999);
    world.find("example.com");
    expect([world.told, world.asked.length]).toEqual([["ENOTFOUND", "ENOTFOUND"], 1]);
    world.clock.advance(1);
    world.find("example.com");
    expect(world.asked).toHaveLength(2);
  });

  it("comes in another order each time, so that connections are spread", () => {
    const world = new World();
    world.find("example.com");
    world.answers(two, six);
    world.find("example.com");
    world.find("example.com");
    expect(world.told.slice(1)).toEqual([
      ["2606:2800::1", "93.184.215.14", "93.184.215.15"],
      ["2606:2800::1", "93.184.215.15", "93.184.215.14"],
    ]);
  });

  it("is forgotten when resolv.conf changes", () => {
    const world = new World();
    world.find("example.com");
    world.answers(one);
    world.config = parseResolverConfig("nameserver 10.0.0.99");
    world.find("example.com");
    expect(world.latest.server).toBe("10.0.0.99");
  });

  it("is forgotten, too, if it comes from servers that resolv.conf names no more", () => {
    const world = new World();
    world.find("example.com");
    const before = world.latest;
    world.config = parseResolverConfig("nameserver 10.0.0.99");
    world.answers(one, "ENODATA", before);
    world.find("example.com");
    expect([world.told, world.latest.server]).toEqual([[["93.184.215.14"]], "10.0.0.99"]);
  });

  it("is bounded: the name that was not asked for longest is forgotten", () => {
    const world = new World();
    for (let i = 0; i <= 4_096; i++) {
      world.find(`n${i}.example`);
      world.answers(one);
      if (i === 4_095) world.find("n0.example");
    }
    const { length } = world.asked;
    world.find("n0.example");
    expect(world.asked).toHaveLength(length);
    world.find("n1.example");
    expect(world.asked).toHaveLength(length + 1);
  });
});

describe("when there are as many look-ups as may be", () => {
  const begin = (world: World, client: string, count: number) =>
    Array.from({ length: count }, (_, i) => world.find(`n${i}.${client}.example`, client));

  it("one client may have half of them; the next one is refused, another client's is not", () => {
    const world = new World();
    begin(world, "a", 5);
    expect([world.told, world.names.size]).toEqual([["too-many-lookups"], 4]);
    world.find("example.com", "b");
    expect(world.names.size).toBe(5);
  });

  it("one that is abandoned goes on, and gives way when its place is needed", () => {
    const world = new World();
    const [stop] = begin(world, "a", 4);
    stop?.();
    expect([world.told, world.names.size]).toEqual([[], 4]);
    world.find("example.com", "a");
    expect([world.told, world.names.size, world.asked[0]?.isGivenUp]).toEqual([[], 4, true]);
    world.answers(one);
    expect(world.told).toEqual([["93.184.215.14"]]);
  });

  it("one that is abandoned and ends is known to the next who asks", () => {
    const world = new World();
    world.find("example.com")();
    world.answers(one);
    expect(world.told).toEqual([]);
    world.find("example.com");
    expect([world.told, world.asked.length]).toEqual([[["93.184.215.14"]], 1]);
  });

  it("the oldest of the client that has most gives way to one that has fewer", () => {
    const world = new World();
    begin(world, "a", 4);
    begin(world, "b", 4);
    world.find("example.com", "c");
    expect([world.told, world.names.size, world.asked[0]?.isGivenUp]).toEqual([["too-many-lookups"], 8, true]);
    world.answers(one);
    expect(world.told.at(-1)).toEqual(["93.184.215.14"]);
  });

  it("nobody gives way to one that has as many", () => {
    const world = new World();
    for (const client of ["a", "b", "c", "d", "e", "f", "g", "h"]) world.find(`${client}.example`, client);
    world.find("example.com", "i");
    expect([world.told, world.names.size]).toEqual([["too-many-lookups"], 8]);
  });
});
