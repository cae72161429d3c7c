/** Request-targets and Host (RFC 9112 section 3.2): which form it is, and for whom the request is. */
import { describe, expect } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { isAuthority } from "./authority.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import type { RefusalCode } from "./refusals.ts";
import { RequestHead } from "./request-head.ts";
import { type Target, targetOf } from "./target.ts";

function targetFrom(requestLine: string, hosts: readonly string[]): Target | RefusalCode {
  const head = new RequestHead(defaultHeadLimits);
  head.read(octets(`${requestLine}\r\n${hosts.map((host) => `Host: ${host}\r\n`).join("")}\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  return targetOf(head);
}

interface Row {
  readonly name: string;
  readonly line: string;
  /** Values of `Host` fields; unset: one, `h.test`. */
  readonly hosts?: readonly string[];
  readonly gives: Target | RefusalCode;
}

const origin = (path: string, authority = "h.test"): Target => ({ form: "origin", path, scheme: "", authority });
const absolute = (path: string, authority = "a.test", scheme = "http"): Target => ({
  form: "absolute",
  path,
  scheme,
  authority,
});

const forms: Row[] = [
  { name: "origin-form", line: "GET /a?b HTTP/1.1", gives: origin("/a?b") },
  {
    name: "origin-form with two slashes is a path, no authority",
    line: "GET //evil/x HTTP/1.1",
    gives: origin("//evil/x"),
  },
  { name: "origin-form with a URL in its query", line: "GET /?http://b/ HTTP/1.1", gives: origin("/?http://b/") },
  { name: "absolute-form decides over Host", line: "GET http://a.test/p HTTP/1.1", gives: absolute("/p") },
  { name: "absolute-form without a path", line: "GET http://a.test HTTP/1.1", gives: absolute("/") },
  { name: "absolute-form with only a query", line: "GET http://a.test?q HTTP/1.1", gives: absolute("/?q") },
  { name: "absolute-form with a port", line: "GET http://a.test:81/ HTTP/1.1", gives: absolute("/", "a.test:81") },
  {
    name: "absolute-form with an IPv6 address",
    line: "GET http://[::1]:81/ HTTP/1.1",
    gives: absolute("/", "[::1]:81"),
  },
  {
    name: "absolute-form, its scheme in capitals",
    line: "GET HTTPS://a.test/ HTTP/1.1",
    gives: absolute("/", "a.test", "https"),
  },
  {
    name: "absolute-form of another scheme",
    line: "GET ftp://a.test/x HTTP/1.1",
    gives: absolute("/x", "a.test", "ftp"),
  },
  {
    name: "OPTIONS of a whole server through a proxy (RFC 9112 section 3.2.4)",
    line: "OPTIONS http://a.test:81 HTTP/1.1",
    gives: absolute("*", "a.test:81"),
  },
  { name: "OPTIONS of a path through a proxy", line: "OPTIONS http://a.test/ HTTP/1.1", gives: absolute("/") },
  {
    name: "asterisk-form",
    line: "OPTIONS * HTTP/1.1",
    gives: { form: "asterisk", path: "*", scheme: "", authority: "h.test" },
  },
  {
    name: "authority-form",
    line: "CONNECT a.test:443 HTTP/1.1",
    gives: { form: "authority", path: "a.test:443", scheme: "", authority: "a.test:443" },
  },
  {
    name: "authority-form with an IPv6 address",
    line: "CONNECT [::1]:443 HTTP/1.1",
    gives: { form: "authority", path: "[::1]:443", scheme: "", authority: "[::1]:443" },
  },

  // Forms that do not fit the method.
  { name: "asterisk for GET", line: "GET * HTTP/1.1", gives: "target-form-mismatch" },
  { name: "authority for GET", line: "GET a.test:80 HTTP/1.1", gives: "target-form-mismatch" },
  { name: "a path without its slash", line: "GET a/b HTTP/1.1", gives: "target-form-mismatch" },
  { name: "a query alone", line: "GET ?a HTTP/1.1", gives: "target-form-mismatch" },
  { name: "a URL without an authority", line: "GET mailto:a HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT to a path", line: "CONNECT / HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT to a URL", line: "CONNECT http://a.test:80/ HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT without a port", line: "CONNECT a.test HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT with an empty port", line: "CONNECT a.test: HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT to port 0", line: "CONNECT a.test:0 HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT to port 65536", line: "CONNECT a.test:65536 HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT without a host", line: "CONNECT :443 HTTP/1.1", gives: "target-form-mismatch" },
  { name: "CONNECT with user information", line: "CONNECT u@a.test:443 HTTP/1.1", gives: "target-form-mismatch" },

  // Authorities in targets.
  { name: "user information in the target", line: "GET http://u:p@a.test/ HTTP/1.1", gives: "userinfo-not-allowed" },
  { name: "an empty authority", line: "GET http:///p HTTP/1.1", gives: "host-invalid" },
  { name: "an authority of a port alone", line: "GET http://:80/ HTTP/1.1", gives: "host-invalid" },
  { name: "a backslash in the authority", line: "GET http://a\\b/ HTTP/1.1", gives: "host-invalid" },
  { name: "a port that is no number", line: "GET http://a:b/ HTTP/1.1", gives: "host-invalid" },
];

describe("forms of targets", () => {
  table(forms, ({ line, hosts, gives }) => expect(targetFrom(line, hosts ?? ["h.test"])).toStrictEqual(gives));
});

const hosts: Row[] = [
  { name: "none in HTTP/1.1", line: "GET / HTTP/1.1", hosts: [], gives: "host-missing" },
  { name: "none in HTTP/1.0", line: "GET / HTTP/1.0", hosts: [], gives: origin("/", "") },
  { name: "none beside an absolute target", line: "GET http://a.test/ HTTP/1.1", hosts: [], gives: "host-missing" },
  { name: "an empty one", line: "GET / HTTP/1.1", hosts: [""], gives: origin("/", "") },
  { name: "two equal ones", line: "GET / HTTP/1.1", hosts: ["a", "a"], gives: "host-repeated" },
  { name: "two in HTTP/1.0", line: "GET / HTTP/1.0", hosts: ["a", "b"], gives: "host-repeated" },
  { name: "an invalid one", line: "GET / HTTP/1.1", hosts: ["a b"], gives: "host-invalid" },
  {
    name: "an invalid one beside an absolute target",
    line: "GET http://a.test/ HTTP/1.1",
    hosts: ["a/b"],
    gives: "host-invalid",
  },
  { name: "an invalid one in HTTP/1.0", line: "GET / HTTP/1.0", hosts: ["@"], gives: "host-invalid" },
];

describe("Host", () => {
  table(hosts, ({ line, hosts: values, gives }) => expect(targetFrom(line, values ?? [])).toStrictEqual(gives));
});

describe("authorities", () => {
  const valid = [
    "",
    "a",
    "A.b-c_d~e",
    "a:80",
    "a:",
    "127.0.0.1:8080",
    "[::1]",
    "[::ffff:1.2.3.4]:80",
    "%41.test",
    "a!$&'()*+,;=",
    "a:65535",
    "[::]",
    "[1:2:3:4:5:6:7:8]",
    "[1:2:3:4:5:6:7::]",
    "[1::3:4:5:6:1.2.3.4]",
    "[v1.a]",
    "[VF.a:b]:80",
    "[v0a.!$&'()*+,;=-._~:]",
  ];
  const invalid = [
    ":80",
    ":",
    "a:65536",
    "[12]",
    "[:]",
    "[::::]",
    "[1::2::3]",
    "[1:2:3:4:5:6:7]",
    "[1:2:3:4:5:6:7:8:9]",
    "[1:2:3:4:5:6:7:8::]",
    "[12345::]",
    "[1.2.3.4::]",
    "[::1.2.3.256]",
    "[::1.2.3]",
    "a b",
    "a:80:80",
    "a:x",
    "a:123456",
    "u@a",
    "a/b",
    "a?b",
    "a#b",
    "a\\b",
    "[::1",
    "::1",
    "[::1]x",
    "[a]b]",
    "%4",
    "%zz",
    "a\xe9",
    "[]",
    '"a"',
    "<a>",
    "[v1]",
    "[v1.]",
    "[v.a]",
    "[vg.a]",
    "[v1.a",
    "[v1.a]x",
    "[v1.a]:65536",
    "[v1.%41]",
    "[v1.[a]",
    "[1.a]",
  ];
  table(
    valid.map((text) => ({ name: `valid: "${text}"`, text })),
    ({ text }) => expect(isAuthority(text)).toBe(true),
  );
  table(
    invalid.map((text) => ({ name: `invalid: "${text}"`, text })),
    ({ text }) => expect(isAuthority(text)).toBe(false),
  );
});
