/** A body that something has read before: what is written again, and what is refused at once. */
import { createServer, type IncomingMessage } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DoorStage, type OriginActs } from "../../test/kit/door-stage.ts";
import type { HandlerOptions } from "../index.ts";

let stage: DoorStage;
afterEach(() => stage.close());

const answers: OriginActs = (socket, asked) => {
  const [head = "", body = ""] = asked.split(/\r\n\r\n(.*)/s);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  if (body.length >= length) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
};

/** Opens a server that reads each body before the handler, as a parser does, and leaves `parsed` of it. */
const open = async (parsed: (text: string) => unknown, options: Omit<HandlerOptions, "to"> = {}) => {
  stage = await DoorStage.open(answers, options, (handler) =>
    createServer(async (request: IncomingMessage & { body?: unknown }, response) => {
      let text = "";
      for await (const piece of request) text += piece;
      const body = parsed(text);
      if (body !== undefined) request.body = body;
      handler(request, response);
    }),
  );
};

const post = (type: string, body: string, fields = "") =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${fields}` +
  `Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n\r\n${body}`;
const chunked = (type: string, body: string) =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n` +
  `${body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`;
const utf8 = (text: string) => Buffer.from(text).toString("latin1");

const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";
const json = JSON.parse as (text: string) => unknown;
const form = (text: string) => Object.fromEntries(new URLSearchParams(text));

describe("is written again", () => {
  it.each<[string, string, (text: string) => unknown, string]>([
    ["JSON", post(JSON_TYPE, '{ "a": [1, 2.5, null, true, "x"] }'), json, '{"a":[1,2.5,null,true,"x"]}'],
    ["JSON in chunks", chunked(JSON_TYPE, '{"a":1}'), json, '{"a":1}'],
    ["JSON of another name", post("application/vnd.api+json; charset=utf-8", '{"a":1}'), json, '{"a":1}'],
    ["JSON with more than ASCII", post(JSON_TYPE, utf8('{"ü":"€"}')), json, utf8('{"ü":"€"}')],
    ["{}, where its length says that it was there", post(JSON_TYPE, "{}"), json, "{}"],
    ["a text that is JSON, as a text", post(JSON_TYPE, '{"a":1}'), (text) => text, '{"a":1}'],
    ["a text that JSON says", post(JSON_TYPE, '"hello"'), json, '"hello"'],
    ["a list", post(JSON_TYPE, "[]"), json, "[]"],
    ["a form", post(FORM, "a=1&b=x+y%26"), form, "a=1&b=x+y%26"],
    ["a form with a list, where the length is right", post(FORM, "a=1&a=2"), () => ({ a: ["1", "2"] }), "a=1&a=2"],
    ["a form that codes more than it must", post(FORM, "a=x%20y&b=%7E*%5f"), form, "a=x+y&b=%7E*_"],
    ["a form that codes less than it may", post(FORM, "a=x=y~/?"), form, "a=x%3Dy%7E%2F%3F"],
    ["a form with a name alone", post(FORM, "a&b=1"), form, "a=&b=1"],
    ["a form in chunks", chunked(FORM, "a=1&b=x+y"), form, "a=1&b=x+y"],
    ["a text", post("text/plain", "hello"), (text) => text, "hello"],
    ["a buffer", post("application/octet-stream", "\x00\xff"), () => Buffer.from("00ff", "hex"), "\x00\xff"],
  ])("%s", async (_what, sent, parsed, arrived) => {
    await open(parsed);
    await stage.ask(sent, "ok");
    const [head = "", body] = stage.asked.split(/\r\n\r\n(.*)/s);
    expect(body).toBe(arrived);
    expect(head).toContain(`\r\nContent-Length: ${arrived.length}`);
    expect(head).not.toMatch(/transfer-encoding/i);
  });

  it("as the application says", async () => {
    await open(() => undefined, { body: () => "from the application" });
    await stage.ask(post("multipart/form-data", "whatever", "Content-Encoding: gzip\r\n"), "ok");
    expect(stage.asked).toMatch(/\r\nContent-Length: 20\r\n(.*\r\n)*\r\nfrom the application$/);
  });

  it("unless there was none", async () => {
    await open(() => ({}));
    await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "ok");
    await stage.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "ok");
    expect(stage.exchanges.map(({ outcome }) => outcome)).toStrictEqual(["completed", "completed"]);
  });
});

