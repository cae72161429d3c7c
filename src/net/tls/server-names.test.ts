import { expect, it } from "vitest";
import { ServerNames } from "./server-names.ts";

const certificates = new ServerNames([
  { names: ["first.test", "127.0.0.1"] },
  { names: ["*.site.test", "site.test"] },
  { names: ["www.site.test"] },
  { names: ["*.a.site.test"] },
]);

it.each([
  ["first.test", "first.test"],
  ["site.test", "*.site.test"],
  ["b.site.test", "*.site.test"],
  ["www.site.test", "www.site.test"],
  ["www.site.test.", "www.site.test"],
  ["c.a.site.test", "*.a.site.test"],
  ["a.site.test", "*.site.test"],
  // A wildcard is for one level, and for a whole label.
  ["d.c.b.site.test", "first.test"],
  ["xsite.test", "first.test"],
  [".site.test", "first.test"],
  ["*.site.test", "*.site.test"],
  ["unknown.test", "first.test"],
  ["test", "first.test"],
  ["", "first.test"],
  [undefined, "first.test"],
])("a client that asks for %j is shown the certificate of %s", (serverName, name) => {
  expect(certificates.choose(serverName).names[0]).toBe(name);
});
