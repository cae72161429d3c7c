import { describe, expect, it } from "vitest";
import { parseProcLimits } from "../net/descriptors.ts";
import { nearest } from "./nearest.ts";
import { formatDuration, formatSize, readListenAddress, readListenHost, readOrigin, shown } from "./values.ts";

describe("spellings", () => {
  it.each([
    [0, "0s"],
    [500, "500ms"],
    [5_000, "5s"],
    [60_000, "60s"],
    [75_000, "75s"],
    [120_000, "2m"],
    [3_600_000, "1h"],
    [1_234, "1.234s"],
  ])("%i ms is written %s", (ms, expected) => expect(formatDuration(ms)).toBe(expected));

  it.each([
    [65_536, "64k"],
    [1_048_576, "1m"],
    [1_000, "1000"],
  ])("%i octets are written %s", (bytes, expected) => expect(formatSize(bytes)).toBe(expected));
});

describe("origins", () => {
  it.each(["http://127.0.0.1:3000", "https://example.com", "http://[::1]:80", "unix:/run/app.sock"])("%s", (url) => {
    expect(readOrigin(url)).toBe(url);
  });

  it.each([
    ["127.0.0.1", "write http://127.0.0.1"],
    ["3000", "write http://127.0.0.1:3000"],
    [":3000", "write http://127.0.0.1:3000"],
    ["99999", "write http://0.1.134.159"],
    ["127.1", "write http://127.0.0.1"],
    ["127.1:3000", "write http://127.0.0.1:3000"],
    ["0x7f.1:3000", "write http://127.0.0.1:3000"],
    ["localhost:3000", "write http://localhost:3000"],
    ["[::1]:80", "write http://[::1]:80"],
    ["http://a/path", "write http://a"],
    ["", "write http://HOST:PORT"],
    ["unix:app.sock", "write unix:/absolute/path"],
  ])("%j is refused: %s", (url, what) => expect(() => readOrigin(url)).toThrow(what));
});

describe("an address to listen on that only looks like one", () => {
  it.each([
    ["127.1:8080", "write 127.0.0.1"],
    ["3000:8080", "write 0.0.11.184"],
    ["0x7f.1:8080", "write 127.0.0.1"],
    ["0177.0.0.1:8080", "write 127.0.0.1"],
    ["127.0.0.1.:8080", "write 127.0.0.1"],
    ["1.2.3.4.5:8080", "write PORT or HOST:PORT"],
    ["256.0.0.1:8080", "write PORT or HOST:PORT"],
  ])("%s is refused: %s", (address, what) => {
    expect(() => readListenAddress(address)).toThrow(what);
    expect(() => readListenHost(address.replace(/:8080$/, ""))).toThrow(what);
  });

  it.each([
    "127.0.0.1:8080",
    "localhost:8080",
    "[::1]:8080",
    "web1:8080",
    "1.example:8080",
    "8080",
  ])("%s is one", (address) => expect(readListenAddress(address).port).toBe(8080));
});

describe("a word that nobody knows", () => {
  const words = ["listen", "headTimeout", "bodyTimeout", "to"];
  it.each([
    ["lisen", "listen"],
    ["lsiten", "listen"],
    ["headtimeout", "headTimeout"],
    ["wholly-different", undefined],
  ])("%s: did you mean %s?", (wrong, expected) => expect(nearest(wrong, words)).toBe(expected));
});

describe("file descriptors", () => {
  it("are limited as the system says", () => {
    const line = "Max open files            1024                 4096                 files\n";
    expect(parseProcLimits(`Limit  Soft Limit\nMax processes 5 6 processes\n${line}`)).toBe(1_024);
    expect(parseProcLimits("nothing of the kind")).toBeUndefined();
  });
});

describe("a value in a message", () => {
  it("cannot break the line, speak to the terminal, or fill the screen", () => {
    expect(shown("a\n\u001b[31mb\u009b")).toBe("a??[31mb?");
    expect(shown("x".repeat(500))).toHaveLength(80);
  });
});
