/** What HTTP/2 clients ask for and do not take is bounded over all of their connections. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { Http2Stage } from "../test/kit/http2-stage.ts";

let stage: Http2Stage;
beforeEach(() => {
  stage = new Http2Stage();
});
afterEach(() => stage.end());

const RESPONSES = 40;
/** It takes nothing of any response. */
const takesNothing = { settings: { initialWindowSize: 0 } };

it("the connection that holds most goes, and one that holds little stays", async () => {
  await stage.begin({ http2Memory: "1m" });
  const modest = await stage.client(takesNothing);
  const waits = modest.request({ ":path": "/large?bytes=100000" });
  waits.on("error", () => {});
  const greedy = await stage.client(takesNothing);
  for (let i = 0; i < RESPONSES; i++) greedy.request({ ":path": "/large?bytes=100000" }).on("error", () => {});
  expect(await stage.closed(1)).toEqual(["http2-memory own-fin"]);
  const other = await stage.client();
  expect(await stage.ask(other, { ":path": "/x" })).toMatchObject({ status: 200, body: "GET /x" });
  expect([modest.destroyed, waits.destroyed, stage.closes.length]).toEqual([false, false, 1]);
});

it("many connections that each hold a little do as much", async () => {
  await stage.begin({ http2Memory: "1m" });
  for (let i = 0; i < RESPONSES; i++) {
    const client = await stage.client(takesNothing);
    client.request({ ":path": "/large?bytes=100000" }).on("error", () => {});
  }
  expect((await stage.closed(1))[0]).toBe("http2-memory own-fin");
});

it("what is taken is not held", async () => {
  await stage.begin({ http2Memory: "1m" });
  const client = await stage.client();
  for (let round = 0; round < 20; round++) {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => stage.ask(client, { ":path": "/large?bytes=200000" })),
    );
    expect(all.every(({ bytes, code }) => bytes === 200_000 && code === 0)).toBe(true);
  }
  expect(stage.closes).toEqual([]);
});
