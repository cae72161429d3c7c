/**
 * Mistakes on the command line: one line on stderr that says what to write instead, and an exit code that tells which kind
 * of failure it was.
 */
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { hopwiseToEnd } from "./support/hopwise.ts";
import { listening } from "./support/listening.ts";

const ORIGIN = "http://127.0.0.1:9";

describe("wrong usage: exit code 2 and one line that names the culprit", () => {
  const mistakes: readonly (readonly [what: string, args: readonly string[], names: RegExp])[] = [
    ["no origin", ["proxy"], /--to/],
    ["an unknown option", ["proxy", "--to", ORIGIN, "--keepalive-timeout", "5s"], /keepalive-timeout/],
    ["an unknown command", ["proxyy"], /proxyy/],
    ["an origin that is no URL", ["proxy", "--to", "not a url"], /not a url/],
    ["an origin of another scheme", ["proxy", "--to", "ftp://127.0.0.1/"], /ftp/],
    ["a port out of range", ["proxy", "--to", ORIGIN, "--listen", "70000"], /70000/],
    ["a duration without a unit", ["proxy", "--to", ORIGIN, "--response-timeout", "soon"], /soon/],
    ["a count that is none", ["proxy", "--to", ORIGIN, "--max-connections", "many"], /many/],
    ["a count below one", ["proxy", "--to", ORIGIN, "--max-connections", "-1"], /-1|max-connections/],
    ["an argument too many", ["proxy", "--to", ORIGIN, "surplus"], /surplus|argument/],
  ];

  for (const [what, args, names] of mistakes) {
    it(what, async () => {
      const { code, stdout, stderr } = await hopwiseToEnd(args);
      expect(stderr).toMatch(names);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stdout).toBe("");
      expect(code).toBe(2);
    });
  }
});

describe("a port that is taken", () => {
  it("is named, by its address, in one line", async () => {
    const occupant = createServer();
    const { host } = new URL(await listening(occupant));
    const { code, stderr } = await hopwiseToEnd(["proxy", "--to", ORIGIN, "--listen", host, "--no-admin"]);
    expect(stderr).toContain(host);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([1, 2]).toContain(code);
    occupant.close();
  });

  it("of the admin's is named, too, when it was asked for", async () => {
    const occupant = createServer();
    const { host } = new URL(await listening(occupant));
    const args = ["proxy", "--to", ORIGIN, "--listen", "127.0.0.1:0", "--admin", host];
    const { code, stderr } = await hopwiseToEnd(args);
    expect(stderr).toContain(host);
    expect([1, 2]).toContain(code);
    occupant.close();
  });
});

describe("what is asked for", () => {
  it("--version tells the package's version on stdout", async () => {
    const { code, stdout } = await hopwiseToEnd(["--version"]);
    expect(stdout.trim()).toMatch(/\d+\.\d+\.\d+/);
    expect(code).toBe(0);
  });

  it("--help tells every option of the contract on stdout", async () => {
    const { code, stdout } = await hopwiseToEnd(["proxy", "--help"]);
    const options =
      "to listen keep-alive-timeout max-requests max-connections head-timeout body-timeout connect-timeout " +
      "response-timeout pool-idle-timeout pool-size max-head-size drain-timeout admin no-admin access-log quiet json";
    for (const option of options.split(" ")) expect(stdout).toContain(`--${option}`);
    expect(code).toBe(0);
  });
});
