/**
 * Clients that sent one request each and idle since. `node idle-clients.mjs PORT PATH COUNT`
 *
 * Says `ready` when all idle, and again for every further COUNT that is written to it; goes when its standard input ends
 * and says how many connections the proxy had closed.
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";

const [port, path, first] = process.argv.slice(2);
/** Connections that open at the same time: a proxy may not need more than so many origin connections for them. */
const AT_ONCE = 32;
const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
const sockets = [];
let closed = 0;

async function open(count) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await openOne();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.stdout.write("ready\n");
}

function openOne() {
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
    sockets.push(socket);
    socket.once("data", resolve);
    socket.on("error", resolve);
    socket.once("close", () => {
      closed++;
      resolve();
    });
  });
}

let work = open(Number(first));
createInterface({ input: process.stdin })
  .on("line", (count) => {
    work = work.then(() => open(Number(count)));
  })
  .on("close", async () => {
    await work;
    process.stdout.write(`closed ${closed}\n`, () => process.exit(0));
  });
