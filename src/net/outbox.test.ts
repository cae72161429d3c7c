/** What is collected while one event is handled leaves in one write, in order. */
import { describe, expect, it } from "vitest";
import { FakeSocket } from "../../test/fuzz/kit/net.ts";
import { octets } from "../../test/fuzz/kit/octets.ts";
import type { Octets } from "../wire/octets.ts";
import { Outbox } from "./outbox.ts";

const KIB = 1_024;

function add(outbox: Outbox, piece: Octets): void {
  outbox.addOctets(piece, 0, piece.length);
}

function flushed(fill: (outbox: Outbox) => void): FakeSocket {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket);
  fill(outbox);
  expect(outbox.flush()).toBe(true);
  expect(outbox.isEmpty).toBe(true);
  return socket;
}

describe("one write", () => {
  it("for a head", () => {
    expect(flushed((outbox) => outbox.addText("head\r\n\r\n")).writes).toStrictEqual(["head\r\n\r\n"]);
  });

  it("for a head and its small body, in order", () => {
    const socket = flushed((outbox) => {
      outbox.addText("head");
      outbox.addText("5\r\n");
      add(outbox, octets("hello"));
      outbox.addText("\r\n");
      add(outbox, octets("\xff\0"));
      outbox.addText("end");
    });
    expect(socket.writes).toStrictEqual(["head5\r\nhello\r\n\xff\0end"]);
    expect(socket.acts).toStrictEqual([]);
  });

  it("for a large body alone, uncopied", () => {
    const socket = new FakeSocket();
    const body = octets("b".repeat(20 * KIB));
    let written: unknown;
    socket.write = (data) => {
      written = data;
      return true;
    };
    const outbox = new Outbox(socket);
    add(outbox, body);
    outbox.flush();
    expect(written).toBe(body);
  });

  it("for a head and a large body: gathered, in order", () => {
    const body = "b".repeat(20 * KIB);
    const socket = flushed((outbox) => {
      outbox.addText("head");
      add(outbox, octets(body));
      outbox.addText("end");
    });
    expect(socket.writes).toStrictEqual([`head${body}end`]);
    expect(socket.acts).toStrictEqual(["cork", "uncork"]);
  });

  it("with a piece of up to 1 KiB as text, with a larger one gathered", () => {
    for (const [bodyBytes, acts] of [
      [KIB, []],
      [KIB + 1, ["cork", "uncork"]],
    ] as const) {
      const socket = flushed((outbox) => {
        outbox.addText("h");
        add(outbox, octets("b".repeat(bodyBytes)));
      });
      expect([socket.writes.length, socket.acts]).toStrictEqual([1, acts]);
    }
  });

  it("for text of any length", () => {
    expect(flushed((outbox) => outbox.addText("t".repeat(100 * KIB))).writes).toHaveLength(1);
  });
});

it("nothing collected: nothing written", () => {
  expect(flushed(() => {}).writes).toStrictEqual([]);
});

it("nothing is written twice, and what is added later comes later", () => {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket);
  outbox.addText("a");
  add(outbox, octets("b"));
  outbox.flush();
  outbox.flush();
  outbox.addText("c");
  outbox.flush();
  expect(socket.writes).toStrictEqual(["ab", "c"]);
});

it("what was collected can be forgotten", () => {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket);
  outbox.addText("a");
  add(outbox, octets("b"));
  outbox.clear();
  expect(outbox.isEmpty).toBe(true);
  outbox.flush();
  expect(socket.writes).toStrictEqual([]);
});

it("says what the last write said: whether more may follow", () => {
  for (const size of [1, 20 * KIB]) {
    const socket = new FakeSocket();
    socket.takesMore = false;
    const outbox = new Outbox(socket);
    outbox.addText("head");
    add(outbox, octets("b".repeat(size)));
    expect(outbox.flush()).toBe(false);
  }
});
