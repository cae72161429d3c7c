/** How every peer on node:http listens: idle connections are kept, so that all are measured on kept ones. */
export function listenAsAll(server, port) {
  server.keepAliveTimeout = 3_600_000;
  server.requestTimeout = 0;
  server.listen(port, "127.0.0.1", 4096);
}
