/** What is shown of a request that could not be read. */
import { describe, expect, it } from "vitest";
import { readableAnswer, readableStart } from "./readable.ts";

describe("the beginning of what was received", () => {
  it.each([
    ["a TLS handshake", "\x16\x03\x01\x02\x00\x01", "\\x16\\x03\\x01\\x02\\x00\\x01"],
    ["a banner", "SSH-2.0-OpenSSH_9.6\r\n", "SSH-2.0-OpenSSH_9.6"],
    ["a terminal's escapes", "\x1b[31m\x9b\x7f\xff\\x41\r\n", "\\x1b[31m\\x9b\\x7f\\xff\\x5cx41"],
    ["a long line", `${"x".repeat(100)}\r\n`, `${"x".repeat(48)}...`],
    ["long escapes", `${"\0".repeat(100)}\r\n`, `${"\\x00".repeat(48)}...`],
    ["fields behind it are not shown", "GARBAGE\nAuthorization: Basic c2VjcmV0\r\n", "GARBAGE"],
    ["a field", "Authorization: Bearer c2VjcmV0\r\n", "Authorization:..."],
    ["a field without a space", "cookie:session=c2VjcmV0\r\n", "cookie:..."],
    ["a form", "user=a&password=c2VjcmV0\r\n", "user=..."],
    ["JSON", '{"password":"c2VjcmV0"}\r\n', "{..."],
    ["JSON of a list", '["c2VjcmV0"]\r\n', "[..."],
    ["text in quotes", '"c2VjcmV0"\r\n', '"...'],
    ["XML", "<password>c2VjcmV0</password>\r\n", "<..."],
    ["a field whose name is long", `${"x".repeat(100)}: c2VjcmV0\r\n`, `${"x".repeat(48)}...`],
    ["a request-line with a URL is none of these", "GET http://a/?b=c d\r\n", "GET http://a/?b=c d"],
    ["nothing", "", ""],
    ["half a line", "GET http://user:sec", "GET"],
    ["half a line that begins with a URL", "http://user:sec", "http"],
    ["a TLS record, whatever its random bytes", "\x16\x03\x01\x02a@b:c\xff@d\r\n", "\\x16\\x03\\x01\\x02a@b:c\\xff@d"],
    ["a password", "GET  http://user:secret@host/ HTTP/1.1\r\n", "GET  http://***@host/ HTTP/1.1"],
    ["a password that a tab separates", "GET\thttp://user:secret@host/\r\n", "***@host/"],
    ["more words than are shown", `${"a@b ".repeat(10_000)}\r\n`, `${"***@b ".repeat(8)}...`],
    ["words with nothing between them", `GET${" ".repeat(10_000)}/\r\n`, `GET${" ".repeat(45)}...`],
    ["white space at the end", "GET / \r\n", "GET / "],
    ["a long password", `GET http://user:${"s".repeat(100)}@host/\r\n`, "GET http://***@host/"],
  ])("%s", (_name, received, shown) => expect(readableStart(received)).toBe(shown));
});

it("an answer that could not be read is shown whatever it is, but for passwords", () => {
  expect(readableAnswer("<html>no\r\n")).toBe("<html>no");
  expect(readableAnswer("see http://a:secret@b/\r\n")).toBe("see http://***@b/");
  expect(readableAnswer("220 mail ready\r\n")).toBe("220 mail ready");
});
