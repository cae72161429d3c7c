/** Which fields go on is said in one place for routes and limits, and done in another: both say the same of every field that is known. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { SmallWorld } from "../../test/kit/small-world.ts";
import { kindOf, recognisedNames } from "../wire/fields.ts";
import { goesOn } from "./forwarded-fields.ts";

/** They decide whether there is such a message at all, or are said anew. */
const DECIDING: ReadonlySet<string> = new Set([
  ...[
    "host",
    "connection",
    "transfer-encoding",
    "content-length",
    "expect",
    "max-forwards",
    "te",
    "upgrade",
    "trailer",
  ],
]);
const OTHERS = ["x-team", "x_real_ip", "x-forwarded-anything", "proxy_authorization", "content_length", "x-real-ip"];
const NAMES = [...recognisedNames.filter((name) => !DECIDING.has(name)), ...OTHERS];

const kindOfName = (name: string) => kindOf(octets(name), 0, name.length, /[^a-z0-9-]/.test(name));

describe.each([
  ["a stranger", false],
  ["a trusted neighbour", true],
])("of %s", (_who, isTrusted) => {
  it.each([
    ["not nominated", false],
    ["nominated", true],
  ])("%s", (_how, isNominated) => {
    const world = new SmallWorld({ isTrusted: () => isTrusted }, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const went = NAMES.map((name) => {
      const client = world.connect();
      world.asked = "";
      const options = isNominated ? `Connection: ${name}\r\n` : "";
      client.socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${options}${name}: 1.1 marker\r\n\r\n`);
      world.pass(100);
      return [name, world.asked.includes("marker")];
    });
    const nominated = new Set(isNominated ? NAMES : []);
    expect(went).toStrictEqual(NAMES.map((name) => [name, goesOn(kindOfName(name), name, nominated, isTrusted)]));
  });
});
