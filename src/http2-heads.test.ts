/** Heads and trailers: as large as `maxHeadSize` lets them be they pass both ways, and each line of them stays one. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createRawServer } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { Http2Stage } from "../test/kit/http2-stage.ts";

const FIELDS = 100;
const LARGE = "!".repeat(1_200);
const large: Record<string, string> = Object.fromEntries(Array.from({ length: FIELDS }, (_, at) => [`x-${at}`, LARGE]));
const hasAll = (fields: Readonly<Record<string, unknown>>) =>
  Object.entries(large).every(([name, value]) => fields[name] === value);

let stage: Http2Stage;
let origin: Server;
let hasReadAll: boolean[];
beforeEach(() => {
  stage = new Http2Stage();
  hasReadAll = [];
  origin = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
    hasReadAll.push(hasAll(request.headers));
    if (request.url === "/head") for (const [name, value] of Object.entries(large)) response.setHeader(name, value);
    response.write("x");
    if (request.url === "/trailers") response.addTrailers(large);
    response.end();
  });
  origin.on("clientError", () => {});
});
afterEach(async () => {
  await stage.end();
  origin.closeAllConnections();
  origin.close();
});

it("of responses, of requests, and behind bodies", async () => {
  await stage.begin({ to: await listening(origin), maxHeadSize: "256k" });
  const client = await stage.client({
    maxSendHeaderBlockLength: 1024 * 1024,
    settings: { maxHeaderListSize: 1024 * 1024 },
  });
  const other = client.request({ ":path": "/x" });
  const isAnswered = stage.answered(other);
  const head = await stage.ask(client, { ":path": "/head" });
  expect([head.status, head.body, head.code, hasAll(head.fields)]).toEqual([200, "x", 0, true]);
  const trailers = await stage.ask(client, { ":path": "/trailers" });
  expect([trailers.status, trailers.body, trailers.code, hasAll(trailers.trailers)]).toEqual([200, "x", 0, true]);
  expect(await stage.ask(client, { ":path": "/x", ...large })).toMatchObject({ status: 200, code: 0 });
  expect(hasReadAll).toEqual([false, false, false, true]);
  expect(await isAnswered).toMatchObject({ status: 200, code: 0 });
  expect(stage.closes).toEqual([]);
});

it("keep lines of one name apart: of requests, hints, responses, and behind bodies", async () => {
  const day = ["X-Day", "Mon, 1 Jan", "x-day", "Tue, 2 Jan", "Set-Cookie", "a=1", "set-cookie", "b=2"];
  const lines = day.map((text, at) => text + (at % 2 === 0 ? ": " : "\r\n")).join("");
  const hint = `HTTP/1.1 103 Early Hints\r\n${lines}\r\n`;
  const raw = createRawServer((socket) => {
    let asked = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      asked += bytes.toString("latin1");
      if (!asked.endsWith("\r\n\r\n")) return;
      const came = asked.match(/^x-day: .*$/gim)?.join("|");
      socket.end(
        `${hint}HTTP/1.1 200 OK\r\n${lines}Transfer-Encoding: chunked\r\n\r\n${came?.length.toString(16)}\r\n${came}\r\n0\r\n${lines}\r\n`,
      );
    });
  });
  raw.listen(0, "127.0.0.1");
  await once(raw, "listening");
  try {
    await stage.begin({ to: `http://127.0.0.1:${(raw.address() as AddressInfo).port}` });
    const stream = (await stage.client()).request({ ":path": "/x", "x-day": ["Mon, 1 Jan", "Tue, 2 Jan"] });
    const told: string[][] = [];
    for (const event of ["headers", "response", "trailers"])
      stream.on(event, (_fields: unknown, _flags: number, all: string[]) =>
        told.push(all.flatMap((text, at) => (/^(x-day|set-cookie)$/.test(text) ? [text, all[at + 1] ?? ""] : []))),
      );
    const { body } = await stage.answered(stream);
    expect(body).toBe("x-day: Mon, 1 Jan|x-day: Tue, 2 Jan");
    const expected = day.map((text) => text.replace(/^(X-Day|Set-Cookie)$/, (name) => name.toLowerCase()));
    // Cookies do not go on behind a body.
    expect(told).toStrictEqual([expected, expected, expected.slice(0, 4)]);
  } finally {
    raw.close();
  }
});

it.each([
  ["by its connection's end", "Connection: close", ""],
  ["by its last chunk", "Transfer-Encoding: chunked", "0\r\n\r\n"],
  ["by content that no 205 has", "Content-Length: 2", "ok"],
])("a 205 whose origin ends it later, %s, is complete", async (_what, line, end) => {
  let finish = () => {};
  const raw = createRawServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.write(`HTTP/1.1 205 Reset Content\r\n${line}\r\n\r\n`));
    finish = () => socket.end(end);
  });
  try {
    await stage.begin({ to: await listening(raw) });
    const answered = await stage.ask(await stage.client(), { ":path": "/x" });
    expect(answered).toMatchObject({ status: 205, body: "", code: 0 });
    expect(stage.exchanges).toEqual([]);
    finish();
    expect(await stage.ended(1)).toEqual(["GET 205 completed"]);
  } finally {
    raw.close();
  }
});
