/** hopwise's handler in a server of node:http. `node handler.mjs ORIGIN_PORT PORT` */
import { createServer } from "node:http";
import { createHandler } from "../../dist/index.js";
import { listenAsAll } from "./listen.mjs";

const [origin, port] = process.argv.slice(2).map(Number);
listenAsAll(createServer(createHandler({ to: `http://127.0.0.1:${origin}` })), port);
