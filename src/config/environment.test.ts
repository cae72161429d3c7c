/** What variables of the environment say: how values are written there, and which variables are not ours. */
import { describe, expect, it } from "vitest";
import { optionsIn, readVariable, unknownVariables, type VariableForm, variableOf } from "./environment.ts";

it("is named after its flag", () => {
  expect(["to", "keepAliveTimeout", "tlsCert"].map(variableOf)).toEqual([
    "HOPWISE_TO",
    "HOPWISE_KEEP_ALIVE_TIMEOUT",
    "HOPWISE_TLS_CERT",
  ]);
});

describe("a value", () => {
  it.each<readonly [VariableForm, string, unknown]>([
    ["value", " 5s ", "5s"],
    ["value", "", undefined],
    ["switch", "", undefined],
    ["switch", "TRUE", true],
    ["switch", "1", true],
    ["switch", "off", false],
    ["switch", "0", false],
    ["switch", "maybe", 'refused: "maybe" is not a switch: write true or false'],
    ["value-or-switch", "off", false],
    ["value-or-switch", "on", true],
    // A port, as on the command line.
    ["value-or-switch", "0", "0"],
    ["list", "http://a, http://b http://c", ["http://a", "http://b", "http://c"]],
    ["list", "[::1]:8080", ["[::1]:8080"]],
    ["list", "/a path.pem\n/b,c.pem\n", ["/a path.pem", "/b,c.pem"]],
    ["lines", "X-A: 1, 2\nX-B: 3\n", ["X-A: 1, 2", "X-B: 3"]],
  ])("%s: %j", (form, text, expected) => {
    const problems: string[] = [];
    const value = readVariable("x", form, { HOPWISE_X: text }, (problem) => problems.push(`refused: ${problem}`));
    expect(problems[0] ?? value).toStrictEqual(expected);
  });

  it("of a key of the file has the form of the option", () => {
    const env = {
      HOPWISE_TO: "http://a,http://b",
      HOPWISE_ADMIN: "off",
      HOPWISE_FORWARDED: "yes",
      HOPWISE_SET_REQUEST_FIELDS: "X-A: 1, 2",
      HOPWISE_HEAD_TIMEOUT: "5s",
      HOPWISE_REUSE_PORT: "maybe",
      // Options of programs alone.
      HOPWISE_HOST: "a",
      HOPWISE_HOOK_TIMEOUT: "1s",
    };
    expect(optionsIn(env)).toStrictEqual({
      options: {
        to: ["http://a", "http://b"],
        headTimeout: "5s",
        forwarded: true,
        setRequestFields: ["X-A: 1, 2"],
        admin: false,
      },
      problems: [{ path: ["reusePort"], message: '"maybe" is not a switch: write true or false' }],
    });
  });
});

describe("a variable that is not known", () => {
  const told = (env: NodeJS.ProcessEnv) => unknownVariables(env, ["listen", "headTimeout", "redirectPort"]);

  it("is told, with the nearest, and without its value", () => {
    expect(
      told({ HOPWISE_LISTEN: "1", HOPWISE_HEAD_TIMEOT: "s3cret", HOPWISE_NOTHING_LIKE_IT: "x", OTHER: "y" }),
    ).toEqual(["HOPWISE_HEAD_TIMEOT is not known and does nothing; did you mean HOPWISE_HEAD_TIMEOUT?"]);
  });

  it("is none of Kubernetes', which tells of services that way", () => {
    const links = {
      HOPWISE_SERVICE_HOST: "10.0.0.1",
      HOPWISE_SERVICE_PORT: "80",
      HOPWISE_SERVICE_PORT_HTTP: "80",
      HOPWISE_PORT: "tcp://10.0.0.1:80",
      HOPWISE_PORT_80_TCP: "tcp://10.0.0.1:80",
      HOPWISE_PORT_80_TCP_ADDR: "10.0.0.1",
      HOPWISE_REDIRECT_PORT: "tcp://10.0.0.1:80",
    };
    expect(told(links)).toEqual([]);
    expect(readVariable("redirectPort", "value", links, () => {})).toBeUndefined();
  });
});
