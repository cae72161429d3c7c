/** What is learnt of the runtime, and that nothing is where anything is not as it is known. */
import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { knownHandle, learnShape } from "./runtime-shape.ts";

interface Insides {
  _handle: { onread: unknown; useUserBuffer(buffer: unknown): void } | null;
}

/** Node's sockets, but for what `change` does to each. */
function changed(change: (insides: Insides) => void): typeof Socket {
  return class extends Socket {
    constructor(options: ConstructorParameters<typeof Socket>[0]) {
      super(options);
      change(this as unknown as Insides);
    }
  };
}

function handleChanged(change: (handle: NonNullable<Insides["_handle"]>) => void): typeof Socket {
  return changed(({ _handle: handle }) => {
    if (handle !== null) change(handle);
  });
}

/** Does what the runtime's function does, but asks its owner for one more thing. */
function readingOtherwise(this: unknown): void {
  const stream = this as { kBuffer: unknown; kBufferCb(): void; push(): void; destroy(): void; tellEnd(): void };
  if (stream.kBuffer) stream.kBufferCb();
  stream.push();
  stream.destroy();
  stream.tellEnd();
}

describe("what is known of a runtime", () => {
  it("is known of this one, and of its connections", async () => {
    expect(learnShape(Socket)).toBeDefined();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
    await once(socket, "connect");
    const { _handle: handle } = socket as unknown as Insides;
    expect(knownHandle(handle)).toBe(handle);
    socket.destroy();
    server.close();
  });

  it.each([
    ["they have no handle of ours", changed((socket) => (socket._handle = null))],
    ["they tell nobody what they read", handleChanged((handle) => (handle.onread = undefined))],
    ["they tell in a way that cannot be seen", handleChanged((handle) => (handle.onread = (() => {}).bind(null)))],
    ["they ask an owner for more than is known", handleChanged((handle) => (handle.onread = readingOtherwise))],
    ["they read to another buffer", handleChanged((handle) => handle.useUserBuffer(Buffer.alloc(1)))],
    [
      "they do not know their handle's owner",
      handleChanged((handle) => {
        for (const name of Object.getOwnPropertySymbols(handle)) Reflect.deleteProperty(handle, name);
      }),
    ],
    [
      "they write and end by other calls",
      class extends Socket {
        override write(): boolean {
          return true;
        }
        override end(): this {
          return this;
        }
      },
    ],
  ] as const)("is nothing when of its sockets is true: %s", (_difference, Other) => {
    expect(learnShape(Other as typeof Socket)).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    "a handle",
    {},
    { close() {}, readStart() {}, readStop() {} },
  ])("%o is no handle", (candidate) => {
    expect(knownHandle(candidate)).toBeUndefined();
  });
});
