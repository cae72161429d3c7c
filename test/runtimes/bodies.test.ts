/**
 * What only large bodies, slow readers, many connections and other kinds of origins bring out, on each runtime: partial
 * writes in both directions, octet by octet the same; memory that stays; where an origin is, and is not.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { until, untilStill } from "../interop/support/waiting.ts";
import { type Runtime, runtimes } from "./runtimes.ts";

const MIB = 1_048_576;
const sha256 = (octets: Uint8Array) => createHash("sha256").update(octets).digest("hex");
/** Every octet there is, over and over, no stretch like another. */
const body = noise(12 * MIB);

for (const runtime of runtimes) {
  // Not installed: npm ci --prefix test/runtimes.
  const missing = runtime.path === undefined ? " (skipped: not installed)" : "";
  describe.skipIf(missing !== "")(`${runtime.name}${missing}`, () => bodies(runtime));
}

function bodies({ path }: Runtime): void {
  let origin: Server;
  let hopwise: Hopwise;
  let onConnection: (socket: Socket) => void = () => {};
  let open: Socket[] = [];

  const start = (to: string) => startHopwise(["--to", to], "proxy", path);
  const client = () => {
    const socket = connect({ host: "127.0.0.1", port: hopwise.port, allowHalfOpen: true });
    open.push(socket.on("error", () => {}));
    return socket;
  };
  /** The next connection that the origin gets. */
  const arrival = () =>
    new Promise<Socket>((resolve) => {
      onConnection = resolve;
    });

  beforeAll(async () => {
    origin = createServer({ allowHalfOpen: true }, (socket) => {
      open.push(socket.on("error", () => {}));
      onConnection(socket);
    });
    hopwise = await start(await listening(origin));
  });
  afterEach(() => {
    for (const socket of open) socket.destroy();
    open = [];
  });
  afterAll(async () => {
    origin.close();
    expect(await hopwise.stop()).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    ["with a length", `Content-Length: ${body.length}\r\n\r\n`, (octets: Buffer) => octets],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n", chunked],
  ])("passes a large response %s to a slow reader, octet by octet", async (_framing, lines, framed) => {
    const arrived = arrival();
    const reader = client();
    reader.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const socket = await arrived;
    await once(socket, "data");
    socket.write(Buffer.from(`HTTP/1.1 200 OK\r\nX-Octets: \x80\xe4\xff\r\n${lines}`, "latin1"));
    socket.write(framed(body));
    const { head, content } = await slowly(reader, body.length, lines.startsWith("T"));
    expect(head).toContain("X-Octets: \x80\xe4\xff\r\n");
    expect(sha256(content)).toBe(sha256(body));
  });

  it.each([
    ["with a length", `Content-Length: ${body.length}\r\n\r\n`, (octets: Buffer) => octets],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n", chunked],
  ])("passes a large request %s to a slow origin, octet by octet", async (_framing, lines, framed) => {
    const arrived = arrival();
    const sender = client();
    sender.write(Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nX-Octets: \x80\xe4\xff\r\n${lines}`, "latin1"));
    sender.write(framed(body));
    const socket = await arrived;
    const { head, content } = await slowly(socket, body.length, lines.startsWith("T"));
    expect(head).toContain("X-Octets: \x80\xe4\xff\r\n");
    expect(sha256(content)).toBe(sha256(body));
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    await until("it is answered", async () => String((await once(sender, "data"))[0]).endsWith("ok"));
  });

  it("reads no more of a request than its origin takes: memory stays, and nothing is lost", async () => {
    const size = 48 * MIB;
    const arrived = arrival();
    const sender = client();
    sender.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    const socket = await arrived;
    socket.pause();
    const before = hopwise.residentBytes();
    for (let sent = 0; sent < size; sent += body.length)
      sender.write(body.subarray(0, Math.min(body.length, size - sent)));
    await untilStill(() => sender.bytesWritten - sender.writableLength, 300);
    expect(sender.writableLength).toBeGreaterThan(size / 2);
    expect(hopwise.residentBytes() - before).toBeLessThan(24 * MIB);
    let got = 0;
    socket.on("data", (octets: Buffer) => {
      got += octets.length;
    });
    socket.resume();
    await until("all of it is there", () => got > size);
  });

  it("keeps many connections apart", async () => {
    onConnection = (socket) => {
      socket.on("data", (octets: Buffer) => {
        const path = /^GET (\S+) /.exec(octets.toString("latin1"))?.[1] ?? "";
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
      });
    };
    const all = await Promise.all(Array.from({ length: 200 }, () => RawClient.open(hopwise.port)));
    for (let round = 0; round < 3; round++) {
      const answers = all.map((one, i) => one.exchange(`GET /${round}/${i} HTTP/1.1\r\nHost: a\r\n\r\n`));
      const bodies = (await Promise.all(answers)).map((response) => response.body.toString());
      expect(bodies).toEqual(all.map((_, i) => `/${round}/${i}`));
    }
    for (const one of all) one.close();
  });
}

for (const { name, path } of runtimes) {
  const missing = path === undefined ? " (skipped: not installed)" : "";
  describe.skipIf(missing !== "")(`${name}${missing}: where an origin is`, () => {
    let directory: string;
    let hopwise: Hopwise | undefined;
    const server = createHttpServer((request, response) => response.end(`served ${request.url}`));

    const answer = async () => {
      const response = await fetch(new URL("/x", hopwise?.url));
      return `${response.status} ${(await response.text()).trim().split("\n")[0]}`;
    };

    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), "hopwise-runtimes-"));
    });
    afterEach(async () => {
      server.closeAllConnections();
      server.close();
      expect((await hopwise?.stop())?.code).toBe(0);
    });
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    it("a Unix socket, and nowhere before that is there", async () => {
      const socket = join(directory, "origin.sock");
      hopwise = await startHopwise(["--to", `unix:${socket}`], "proxy", path);
      expect(await answer()).toBe("502 502 Bad Gateway: connect-failed");
      server.listen(socket);
      await once(server, "listening");
      expect(await answer()).toBe("200 served /x");
    });

    it("a name, of which not every address answers", async () => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      hopwise = await startHopwise(["--to", `http://localhost:${port}`], "proxy", path);
      expect(await answer()).toBe("200 served /x");
    });
  });
}

