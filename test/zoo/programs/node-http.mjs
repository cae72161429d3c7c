/** Node's own server, as it comes. `node node-http.mjs PORT` */
import { createServer } from "node:http";

createServer((_request, response) => response.end("hello\n")).listen(Number(process.argv[2]), "127.0.0.1");
