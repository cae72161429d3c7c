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
