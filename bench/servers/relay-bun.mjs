/**
 * The floor of Bun: octets from socket to socket on Bun's own sockets, without HTTP. One origin connection for each client's.
 *
 * What the system does not take at once waits in line, and its sender is paused. `bun relay-bun.mjs ORIGIN_PORT PORT`
 */
const [origin, port] = process.argv.slice(2).map(Number);

/** `data` of a socket: its other end, and what waits to be written to this one. */
const events = {
  binaryType: "buffer",
  data: ({ data: { other } }, octets) => {
    other.data.waiting.push(octets);
    flush(other);
  },
  drain: flush,
  close: ({ data }) => data.other?.end(),
  end: ({ data }) => data.other?.end(),
  error: ({ data }) => data.other?.terminate(),
};

function flush(socket) {
  const { waiting, other } = socket.data;
  while (waiting.length > 0) {
    const [first] = waiting;
    const taken = socket.write(first);
    if (taken < first.length) {
      if (taken > 0) waiting[0] = first.subarray(taken);
      return other.pause();
    }
    waiting.shift();
  }
  other.resume();
}

Bun.listen({
  hostname: "127.0.0.1",
  port,
  socket: {
    ...events,
    open(client) {
      client.data = { waiting: [] };
      client.pause();
      Bun.connect({
        hostname: "127.0.0.1",
        port: origin,
        data: { other: client, waiting: [] },
        socket: {
          ...events,
          open(upstream) {
            client.data.other = upstream;
            client.resume();
          },
        },
      }).catch(() => client.terminate());
    },
  },
});
