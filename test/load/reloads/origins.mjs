/**
 * Origins of reloads under load, as a process of their own: each says its name, holds event streams open, and echoes what comes by
 * WebSocket. Says their URLs in one line, as JSON; ends with its standard input.
 */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const BEAT_MS = 100;
const urls = {};
for (const name of process.argv.slice(2)) {
  const streams = new Set();
  const server = createServer((asked, response) => {
    if (asked.url !== "/events") return void response.end(name);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    streams.add(response);
    response.on("close", () => streams.delete(response));
  });
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("error", () => undefined).on("message", (data) => socket.send(data));
  });
  setInterval(() => {
    for (const stream of streams) stream.write("data: x\n\n");
  }, BEAT_MS);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  urls[name] = `http://127.0.0.1:${server.address().port}`;
}
console.log(JSON.stringify(urls));
process.stdin.on("end", () => process.exit(0)).resume();
