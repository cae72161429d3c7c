/** What becomes of a write, on runtimes whose handles make the request themselves (Node from 24.22 on). */
import { constants } from "node:os";
import { describe, expect, it, vi } from "vitest";
import type { Octets } from "../../wire/octets.ts";

vi.mock("./runtime-shape.ts", () => ({ knownShape: () => ({ Write: undefined }) }));
const { DONE, UNFINISHED, writeTo } = await import("./handle-writing.ts");
type Handle = Parameters<typeof writeTo>[0];

interface Request {
  writeStatus: number | null;
  getAsyncId(): number;
  oncomplete?(status: number): void;
}

/** Returns `written` of every write, and notes what it was given. */
function handleThatReturns(written: number | Request) {
  const given: unknown[][] = [];
  const call = (...args: unknown[]) => {
    given.push(args);
    return written;
  };
  return { given, handle: { writeLatin1String: call, writeBuffer: call, writev: call } as unknown as Handle };
}

const nobody = { onWritten: () => expect.unreachable() };
const EPIPE = -constants.errno.EPIPE;
const ECONNRESET = -constants.errno.ECONNRESET;

describe("a write that is given no request", () => {
  it.each<[string, number | Request, number]>([
    ["is done when the system took it at once", 0, DONE],
    ["has failed when the system refused it at once", ECONNRESET, ECONNRESET],
    ["is done when its request has ended within the call", { writeStatus: 0, getAsyncId: () => -1 }, DONE],
    [
      "has failed when its request has ended so within the call",
      { writeStatus: ECONNRESET, getAsyncId: () => -1 },
      ECONNRESET,
    ],
    ["has failed when nothing has hold of its request", { writeStatus: null, getAsyncId: () => -1 }, EPIPE],
  ])("%s", (_name, written, expected) => {
    const { handle } = handleThatReturns(written);
    expect(writeTo(handle, nobody, "text", 4)).toBe(expected);
  });

  it("tells its writer when it is done, if that takes longer", () => {
    const request: Request = { writeStatus: null, getAsyncId: () => 7 };
    const { handle } = handleThatReturns(request);
    const told: number[][] = [];
    const octets = Buffer.from("octets") as unknown as Octets;
    expect(writeTo(handle, { onWritten: (...end) => told.push(end) }, octets, 6)).toBe(UNFINISHED);
    // The handle keeps the address only.
    expect(request).toMatchObject({ kept: octets });
    expect(told).toEqual([]);
    request.oncomplete?.(ECONNRESET);
    expect(told).toEqual([[6, ECONNRESET]]);
  });

  it("hands over null, and text as latin1", () => {
    const { handle, given } = handleThatReturns(0);
    const octets = Buffer.from("octets") as unknown as Octets;
    for (const data of ["text", octets, ["text", octets]] as const) writeTo(handle, nobody, data, 1);
    expect(given).toEqual([
      [null, "text"],
      [null, octets],
      [null, ["text", "latin1", octets, "latin1"], false],
    ]);
  });
});
