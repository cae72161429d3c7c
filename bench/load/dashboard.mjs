/**
 * The dashboard's page as the proxy sees it. `node dashboard.mjs ADMIN_PORT`
 *
 * It reads the stream of events, asks for figures every second and for connections every few. Says `open` once the stream is, and when its
 * standard input ends, how many events it has heard.
 */
import { get } from "node:http";

const [port] = process.argv.slice(2);
const TICK_MS = 1_000;
/** As the page does while it has a stream. */
const CONNECTIONS_TICKS = 5;
let heard = 0;

const at = (path) => ({ host: "127.0.0.1", port: Number(port), path });

function ask(path) {
  return new Promise((resolve, reject) => {
    get(at(path), (response) => response.resume().once("end", resolve).once("error", reject)).once("error", reject);
  });
}

function fail(error) {
  console.log(`failed: ${error.message}`);
  process.exit(1);
}

get(at("/api/events"), (response) => {
  if (response.statusCode !== 200) fail(new Error(`/api/events answers ${response.statusCode}`));
  response.setEncoding("utf8");
  response.on("data", (text) => {
    for (let from = text.indexOf("\ndata:"); from !== -1; from = text.indexOf("\ndata:", from + 1)) heard++;
  });
  response.once("error", fail);
  console.log("open");
}).once("error", fail);

let ticks = 0;
setInterval(() => {
  ask("/stats").catch(fail);
  if (++ticks % CONNECTIONS_TICKS === 0) ask("/api/connections?limit=10000").catch(fail);
}, TICK_MS);

process.stdin.resume().once("end", () => {
  console.log(`heard ${heard}`);
  process.exit(0);
});
