/**
 * An endpoint that says what reaches it, as a process that can be killed and stopped: `node origin.mjs PORT [HOLD_MS]`.
 *
 * Each line leaves before anything else happens, so that it is known though the process is killed right behind it. `HOLD_MS`: the first
 * request is answered so much later, and what else comes until then waits, too.
 */
import { writeSync } from "node:fs";
import { createServer } from "node:http";

const [port = "0", hold = "0"] = process.argv.slice(2);
const say = (...words) => writeSync(1, `${words.join(" ")}\n`);
let opens = Number(hold) === 0 ? Promise.resolve() : undefined;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url === "/healthz") {
    response.end("well\n");
    return say("checked");
  }
  const name = `${request.method} ${request.url}`;
  say("got", name);
  opens ??= new Promise((resolve) => setTimeout(resolve, Number(hold)));
  request.resume().on("end", () => {
    // As any work would: so that some are under way whenever it is killed.
    opens
      .then(() => new Promise((resolve) => setTimeout(resolve, 5)))
      .then(() => {
        say("answered", name);
        response.end(`${"x".repeat(1_000)}\n`);
      });
  });
});
server.listen(Number(port), "127.0.0.1", () => say("listens", server.address().port));
process.on("disconnect", () => process.exit());
