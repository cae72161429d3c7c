/** The first message of a handshake: the name in it, however it is cut, and whatever is in its place. */
import { once } from "node:events";
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect } from "node:tls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientHelloReader, type FirstBytes, HELLO_BYTES_MAX } from "./client-hello.ts";

/** What a client of the runtime sends first. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  let sent: (octets: Buffer) => void = () => {};
  const first = new Promise<Buffer>((resolve) => {
    sent = resolve;
  });
  const socket = new Duplex({
    read() {},
    write(octets, _encoding, done) {
      sent(octets);
      done();
    },
  });
  const client = connect({ ...options, socket });
  client.on("error", () => {});
  const hello = await first;
  client.destroy();
  await once(client, "close");
  return hello;
}

function read(octets: Buffer, ...cuts: readonly number[]): FirstBytes {
  const reader = new ClientHelloReader();
  let at = 0;
  let result: FirstBytes = { kind: "more" };
  for (const end of [...cuts, octets.length]) {
    if (result.kind !== "more" || end <= at) continue;
    result = reader.read(octets.subarray(at, end));
    at = end;
  }
  return result;
}

/** The same message in records of so many bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([0x16, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(records);
}

describe("the name that a client asks for", () => {
  it.each<[string, ConnectionOptions, string | undefined]>([
    ["is read", { servername: "site.test" }, "site.test"],
    ["is read in lowercase", { servername: "SITE.Test" }, "site.test"],
    ["is none where the client names none", {}, undefined],
    ["is read of TLS 1.2, too", { servername: "a.site.test", maxVersion: "TLSv1.2" }, "a.site.test"],
    ["is read behind many protocols", { servername: "b.test", ALPNProtocols: Array(99).fill("http/1.1") }, "b.test"],
  ])("%s", async (_what, options, serverName) => {
    expect(read(await helloOf(options))).toMatchObject({ kind: "hello", hello: { serverName, ticketKeyNames: [] } });
  });

  it("is the same wherever the message is cut, into segments or records", async () => {
    const hello = await helloOf({ servername: "site.test" });
    const whole = read(hello);
    for (const size of [1, 2, 3, 7, 100]) {
      const records = inRecords(hello, size);
      expect(read(records)).toEqual(whole);
      expect(read(records, ...Array.from({ length: records.length }, (_, at) => at + 1))).toEqual(whole);
    }
    for (let cut = 1; cut < hello.length; cut++) {
      expect(read(hello.subarray(0, cut))).toEqual({ kind: "more" });
      expect(read(hello, cut)).toEqual(whole);
    }
  });

  it("is nobody's where the message is not as it must be, whatever it is; nothing is thrown", async () => {
    const hello = await helloOf({ servername: "site.test" });
    const change = fc.record({ at: fc.nat(hello.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const changed = Buffer.from(hello);
        for (const { at, to } of changes) changed[at] = to;
        const result = read(changed);
        expect(["more", "hello", "text", "not-tls", "too-large"]).toContain(result.kind);
      }),
    );
  });
});

it.each([
  ["GET / HTTP/1.1\r\n", "text"],
  ["\r\nGET /", "text"],
  ["SSH-2.0-x\r\n", "text"],
  ["\x80\x2e\x01", "not-tls"],
  ["\x00", "not-tls"],
  ["\x15\x03\x01\x00\x02\x02\x30", "not-tls"],
  ["\xff", "not-tls"],
])("%j is %s", (sent, kind) => {
  expect(read(Buffer.from(sent, "latin1"))).toEqual({ kind });
});

it("what goes on and on is given up, and costs no more than what was read", () => {
  const reader = new ClientHelloReader();
  const record = Buffer.concat([Buffer.from([0x16, 3, 1, 0, 4]), Buffer.from([1, 255, 255, 255])]);
  let count = 0;
  while (reader.read(record).kind === "more") count++;
  expect(count).toBe(Math.floor(HELLO_BYTES_MAX / record.length));
});
