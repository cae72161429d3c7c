/**
 * Listens with the compiled socket port, keeps whoever comes, and answers what each says; for descriptors.test.ts.
 *
 * It says on its standard output where it listens and what could not be accepted; a line on its standard input lets
 * everybody go.
 */
import { listen } from "../../build/net/runtime.js";

const sockets = [];
const ignore = () => {};
const { address } = await listen({
  host: "127.0.0.1",
  port: 0,
  onFault: (code) => console.log(`fault ${code}`),
  onSocket(socket) {
    sockets.push(socket);
    socket.handler = { onData: (octets) => socket.write(octets), onEnd: ignore, onDrain: ignore, onClose: ignore };
  },
});
console.log(`port ${address.port}`);
process.stdin.on("data", () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  console.log("free");
});