function noise(length: number): Buffer {
  const words = new Uint32Array(length / 4);
  let state = 1;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state ^ (state >>> 15);
  }
  return Buffer.from(words.buffer);
}

/** In chunks of many sizes. */
function chunked(octets: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let from = 0, size = 1; from < octets.length; from += size, size = (size * 7) % 400_009) {
    const piece = octets.subarray(from, from + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}

/** Reads a message in sips, to the end of its body. */
async function slowly(
  socket: Socket,
  bodyBytes: number,
  isChunked: boolean,
): Promise<{ head: string; content: Buffer }> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let isWhole = false;
  socket.on("data", (octets: Buffer) => {
    pieces.push(octets);
    bytes += octets.length;
    if (isChunked) {
      isWhole = bytes > bodyBytes && Buffer.concat(pieces.slice(-2)).toString("latin1").endsWith("\r\n0\r\n\r\n");
    } else if (bytes > bodyBytes) {
      // The head is in the first pieces, and counts among what came.
      isWhole = bytes === bodyBytes + Buffer.concat(pieces.slice(0, 8)).indexOf("\r\n\r\n") + 4;
    }
    socket.pause();
  });
  // At first nothing at all, so that everything in between is full; then more and more.
  await pause(100);
  for (let i = 0; !isWhole; i++) {
    socket.resume();
    if (i % 16 === 0) await pause(1);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  const octets = Buffer.concat(pieces);
  const headEnd = octets.indexOf("\r\n\r\n") + 4;
  const rest = octets.subarray(headEnd);
  return { head: octets.toString("latin1", 0, headEnd), content: isChunked ? unchunked(rest) : rest };
}

function unchunked(octets: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = octets.indexOf("\r\n", at);
    const size = Number.parseInt(octets.toString("latin1", at, lineEnd), 16);
    if (size === 0) return Buffer.concat(pieces);
    pieces.push(octets.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
