/** What the programs share: listening, requests on bare sockets, and a line for each thing that holds. */
import { once } from "node:events";
import { request } from "node:http";

export async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

/** Says that something holds, once it does. */
export async function check(what, does) {
  await does();
  console.log(what);
}

/** One request on a connection of its own. @returns status, fields, and the body as text */
export async function ask(url, options = {}, body = undefined) {
  const asking = request(url, { agent: false, ...options });
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) asking.end(body);
  else body.pipe(asking);
  const [response] = await once(asking, "response");
  response.setEncoding("utf8");
  let text = "";
  for await (const piece of response) text += piece;
  return { status: response.statusCode, fields: response.headers, text };
}

/** Ends the program, whatever is still open. */
export function done() {
  process.exit(0);
}
