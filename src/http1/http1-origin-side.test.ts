/** The origin's hop takes the steps of the table (connection/message-states.ts), and its connection is used again or not by its states. */
import { describe, expect, it } from "vitest";
import { SmallWorld } from "../../test/kit/small-world.ts";
import { Http1OriginSide } from "./http1-origin-side.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CLOSING = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: toy\r\n\r\n";
const SWITCHES = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: toy\r\n\r\n";

interface Case {
  readonly does: string;
  /** What comes from the client or the origin (FIN: it closes its side), and what is behind it: states, or `idle`, or the reason to close. */
  readonly steps: readonly (readonly [from: "client" | "origin", what: string, then: string])[];
}

const cases: readonly Case[] = [
  {
    does: "uses a connection again whose messages are both whole",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", OK, "idle"],
      ["client", GET, "done, awaited"],
      ["origin", OK, "idle"],
    ],
  },
  {
    does: "reads a response in pieces",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", "HTTP/1.1 103 Early", "done, head"],
      ["origin", " Hints\r\n\r\n", "done, interim"],
      ["origin", "HTTP/1.1", "done, head"],
      ["origin", " 200 OK\r\nContent-Length: 2\r\n\r\n", "done, body"],
      ["origin", "ok", "idle"],
    ],
  },
  {
    does: "passes 100 (Continue) on, and the body",
    steps: [
      ["client", `${POST}Expect: 100-continue\r\n\r\n`, "awaits-continue, awaited"],
      ["origin", "HTTP/1.1 100 Continue\r\n\r\n", "body, interim"],
      ["client", "hello", "done, interim"],
      ["origin", OK, "idle"],
    ],
  },
  {
    does: "waits for nothing where the client does not",
    steps: [
      ["client", `${POST}Expect: 100-continue\r\n\r\n`, "awaits-continue, awaited"],
      ["client", "he", "body, awaited"],
      ["client", "llo", "done, awaited"],
      ["origin", OK, "idle"],
    ],
  },
  {
    does: "closes a connection on which the final response came instead of 100 (Continue)",
    steps: [
      ["client", `${POST}Expect: 100-continue\r\n\r\n`, "awaits-continue, awaited"],
      ["origin", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "dropped, body"],
      ["origin", "ok", "request-unfinished"],
    ],
  },
  {
    does: "uses it again where the response began before the request was whole, and ended behind it",
    steps: [
      ["client", `${POST}\r\nhe`, "body, awaited"],
      ["origin", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "body, body"],
      ["client", "llo", "done, body"],
      ["origin", "ok", "idle"],
    ],
  },
  {
    does: "closes it where it ended before, and sends the rest all the same",
    steps: [
      ["client", `${POST}\r\nhe`, "body, awaited"],
      ["origin", OK, "body, must-close"],
      ["client", "llo", "request-unfinished"],
    ],
  },
  {
    does: "sends the rest to an origin that will close, and may make its response of it",
    steps: [
      ["client", `${POST}\r\nhe`, "body, awaited"],
      ["origin", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", "body, body"],
      ["client", "llo", "must-close, body"],
      ["origin", "ok", "close-received"],
    ],
  },
  {
    does: "sends no rest where that response is whole before",
    steps: [
      ["client", `${POST}\r\nhe`, "body, awaited"],
      ["origin", CLOSING, "close-received"],
    ],
  },
  {
    does: "sends no rest to an origin that refuses and will close",
    steps: [
      ["client", `${POST}\r\nhe`, "body, awaited"],
      ["origin", "HTTP/1.1 413 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", "dropped, body"],
      ["client", "llo", "dropped, body"],
      ["origin", "ok", "close-received"],
    ],
  },
  {
    does: "believes `Connection: close`",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", CLOSING, "close-received"],
    ],
  },
  {
    does: "reads until the close where only that ends the body",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", "HTTP/1.1 200 OK\r\n\r\nok", "must-close, body-to-close"],
      ["origin", "FIN", "close-delimited"],
    ],
  },
  {
    does: "does not take half a body for a whole one",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "done, body"],
      ["origin", "FIN", "response-truncated"],
    ],
  },
  {
    does: "does not take half a head for one",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", "HTTP/1.1 200 OK\r\nContent-Len", "done, head"],
      ["origin", "FIN", "peer-closed"],
    ],
  },
  {
    does: "knows HTTP/1.0",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", OK.replace("1.1", "1.0"), "http10-not-kept"],
    ],
  },
  {
    does: "does not use a connection again on which a switch was refused",
    steps: [
      ["client", UPGRADE, "might-switch, awaited"],
      ["origin", OK, "upgrade-refused"],
    ],
  },
  {
    does: "refuses a switch that was not offered",
    steps: [
      ["client", GET, "done, awaited"],
      ["origin", SWITCHES, "response-malformed"],
    ],
  },
  {
    does: "refuses a switch in the middle of the request",
    steps: [
      [
        "client",
        `POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: toy\r\nContent-Length: 5\r\n\r\nhe`,
        "body, awaited",
      ],
      ["origin", SWITCHES, "response-malformed"],
    ],
  },
];

describe("a connection to an origin", () => {
  it.each(cases)("$does", ({ steps }) => {
    const world = new SmallWorld({}, undefined);
    const client = world.connect();
    const seen = steps.map(([from, what]) => {
      const socket = from === "client" ? client.socket : world.origins[0];
      if (what === "FIN") socket?.end();
      else socket?.write(what);
      world.pass(100);
      return [from, what, standing(world)];
    });
    expect(seen).toStrictEqual(steps);
    expect(world.observer.internalErrors).toStrictEqual([]);
    expect(world.origins).toHaveLength(1);
  });
});

function standing({ gateway, observer }: SmallWorld): string | undefined {
  const [connection] = gateway.routing.endpoints[0]?.connections ?? [];
  if (connection === undefined || connection.life.isEnding) {
    const told = observer.upstream[0];
    return told?.closes?.[0] ?? told?.connection.closeReason;
  }
  const { user } = connection;
  return user instanceof Http1OriginSide
    ? `${user.messages.requester}, ${user.messages.responder}`
    : connection.life.state;
}