describe("is refused at once", () => {
  it.each<[string, string, (text: string) => unknown]>([
    ["when nothing is left of it", post(JSON_TYPE, '{"a":1}'), () => undefined],
    ["when it is {} that may have been nothing", chunked(JSON_TYPE, "{}"), json],
    ["when a number in it is not exact", post(JSON_TYPE, "[12345678901234567890]"), json],
    ["when something in it is no JSON", post(JSON_TYPE, '{"a":"2026"}'), () => ({ a: new Date() })],
    ["when it is deeper than anybody writes", post(JSON_TYPE, `${"[".repeat(200)}${"]".repeat(200)}`), json],
    ["when it was compressed", post(JSON_TYPE, '{"a":1}', "Content-Encoding: gzip\r\n"), json],
    ["when a digest covers its bytes", post(JSON_TYPE, '{"a":1}', "Content-Digest: sha-256=:x:\r\n"), json],
    ["when its characters were others", post(`${JSON_TYPE}; charset=utf-16le`, '{"a":1}'), json],
    ["when its bytes were no text", post("text/plain", "\xff"), (text) => text],
    ["when a list of a form was written in another way", post(FORM, "a[]=1&a[]=2"), () => ({ a: ["1", "2"] })],
    ["when a parser has left a form's bytes as they were", post(FORM, "a=%E9"), () => ({ a: "%E9" })],
    ["when it may have done so", chunked(FORM, "a=%E9"), () => ({ a: "%E9" })],
    ["when a parser has left a name out", post(FORM, "__proto__=1&a=2"), () => ({ a: "2" })],
    ["when a parser has left an empty name out", post(FORM, "=12&a=2"), () => ({ a: "2" })],
    ["when a form has more than names and values", post(FORM, "a[b]=1"), () => ({ a: { b: "1" } })],
    ["when it is of another kind", post("multipart/form-data; boundary=x", "--x--"), () => ({ file: "…" })],
    ["when a buffer is not all of it", post("application/octet-stream", "abc"), () => Buffer.from("ab")],
  ])("%s", async (_what, sent, parsed) => {
    await open(parsed);
    const answer = await stage.ask(sent, /\n$/);
    expect(answer).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n(.*\r\n)*Proxy-Status: .*"body-consumed"/);
    expect(stage.origins).toHaveLength(0);
    expect(stage.exchanges).toStrictEqual([{ outcome: "answered", reason: "body-consumed", status: 500 }]);
  });

  it("when the application's own function throws, which is a warning", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const fault = new Error("no body");
    const body = () => {
      throw fault;
    };
    await open(() => undefined, { body });
    expect(await stage.ask(post(JSON_TYPE, '{"a":1}'), /\n$/)).toContain("body-consumed");
    expect(warned).toHaveBeenCalledWith(fault);
    warned.mockRestore();
  });

  it.each([
    ["a number", () => 5],
    ["a promise", () => Promise.reject(new Error("late"))],
  ])("when that function returns %s", async (_what, body) => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    await open(() => undefined, { body: body as never });
    expect(await stage.ask(post(JSON_TYPE, '{"a":1}'), /\n$/)).toContain("body-consumed");
    expect(String(warned.mock.calls[0]?.[0])).toMatch(/^TypeError: the option body must return text or bytes at once/);
    warned.mockRestore();
  });

  it("when only some of it was read", async () => {
    stage = await DoorStage.open(answers, {}, (handler) =>
      createServer((request, response) => {
        request.once("data", () => {
          request.pause();
          handler(request, response);
        });
      }),
    );
    const answer = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nsome", /\n$/);
    expect(answer).toContain("body-consumed");
  });

  it("when it is read as texts", async () => {
    stage = await DoorStage.open(answers, {}, (handler) =>
      createServer((request, response) => {
        request.setEncoding("utf8");
        handler(request, response);
      }),
    );
    expect(await stage.ask(post("text/plain", "hello"), /\n$/)).toContain("body-consumed");
  });
});
