/** Heads and trailers as large as `maxHeadSize` lets them be pass both ways, and the connection goes on. */
import { createServer, type Server } from "node:http";
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
