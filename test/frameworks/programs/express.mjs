/** Express 5: behind a session, a body parser and compression, under a path, with an error page of the application's own. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get } from "node:http";
import { Readable } from "node:stream";
import compression from "compression";
import express from "express";
import session from "express-session";
import multer from "multer";
import { createHandler } from "../../../dist/index.js";
import { ask, check, done, listening } from "./kit.mjs";

const UPLOAD_BYTES = 200 * 1_048_576;
let closedEarly = 0;

const origin = createServer((request, response) => {
  if (request.url === "/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("data: 1\n\n");
    request.socket.on("close", () => closedEarly++);
    origin.once("more", () => response.write("data: 2\n\n"));
    return;
  }
  if (request.url === "/large") {
    return response.writeHead(200, { "Content-Type": "text/plain" }).end("x".repeat(100_000));
  }
  let bytes = 0;
  let body = "";
  request.on("data", (piece) => {
    bytes += piece.length;
    if (bytes < 1_000) body += piece;
  });
  request.on("end", () => {
    response.setHeader("Set-Cookie", "origin=1");
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body, bytes }));
  });
});
const to = await listening(origin);
const handler = createHandler({ to });
const failing = createHandler({ to: "http://127.0.0.1:1", errors: "next" });

const app = express();
app.use(compression());
app.use(session({ secret: "a", resave: false, saveUninitialized: true }));
app.post("/form", multer().single("file"), (request, response) => response.json({ size: request.file.size }));
app.use("/streams", handler);
app.use("/failing", failing);
app.use(express.json(), express.urlencoded({ extended: true }));
app.use("/api", handler);
app.use("/multer", multer().single("file"), handler);
app.use((error, _request, response, _next) => response.status(error.status).send(`page for ${error.code}`));
const url = await listening(createServer(app));

const asked = async (path, options, body) => JSON.parse((await ask(url + path, options, body)).text);
const post = (type, rest = {}) => ({ method: "POST", ...rest, headers: { "Content-Type": type, ...rest.headers } });

await check("what is mounted is asked for without its path", async () => {
  const { status, fields, text } = await ask(`${url}/api/users?x=1`);
  assert.equal(status, 200);
  assert.equal(JSON.parse(text).url, "/users?x=1");
  assert.deepEqual(fields["set-cookie"].map((cookie) => cookie.split("=")[0]).toSorted(), ["connect.sid", "origin"]);
});

await check("bodies behind parsers are written again", async () => {
  assert.equal((await asked("/api/", post("application/json"), '{"a": 1}')).body, '{"a":1}');
  assert.equal((await asked("/api/", post("application/x-www-form-urlencoded"), "a=1&b=2")).body, "a=1&b=2");
  assert.equal((await asked("/api/", post("text/plain"), "as it is")).body, "as it is");
  assert.equal((await asked("/api/", post("application/json"), "{}")).body, "{}");
});

await check("a body that nobody can write again is refused at once", async () => {
  const body = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n--x--\r\n';
  const { status, text } = await ask(`${url}/multer`, post("multipart/form-data; boundary=x"), body);
  assert.equal(status, 500);
  assert.match(text, /body-consumed/);
});

await check("an upload of 200 MiB streams", async () => {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  function* pieces() {
    const piece = Buffer.alloc(1_048_576, 120);
    for (let sent = 0; sent < UPLOAD_BYTES; sent += piece.length) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      yield piece;
    }
  }
  const options = post("multipart/form-data; boundary=x");
  const { bytes } = await asked("/streams/upload", options, Readable.from(pieces()));
  assert.equal(bytes, UPLOAD_BYTES);
  assert.ok(most < UPLOAD_BYTES / 2, `${most} bytes were held at once`);
});

await check("multer beside it reads what is its own", async () => {
  const body = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n--x--\r\n';
  assert.deepEqual(await asked("/form", post("multipart/form-data; boundary=x"), body), { size: 5 });
});

await check("events arrive as they are sent, compressed or not, and end with their reader", async () => {
  for (const encoding of ["identity", "gzip"]) {
    const asking = get(`${url}/streams/events`, { agent: false, headers: { "Accept-Encoding": encoding } });
    const [response] = await once(asking, "response");
    assert.equal(response.headers["content-encoding"] ?? "identity", encoding);
    await once(response, "data");
    origin.emit("more");
    await once(response, "data");
    const closed = new Promise((resolve) => {
      const look = setInterval(() => {
        if (closedEarly > 0) resolve(clearInterval(look));
      }, 5);
    });
    asking.destroy();
    await closed;
    closedEarly = 0;
  }
});

await check("compression compresses", async () => {
  const asking = get(`${url}/streams/large`, { agent: false, headers: { "Accept-Encoding": "gzip" } });
  const [response] = await once(asking, "response");
  assert.equal(response.headers["content-encoding"], "gzip");
  assert.equal(response.headers["content-length"], undefined);
  let bytes = 0;
  for await (const piece of response) bytes += piece.length;
  assert.ok(bytes < 2_000);
});

await check("the application's own page for an origin that is gone", async () => {
  assert.deepEqual((await ask(`${url}/failing/x`)).text, "page for connect-failed");
});

done();
