/** Accepting on a listener's handle: connections, faults, and a listener that has none. */
import type { Server } from "node:net";
import { constants } from "node:os";
import { expect, it } from "vitest";
import { acceptHandles, type SocketHandle } from "./accepting.ts";

type Accepts = (status: number, handle?: SocketHandle) => void;

function accepting(listener: { onconnection?: Accepts } | null) {
  const got: unknown[] = [];
  const server = { _handle: listener } as unknown as Server;
  const doesAccept = acceptHandles(
    server,
    (handle) => got.push(handle),
    (code) => got.push(code),
  );
  return { got, doesAccept };
}

it("tells connections, and faults by their code; listening goes on", () => {
  const listener: { onconnection: Accepts } = { onconnection() {} };
  const { got, doesAccept } = accepting(listener);
  const handle = { close() {} };
  listener.onconnection(-constants.errno.EMFILE);
  listener.onconnection(0, handle);
  expect([doesAccept, got]).toStrictEqual([true, ["EMFILE", handle]]);
});

it.each([null, {}])("changes nothing where a listener is of another shape: %o", (listener) => {
  expect(accepting(listener)).toStrictEqual({ got: [], doesAccept: false });
  expect(listener ?? {}).toStrictEqual({});
});
