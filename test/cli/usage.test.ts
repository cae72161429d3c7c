/** What the command line says to those who use it for the first time, or wrongly. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { forwardOptionNames, forwardSchema } from "../../src/config/forward-options.ts";
import { flagOf, optionNames, optionText } from "../../src/config/schema.ts";
import { origin, run } from "./running.ts";

const to = "http://127.0.0.1:9";

const COMMANDS = ["proxy", "forward", "run", "check", "route", "demo", "top", "lab", "doctor"];

describe("help", () => {
  it("of hopwise tells the commands that there are", async () => {
    const { code, out, err } = await run("--help");
    expect([code, err]).toEqual([0, ""]);
    expect([...out.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, command]) => command)).toEqual(COMMANDS);
  });

  // Longer lines are broken by the terminal, in the middle of words.
  it.each(["", ...COMMANDS])("of %j fits on 80 columns", async (command) => {
    const { code, out } = await run(...(command === "" ? [] : [command]), "--help");
    const wide = out.split("\n").filter((line) => line.length > 80);
    expect([code, wide]).toStrictEqual([0, []]);
  });

  it("of the proxy tells every option, its default, and three examples", async () => {
    const { code, out } = await run("proxy", "--help");
    expect(code).toBe(0);
    for (const name of optionNames) {
      if (!optionText(name).isLibraryOnly) expect(out).toContain(`  ${flagOf(name)}`);
    }
    expect(out).toMatch(/--no-admin/);
    expect(out).toMatch(/--keep-alive-timeout[^-]*\(default: 75s\)/);
    expect(out.match(/^ {2}\$ hopwise proxy/gm)).toHaveLength(3);
    expect(out).not.toContain("\u001b");
  });

  it("of the forward proxy tells every option and its default, and how programs are told to use it", async () => {
    const { code, out } = await run("forward", "--help");
    expect(code).toBe(0);
    for (const name of forwardOptionNames) {
      if (!optionText(name, forwardSchema).isLibraryOnly) expect(out).toContain(`  ${flagOf(name)}`);
    }
    for (const flag of ["--to", "--trusted", "--forwarded"]) expect(out).not.toContain(`  ${flag} `);
    // Wherever the line is broken.
    const told = out.replace(/\s+/g, " ");
    for (const default_ of ["127.0.0.1:3128", "443,8443", "75s"]) expect(told).toContain(`(default: ${default_})`);
    for (const use of ["curl -x ", "https_proxy=", "--proxy-server=", "--hash-password"]) expect(out).toContain(use);
  });

  it.each([
    ["lab"],
    ["lab", "dumb-proxy"],
    ["demo"],
  ])("of %s %s tells how it is used, and does nothing else", async (...command) => {
    const { code, out, err } = await run(...command, "--help");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(new RegExp(`^Usage: hopwise ${command[0]} `));
    expect(out).toContain("Examples:");
  });

  it("help COMMAND is COMMAND --help", async () => {
    const { code, out } = await run("help", "proxy");
    expect(code).toBe(0);
    expect(out).toBe((await run("proxy", "--help")).out);
    expect((await run("help")).out).toBe((await run("--help")).out);
  });

  it("without a command is help, too, but not what was wanted", async () => {
    const { code, out, err } = await run();
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^Usage: hopwise/);
  });

  it("the version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run("--version")).toEqual({ code: 0, out: version, err: "" });
  });
});

describe("wrong usage is one line that says what to write instead, and exit code 2", () => {
  it.each([
    [["proxy"], "hopwise: --to is missing: write where requests go, like http://127.0.0.1:3000"],
    [["proxy", "--to"], "hopwise: --to has no value: write --to <url>"],
    [["proxy", "--to", "localhost:3000"], 'hopwise: --to: "localhost:3000" has no scheme: write http://localhost:3000'],
    [["proxy", "--to", to, "--lisen", "80"], "hopwise: unknown option '--lisen' (Did you mean --listen?)"],
    [["proxy", "--upstream", to], "hopwise: unknown option '--upstream': here it is --to <url>"],
    [["run", "--admin", "9901"], "hopwise: unknown option '--admin': with a file it stands in that, as admin"],
    [["run", "--cert", "a.pem"], "hopwise: unknown option '--cert': with a file it stands in that, as tlsCert"],
    [["forward", "--upstream", to], "hopwise: unknown option '--upstream'; see hopwise forward --help"],
    [["proxy", "--to", to, "--xyz"], "hopwise: unknown option '--xyz'; see hopwise proxy --help"],
    [["proxy", to], `hopwise: "${to}" is an argument too many: write --to ${to}`],
    [["proxy", "--to", to, "--head-timeout", "5"], 'hopwise: --head-timeout: "5" has no unit: write 5s or 5ms'],
    [["proxy", "--to", to, "--listen", "127.0.0.1:9"], /where this proxy itself listens/],
    [
      ["proxy", "--to", to, "--listen", "0", "--no-admin", "--access-log", "/nonexistent/log"],
      "hopwise: --access-log: /nonexistent/log cannot be opened for writing (its directory does not exist): write the path of a file that this user may write, or - for the standard output",
    ],
    [
      ["proxy", "--to", to, "--listen", "0", "--no-admin", "--access-log", "/"],
      /--access-log: \/ cannot be opened for writing \(is a directory\)/,
    ],
    [["proxy", "--to", "http://alice:secret@a"], /no user name and no password here: .* write http:\/\/a$/],
    [["proxy", "--to", to, "--workers", "0"], /--workers: "0" is not a number of processes: write a number from 1 to/],
    [["proxy", "--to", `${to}/path`], /has more than an origin: .* write http:\/\/127\.0\.0\.1:9$/],
    [
      ["demo", "--admin", "x"],
      'hopwise: --admin: "x" is not an address to listen on: write PORT or HOST:PORT, like 8080, 0.0.0.0:8080 or [::1]:8080',
    ],
    [["forward", "--to", to], "hopwise: unknown option '--to'; see hopwise forward --help"],
    [
      ["forward", "--connect-ports", "443,x"],
      'hopwise: --connect-ports: "x" is not a port: write ports and ranges like 443,8443,9000-9010',
    ],
    [["forward", "--connect-ports", "9000-8000"], /"9000-8000" ends before it begins/],
    [["forward", "--connect-ports", "65536"], /"65536" is outside 1 to 65535/],
    [["forward", "--users", "/nonexistent/users"], /--users: \/nonexistent\/users cannot be read .*write the path/],
    [["forward", "127.0.0.1:9"], /to listen there write --listen 127\.0\.0\.1:9$/],
    [["prox"], "hopwise: unknown command 'prox' (Did you mean proxy?)"],
    [["help", "nosuch"], "hopwise: unknown command 'nosuch'; see hopwise --help"],
    [["nosuch", "--help"], "hopwise: unknown command 'nosuch'; see hopwise --help"],
    [
      ["lab", "--html", "/nonexistent/story.html"],
      "hopwise: --html: nothing is played without a scenario: write its name, or --all",
    ],
  ])("hopwise %j", async (args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, ""]);
    if (typeof message === "string") expect(err).toBe(message);
    else expect(err).toMatch(message);
    expect(err).not.toContain("\n");
  });
});

describe("a place where the system does not let it listen", () => {
  it("is named, with what to do, and exit code 2", async () => {
    const { host } = await origin(() => {});
    const { code, out, err } = await run("proxy", "--to", to, "--listen", host, "--no-admin");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(
      `hopwise: --listen: ${host} is taken, by another process or by this one: stop what listens there, or choose another port (0: any free one)`,
    );
  });

  // 1 would say that what was asked for was done, and came out badly: for the doctor, that there are findings.
  it.each<[string, (taken: string, there: string) => readonly string[]]>([
    ["--listen", (taken) => ["forward", "--listen", taken, "--no-admin"]],
    ["--admin", (taken) => ["proxy", "--to", to, "--listen", "0", "--admin", taken]],
    ["--admin", (taken) => ["forward", "--listen", "0", "--admin", taken]],
    ["--admin", (taken) => ["demo", "--admin", taken]],
    ["--listen", (taken, there) => ["doctor", "--between", "--to", there, "--listen", taken]],
    ["--origin-listen", (taken) => ["doctor", "--through", to, "--origin-listen", taken]],
  ])("%s, whatever the command", async (flag, args) => {
    const { host } = await origin(() => {});
    const there = await origin((_request, response) => void response.end());
    const { code, out, err } = await run(...args(host, there.url));
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(new RegExp(`^hopwise: ${flag}: ${host}(?: is taken, by|: something listens there)`));
  });

  it("an address that this machine does not have", async () => {
    // RFC 5737: for documentation, so nobody's.
    const { code, err } = await run("proxy", "--to", to, "--listen", "192.0.2.1:0", "--no-admin");
    expect([code, err]).toEqual([2, expect.stringContaining("--listen: this machine has no address 192.0.2.1")]);
  });
});
