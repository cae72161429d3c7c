/** curl logs in with NTLM, through the gateway and through the forward proxy, at an origin that takes whole connections for users. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { curl } from "./support/curl.ts";
import { type Hopwise, startHopwise } from "./support/hopwise.ts";
import { has, needing } from "./support/programs.ts";

/** The second message of a handshake (MS-NLMP section 2.2.1.2): any challenge, and no names. */
const CHALLENGE = Buffer.alloc(52);
CHALLENGE.write("NTLMSSP\0", "latin1");
CHALLENGE.writeUInt32LE(2, 8);
CHALLENGE.writeUInt32LE(48, 16);
// Unicode, NTLM, extended session security, and a list of target information, which is empty.
CHALLENGE.writeUInt32LE(0x00888205, 20);
CHALLENGE.writeUInt16LE(4, 40);
CHALLENGE.writeUInt16LE(4, 42);
CHALLENGE.writeUInt32LE(48, 44);

/** The user's name in the third message (section 2.2.1.3). Every password is right. */
function userOf(message: Buffer): string {
  const end = message.readUInt32LE(40) + message.readUInt16LE(36);
  return message.toString("utf16le", message.readUInt32LE(40), end);
}

type Login = "asked" | { readonly user: string };

async function startOrigin(): Promise<Server> {
  const logins = new WeakMap<Socket, Login>();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const [, token] = /^NTLM (.*)$/.exec(request.headers.authorization ?? "") ?? [];
    const message = Buffer.from(token ?? "", "base64");
    const type = message.length < 12 ? 0 : message.readUInt32LE(8);
    const login = logins.get(request.socket);
    if (type === 1) logins.set(request.socket, "asked");
    else if (type === 3 && login === "asked") logins.set(request.socket, { user: userOf(message) });
    const now = logins.get(request.socket);
    if (typeof now === "object") {
      response.end(`${now.user}: ${request.method} ${body.length}\n`);
    } else {
      const challenge = type === 1 ? `NTLM ${CHALLENGE.toString("base64")}` : "NTLM";
      response.writeHead(401, { "WWW-Authenticate": challenge }).end();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

for (const kind of ["proxy", "forward"] as const) {
  describe.skipIf(!has("curl"))(`NTLM through hopwise ${kind}${needing("curl")}`, () => {
    let origin: Server;
    let hopwise: Hopwise;
    let args: (user: string) => string[];
    let url: string;

    beforeAll(async () => {
      origin = await startOrigin();
      const to = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
      hopwise = await startHopwise(kind === "proxy" ? ["--to", to] : ["--allow-private"], kind);
      url = `${kind === "proxy" ? hopwise.url : to}/`;
      const through = kind === "proxy" ? [] : ["--noproxy", "", "--proxy", hopwise.url];
      args = (user) => [...through, ...(user === "" ? [] : ["--ntlm", "--user", `${user}:secret`])];
    });

    afterAll(async () => {
      await hopwise?.stop();
      origin?.close();
      origin?.closeAllConnections();
    });

    it("a user logs in once, and is served on that connection", async () => {
      const { stdout, transfers } = await curl([...args("alice"), url, url, url]);
      expect(stdout.toString()).toBe("alice: GET 0\n".repeat(3));
      expect(transfers.map((it) => it.num_connects)).toEqual([1, 0, 0]);
    });

    it("bodies come behind the login, also large ones", async () => {
      const { stdout } = await curl([...args("alice"), "--data-binary", "@-", url], Buffer.alloc(3_000_000));
      expect(stdout.toString()).toBe("alice: POST 3000000\n");
    });

    it("many users and strangers at the same time are told apart", async () => {
      const users = Array.from({ length: 8 }, (_, index) => (index % 3 === 0 ? "" : `user${index}`));
      const results = await Promise.all(users.map((user) => curl([...args(user), url, url])));
      const answers = results.map(({ stdout }) => stdout.toString());
      expect(answers).toEqual(users.map((user) => (user === "" ? "" : `${user}: GET 0\n`.repeat(2))));
      for (const [index, { transfers }] of results.entries()) {
        const expected = users[index] === "" ? 401 : 200;
        expect(transfers.map((it) => it.response_code)).toEqual([expected, expected]);
      }
    });
  });
}
