import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { clipped, styled, Terminal, type TerminalOptions } from "./terminal.ts";

function screen(options: TerminalOptions = {}, isTTY = false, hasColors = isTTY) {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 20, hasColors: () => hasColors });
  const [stdout, stderr] = [stream(), stream()];
  const told = (from: PassThrough) => String(from.read() ?? "");
  return { terminal: new Terminal(options, stdout, stderr), out: () => told(stdout), err: () => told(stderr) };
}

describe("a terminal", () => {
  it("gets results on the standard output and everything else on the standard error", () => {
    const { terminal, out, err } = screen();
    terminal.print("result");
    terminal.say("news");
    terminal.warn("warning");
    expect([out(), err()]).toEqual(["result\n", "news\nwarning\n"]);
  });

  it("that is quiet hears warnings only", () => {
    const { terminal, err } = screen({ isQuiet: true }, true);
    terminal.say("news");
    terminal.setLive("live");
    terminal.warn("warning");
    terminal.alert("alert");
    expect(err()).toBe("warning\nalert\n");
  });

  it("gets machine lines only where they are wanted", () => {
    const machine = screen({ isJson: true });
    machine.terminal.json({ type: "news" });
    machine.terminal.say("news");
    machine.terminal.alert("alert");
    expect([machine.out(), machine.err()]).toEqual(['{"type":"news"}\n', ""]);
    const human = screen();
    human.terminal.json({ type: "news" });
    expect(human.out()).toBe("");
  });

  it("sees colours only if it has them", () => {
    const text = styled("red", "warning");
    const plain = screen({}, true, false);
    plain.terminal.warn(text);
    expect(plain.err()).toBe("warning\n");
    const colourful = screen({}, true, true);
    colourful.terminal.warn(text);
    expect(colourful.err()).toBe("\u001b[31mwarning\u001b[39m\n");
  });

  it.each([
    ["a title", "\u001b]0;owned\u0007", "\\u001b]0;owned\\u0007"],
    ["the cursor", "a\u001b[2Jb", "a\\u001b[2Jb"],
    ["the cursor, in one character", "a\u009b2Jb", "a\\u009b2Jb"],
    ["the line", "a\rb\bc", "a\\u000db\\u0008c"],
    ["DEL", "\u007f", "\\u007f"],
    ["the direction of reading", "\u202etxt", "\\u202etxt"],
    ["a sequence that is cut", "\u001b", "\\u001b"],
  ])("is not made to change %s by what it is told", (_name, text, shown) => {
    for (const hasColors of [true, false]) {
      const { terminal, out, err } = screen({}, true, hasColors);
      terminal.print(text);
      terminal.warn(text);
      terminal.alert(text);
      terminal.say(text);
      expect([out(), err()]).toEqual([`${shown}\n`, `${shown}\n`.repeat(3)]);
      terminal.setLive(text);
      expect(err()).toBe(`${shown}\n`);
    }
    const machine = screen({ isJson: true });
    machine.terminal.json({ text });
    const line = machine.out();
    expect(line).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(line)).toEqual({ text });
  });

  it("keeps live lines below what is said, and none where lines cannot be rewritten", () => {
    const { terminal, err } = screen({}, true);
    terminal.setLive("one", "two");
    expect(err()).toBe("one\ntwo\n");
    terminal.say("news");
    expect(err()).toBe("\r\u001b[1A\u001b[1A\u001b[Jnews\none\ntwo\n");
    terminal.setLive();
    expect(err()).toBe("\r\u001b[1A\u001b[1A\u001b[J");
    const file = screen();
    file.terminal.setLive("one");
    expect(file.err()).toBe("");
  });
});

describe("a line that is too wide", () => {
  it("is cut by what is seen of it", () => {
    expect(clipped("abcdef", 6)).toBe("abcdef");
    expect(clipped("abcdefg", 6)).toBe("abcde…");
    expect(clipped(`${styled("red", "abc")}defg`, 6)).toBe(`${styled("red", "abc")}de…`);
  });
});
