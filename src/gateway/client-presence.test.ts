/** What becomes of the work for a client that has closed its side: decided, and seen on a simulated network. */
import { describe, expect, it } from "vitest";
import type { SmallClient } from "../../test/kit/small-world.ts";
import { SmallWorld } from "../../test/kit/small-world.ts";
import type { ClientClose } from "../exchange/settings.ts";
import type { Socket } from "../net/ports.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const STREAM = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";

interface Play {
  readonly clientClose?: ClientClose;
  readonly request?: string;
  /** What the origin says at once; nothing: undefined. */
  readonly answer?: string;
}

/** A client has asked, and closes: its side alone, or everything. */
function play({ clientClose = "probe", request = GET, answer }: Play, how: "half-closes" | "is gone") {
  const world = new SmallWorld({ clientClose }, answer === undefined ? () => undefined : answer);
  const client: SmallClient = world.connect();
  client.socket.write(request);
  world.pass(50);
  if (how === "half-closes") client.socket.end();
  else client.socket.destroy();
  return { world, client };
}

describe("before the final head", () => {
  it("a client that reads is probed 0.25, 1, 4 and 16 s behind its FIN, never more, and answered", () => {
    const { world, client } = play({}, "half-closes");
    const counts = [200, 100, 600, 200, 2_800, 200, 11_800, 300, 30_000].map((ms) => {
      world.pass(ms);
      return client.received.length / CONTINUE.length;
    });
    expect(counts).toStrictEqual([0, 1, 1, 2, 2, 3, 3, 4, 4]);
    world.origins[0]?.write(OK);
    world.pass(50);
    expect(client.received).toMatch(/200 OK\r\n[\s\S]*ok$/);
    expect(world.clientCloses).toStrictEqual(["peer-half-closed"]);
  });

  it("a quick response goes without any probe", () => {
    const { client, world } = play({ answer: OK }, "half-closes");
    world.pass(1_000);
    expect(client.received).not.toContain("100 Continue");
    expect(world.originCloses).toStrictEqual([undefined]);
  });

  it("the work for a client that is gone is cancelled once a probe has drawn its reset", () => {
    const { world } = play({}, "is gone");
    world.pass(200);
    expect(world.originCloses).toStrictEqual([undefined]);
    world.pass(1_000);
    expect(world.originCloses).toStrictEqual(["client-gone"]);
    expect(world.observer.exchanges.map(({ outcome }) => outcome)).toStrictEqual(["client-gone"]);
  });

  it("HTTP/1.0 knows no interim response, so its client is given up after 0.25 s", () => {
    const { world, client } = play({ request: "GET / HTTP/1.0\r\nHost: a\r\n\r\n" }, "half-closes");
    world.pass(200);
    expect(world.clientCloses).toStrictEqual([undefined]);
    world.pass(200);
    expect([client.received, world.clientCloses, world.originCloses]).toStrictEqual([
      "",
      ["client-closed"],
      ["client-gone"],
    ]);
  });
});

describe("behind the final head", () => {
  it("a response that brings nothing for 5 s is given up, with a reset", () => {
    const { world, client } = play({ answer: STREAM }, "half-closes");
    world.pass(4_900);
    expect(world.clientCloses).toStrictEqual([undefined]);
    world.pass(300);
    expect([client.ended, world.clientCloses, world.originCloses]).toStrictEqual([
      "RST",
      ["client-closed"],
      ["client-gone"],
    ]);
  });

  it("but not if an earlier write has shown that the client reads", () => {
    const { world, client } = play({ answer: STREAM }, "half-closes");
    const more = (origin: Socket | undefined) => origin?.write("4\r\nmore\r\n");
    more(world.origins[0]);
    world.pass(1_000);
    more(world.origins[0]);
    world.pass(60_000 - 2_000);
    expect([client.ended, world.clientCloses]).toStrictEqual([undefined, [undefined]]);
  });
});

describe("the operator decides", () => {
  it.each<[ClientClose, readonly unknown[]]>([
    ["cancel", ["client-closed"]],
    ["finish", [undefined]],
  ])("%s", (clientClose, closes) => {
    const { world, client } = play({ clientClose }, "half-closes");
    world.pass(30_000);
    expect([client.received, world.clientCloses]).toStrictEqual(["", closes]);
  });
});
