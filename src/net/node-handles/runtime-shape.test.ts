/** What is learnt of the runtime, and that nothing is where anything is not as it is known. */
import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { knownHandle, knownShape, learnShape } from "./runtime-shape.ts";

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

type Taking = (written: unknown, done: (error?: Error | null) => void) => void;

/** Node's sockets, which give their handle null instead of a request, and take what it returns by `take`. */
function handingNull(take: Taking): typeof Socket {
  return class extends Socket {
    override _write(data: unknown, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
      const { _handle: handle } = this as unknown as {
        _handle: { writeLatin1String(request: null, text: unknown): unknown };
      };
      take(handle.writeLatin1String(null, data), done);
    }
  };
}

interface Request {
  writeStatus: number | null;
  oncomplete(status: number): void;
}

const isRequest = (written: unknown): written is Request => typeof written === "object";
const faultOf = (written: unknown) => (written === 0 ? null : Object.assign(new Error(), { code: "EPIPE" }));

/** As Node does from 24.22 on. */
const taken: Taking = (written, done) => {
  if (!isRequest(written)) return done(faultOf(written));
  written.oncomplete = () => done(null);
  if (written.writeStatus !== null) written.oncomplete(written.writeStatus);
};

describe("what is known of a runtime", () => {
  it("is known of this one, and of its connections", async () => {
    expect(learnShape(Socket)).toBeDefined();
    expect(knownShape()).toBeDefined();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
    await once(socket, "connect");
    const { _handle: handle } = socket as unknown as Insides;
    expect(knownHandle(handle)).toBe(handle);
    socket.destroy();
    server.close();
  });

  it("is known where handles make the requests, and then needs no class of requests", () => {
    expect(learnShape(handingNull(taken))).toMatchObject({ Write: undefined });
  });

  it.each<[string, Taking]>([
    ["ends before its handle says so", (_written, done) => done(null)],
    [
      "ends well though its handle says that it failed",
      (written, done) => (isRequest(written) ? taken(written, done) : done(null)),
    ],
    [
      "does not see that its request has ended",
      (written, done) => {
        if (!isRequest(written)) return done(faultOf(written));
        written.oncomplete = () => done(null);
      },
    ],
    [
      "never asks whether its request has ended",
      (written, done) => {
        if (!isRequest(written)) return done(faultOf(written));
        written.oncomplete = () => done(null);
        written.oncomplete(0);
      },
    ],
    [
      "asks its request for more than is known",
      (written, done) => {
        if (isRequest(written) && (written as unknown as { isPartial: boolean }).isPartial) return;
        taken(written, done);
      },
    ],
    [
      "tells its request more than is known",
      (written, done) => {
        if (isRequest(written)) (written as unknown as { goesOn: boolean }).goesOn = true;
        taken(written, done);
      },
    ],
    [
      "hears of its end in another way",
      (written, done) => {
        if (!isRequest(written)) return done(faultOf(written));
        (written as unknown as { buffer: unknown }).buffer = () => done(null);
        if (written.writeStatus !== null) done(null);
      },
    ],
  ])("is nothing where handles make the requests and a write %s", (_difference, take) => {
    expect(learnShape(handingNull(take))).toBeUndefined();
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
