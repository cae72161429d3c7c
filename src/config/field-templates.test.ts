/** Variables in values of fields: what is one, what is text, and what to write instead of those of other programs. */
import { expect, it } from "vitest";
import { told } from "../exchange/variables.ts";
import { HopwiseError } from "./error.ts";
import { readTemplate } from "./field-templates.ts";

const request = { variable: (name: string) => (name === "user" ? "" : `<${name}>`) };

function saying(value: string): string | undefined {
  const template = readTemplate(value);
  return template === undefined ? value : told(template, request);
}

it.each([
  ["{client}", "<client>"],
  ["for={client};proto={scheme}", "for=<client>;proto=<scheme>"],
  ["{scheme}://{host}{uri}", "<scheme>://<host><uri>"],
  ["{method} {{method}}", "<method> {method}"],
  ["{{client}}", "{client}"],
])("%s says %s", (value, expected) => expect(saying(value)).toBe(expected));

it("a value with an empty variable is none", () => {
  expect([saying("{user}"), saying("user={user}")]).toStrictEqual([undefined, undefined]);
});

it.each([
  '{"group":"csp","max_age":1}',
  "{ client }",
  "{}",
  "$5",
  "$100 off",
  "100%",
  "{a b}",

  "max-age=1",
])("%s is text", (value) => expect(readTemplate(value)).toBeUndefined());

it.each([
  ["{clinet}", '"{clinet}" is not known here; did you mean {client}? (for these letters themselves write {{clinet}})'],
  [
    "{nonce}",
    '"{nonce}" is not known here; there are: {client} {scheme} {host} {uri} {method} {user} (for these letters themselves write {{nonce}})',
  ],
  [
    "{remote_host}",
    '"{remote_host}" is not known here; did you mean {client}? (for these letters themselves write {{remote_host}})',
  ],
  [
    "{http.request.host}",
    '"{http.request.host}" is not known here; did you mean {host}? (for these letters themselves write {{http.request.host}})',
  ],
  ["$remote_addr", '"$remote_addr" is another program\'s variable: write {client}'],
  ["https://$host$request_uri", '"$host" is another program\'s variable: write {host}'],
  ["%[src]", '"%[src]" is another program\'s variable: write {client}'],
  ["%{REMOTE_ADDR}s", '"%{REMOTE_ADDR}" is another program\'s variable: write {client}'],
  [
    "$proxy_add_x_forwarded_for",
    '"$proxy_add_x_forwarded_for" is another program\'s variable: X-Forwarded-For, -Proto and -Host are sent anyway, so leave it out',
  ],
])("%s is refused", (value, problem) => {
  try {
    readTemplate(value);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(HopwiseError);
    expect((error as HopwiseError).problem).toBe(problem);
  }
});
