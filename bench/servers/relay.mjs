/**
 * The floor of the runtime: octets from socket to socket, without HTTP. One origin connection for each client's.
 *
 * It reads into one shared buffer and writes small pieces as text, which is the cheapest way that Node offers.
 * `node relay.mjs ORIGIN_PORT PORT`
 */
import { createServer, Socket } from "node:net";

const [origin, port] = process.argv.slice(2).map(Number);
const shared = Buffer.allocUnsafeSlow(64 * 1024);
const TEXT_BYTES_MAX = 16 * 1024;

/** Reads of a socket go to its `other`. */
const reading = {
  buffer: shared,
  callback(length) {
    const { other } = this;
    if (length <= TEXT_BYTES_MAX) other.write(shared.latin1Slice(0, length), "latin1");
    else if (!other.write(Buffer.from(shared.subarray(0, length)))) this.pause();
    return true;
  },
};

function couple(one, other) {
  one.other = other;
  one.on("end", () => other.end());
  one.on("drain", () => other.resume());
  one.on("error", () => other.destroy());
  one.on("close", () => other.destroy());
}

createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
  const handle = accepted._handle;
  accepted._handle = null;
  const client = new Socket({ handle, onread: reading });
  const upstream = new Socket({ onread: reading });
  couple(client, upstream);
  couple(upstream, client);
  upstream.connect(origin, "127.0.0.1", () => client.resume()).setNoDelay(true);
}).listen(port, "127.0.0.1", 4096);
