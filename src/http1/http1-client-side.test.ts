/** A client's hop takes the steps of the table (connection/message-states.ts), and persists or not as its states say. */
import { describe, expect, it } from "vitest";
import { http1Clients } from "../../test/kit/http1-clients.ts";
import { SmallWorld } from "../../test/kit/small-world.ts";
import type { Socket } from "../net/ports.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n";
const EXPECTING = `${POST}Expect: 100-continue\r\n\r\n`;

/** What the origin says when all of a request's body has come, and to a head alone. */
function origin({ toHead = "", toWhole = OK }) {
  return (socket: Socket, asked: string) => {
    const text = asked.endsWith("\r\n\r\n") && !asked.startsWith("GET") ? toHead : toWhole;
    if (text !== "") socket.write(text);
  };
}

interface Case {
  readonly does: string;
  readonly says?: Parameters<typeof origin>[0];
  /** What the client sends, and the states behind it: requester's, responder's; `closed`: the connection is. */
  readonly steps: readonly (readonly [sent: string, states: string])[];
}

const cases: readonly Case[] = [
  {
    does: "reads a head in pieces",
    steps: [
      ["GET / HT", "head, idle"],
      ["TP/1.1\r\nHost: a\r\n\r\n", "idle, idle"],
    ],
  },
  {
    does: "reads a body in pieces",
    says: { toWhole: "" },
    steps: [
      [`${POST}\r\nhe`, "body, awaited"],
      ["llo", "done, awaited"],
    ],
  },
  {
    does: "lets a client wait for 100 (Continue)",
    says: { toHead: "HTTP/1.1 100 Continue\r\n\r\n" },
    steps: [
      [EXPECTING, "body, interim"],
      ["hello", "idle, idle"],
    ],
  },
  {
    does: "takes a body in one piece from a client that does not wait for 100 (Continue)",
    steps: [
      [EXPECTING, "awaits-continue, awaited"],
      ["hello", "idle, idle"],
    ],
  },
  {
    does: "takes it in two",
    steps: [
      [EXPECTING, "awaits-continue, awaited"],
      ["he", "body, done"],
      ["llo", "idle, idle"],
    ],
  },
  {
    does: "does not persist where the final response comes instead of 100 (Continue)",
    says: { toHead: OK },
    steps: [[EXPECTING, "closed"]],
  },
  {
    does: "persists where the response is whole before the request, and the origin takes the rest",
    says: { toHead: OK, toWhole: "" },
    steps: [
      [`${POST}\r\n`, "body, done"],
      ["he", "body, done"],
      ["llo", "idle, idle"],
    ],
  },
  {
    does: "does not where it does not take it",
    says: { toHead: OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n") },
    steps: [[`${POST}\r\n`, "closed"]],
  },
];

describe("a client's connection", () => {
  it.each(cases)("$does", ({ says = {}, steps }) => {
    const world = new SmallWorld({}, origin(says));
    const { socket } = world.connect();
    const seen = steps.map(([sent]) => {
      socket.write(sent);
      world.pass(1_000);
      const [connection] = http1Clients(world.gateway);
      if (connection === undefined || connection.life.isEnding) return [sent, "closed"];
      return [sent, `${connection.messages.requester}, ${connection.messages.responder}`];
    });
    expect(seen).toStrictEqual(steps);
    expect(world.observer.internalErrors).toStrictEqual([]);
  });
});
