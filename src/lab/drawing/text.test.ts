/** Text that came from the wire is harmless, and broken where it is read best. */
import { expect, it } from "vitest";
import { octetLines } from "./octets.ts";
import { duration, escaped, fitted, widthOf, wrapped } from "./text.ts";

it("markup becomes text", () => {
  expect(escaped(`</script><img src=x onerror="a('b')">&`)).not.toMatch(/[<>"']/);
});

it("controls become their pictures, and nothing turns the reading direction", () => {
  expect(escaped("a\r\n\0\x1b[31m\x7f\u202e\ud800b")).toBe("a␍␊␀␛[31m␡\ufffd\ufffdb");
});

it("Korean is broken between words", () => {
  const text = "서버가 연결을 닫기만 기다릴 뿐 클라이언트가 보낸 것은 읽지 않습니다";
  const lines = wrapped(text, 12, 138);
  expect(lines.join(" ")).toBe(text);
  for (const line of lines) expect(widthOf(line, 12)).toBeLessThanOrEqual(138);
});

it("only what fits no line is cut", () => {
  expect(wrapped("a supercalifragilisticexpialidocious b", 12, 100)).toHaveLength(3);
  expect(fitted("short", 12, 100)).toBe("short");
  expect(fitted("a title that is too long", 12, 60, true)).toMatch(/^a title.*…$/);
});

it("durations are short, and exact enough", () => {
  expect([0, 0.34, 9.96, 40.2, 999.4, 999.6, 5042, 75_000].map(duration)).toStrictEqual([
    "0 ms",
    "0.3 ms",
    "10 ms",
    "40 ms",
    "999 ms",
    "1 s",
    "5.04 s",
    "75 s",
  ]);
});

it("octets are lines, each with its end, and those the step is about are emphasised", () => {
  expect(
    octetLines("GET / HTTP/1.0\r\nCONNECTION: Keep-Alive\r\n\r\nbo\ndy", ["Connection: keep-alive"]),
  ).toStrictEqual([
    { text: "GET / HTTP/1.0", end: "CRLF", isEmphasised: false },
    { text: "CONNECTION: Keep-Alive", end: "CRLF", isEmphasised: true },
    { text: "", end: "CRLF", isEmphasised: false },
    { text: "bo", end: "LF", isEmphasised: false },
    { text: "dy", end: "", isEmphasised: false },
  ]);
});
