// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how a file names its secrets
/** Everything that an operator can get wrong in a file: exit code 2 and a line for each fault, all at once, and nothing is started. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { hopwiseWith, origin } from "./running.ts";

const folder = new CertificateFolder();
afterAll(() => folder.remove());
folder.write("site", certificateFor(["site.test"]));
folder.write("other", certificateFor(["other.test"]));
folder.write("twin", certificateFor(["site.test"]));
folder.write("expired", certificateFor(["old.test"], { days: -3 }));

async function told(text: string, variables: NodeJS.ProcessEnv = {}, command = "run", ...args: readonly string[]) {
  const file = folder.at("hopwise.config.yaml");
  writeFileSync(file, text);
  const running = hopwiseWith(variables, command, "-c", file, ...args);
  const code = await running.ended;
  const lines = running.errLines.map((line) =>
    line.replaceAll(`${folder.path}/`, "").replace("hopwise.config.yaml:", ""),
  );
  return { code, out: running.outLines, lines };
}

const FAULTY = `listeners:
  - http: 127.0.0.1:80800
  - https: 127.0.0.1:0
    certificates:
      - { cert: none.pem, key: site.key }
      - { cert: expired.pem, key: expired.key }
      - { cert: site.pem, key: other.key }
  - https: 127.0.0.1:0
    certificates: [{ cert: site.pem, key: site.key }, { cert: twin.pem, key: twin.key }]
headTimeot: 5s
bodyTimeout: 5 minutes
maxRequests: [1]
accessLog: \${file:log-name}
groups:
  app: { to: [] }
  other: { to: "http://alice:s3cret@127.0.0.1:3000" }
routes:
  - { match: { path: /a }, to: nowhere }
  - { match: { path: /b }, setRequestFields: { Authorization: "\${TOKEN}" }, to: app }
  - { match: { path: /c }, to: app, addPrefix: "\${SECRET} and more" }
  - { match: { path: d }, refuse: true }
`;

describe("a file in which everything is wrong", () => {
  it.each([[[]], [["--workers", "2"]]])("is told whole, and nothing is started (%j)", async (args) => {
    const before = readdirSync(folder.path);
    const { code, out, lines } = await told(FAULTY, { SECRET: "hunter2-and-a-long-tail" }, "run", ...args);
    expect([code, out]).toEqual([2, []]);
    expect(lines).toEqual([
      "hopwise: 2:5: listeners[0].http: 80800 is not a port: write one from 0 (any free one) to 65535",
      expect.stringMatching(
        /^5:11: listeners\[1\]\.certificates\[0\]\.cert: none\.pem cannot be read \(does not exist\)/,
      ),
      expect.stringMatching(/^6:11: listeners\[1\]\.certificates\[1\]\.cert: expired\.pem has expired on \d{4}-/),
      expect.stringMatching(/^7:\d+: listeners\[1\]\.certificates\[2\]\.key: other\.key is not the key of site\.pem/),
      "9:5: listeners[2].certificates: site.pem and twin.pem are both for site.test: leave one of them out",
      '10:1: headTimeot: "headTimeot" is not known here; did you mean headTimeout?',
      '11:1: bodyTimeout: "5 minutes" is not a duration: write a duration like 500ms, 5s, 2m or 1h',
      "12:1: maxRequests: a list is no value for it: write a whole number",
      "13:1: accessLog: ${file:log-name}: the file cannot be read (ENOENT)",
      "15:10: groups.app.to: it is empty: write the URLs of endpoints, like http://127.0.0.1:3000",
      expect.stringMatching(/^16:12: groups\.other\.to: .*no user name and no password here/),
      '18:28: routes[0].to: there is no group "nowhere"; there are: app, other',
      "19:48: routes[1].setRequestFields.Authorization: there is no TOKEN in the environment: set it, or write the value here",
      '20:37: routes[2].addPrefix: "${SECRET} and more" is not one: write the beginning of a path, like /v1',
      expect.stringMatching(/^21:7: routes\[3\]\.match: "d" is no path/),
    ]);
    expect(lines.join("\n")).not.toMatch(/hunter2|s3cret/);
    expect(readdirSync(folder.path)).toEqual(
      before.includes("hopwise.config.yaml") ? before : [...before, "hopwise.config.yaml"].sort(),
    );
  });

  it("is told the same by check", async () => {
    const { code, lines } = await told(FAULTY, { SECRET: "hunter2-and-a-long-tail" }, "check");
    expect([code, lines.length]).toEqual([2, 15]);
    rmSync(folder.at("hopwise.config.yaml"));
  });
});

it("a port that is taken is the system's matter: exit code 1, and its place is named", async () => {
  const { host } = await origin(() => {});
  const { code, lines } = await told(
    `listeners: [{ http: 127.0.0.1:0 }, { http: "${host}" }]\nroutes: [{ refuse: true }]\n`,
  );
  expect([code, lines]).toEqual([1, [expect.stringContaining(`${host} is taken, by another process or by this one`)]]);
});

it("check shows secrets by their names where they stand in routes", async () => {
  const { code, out } = await told(
    'listeners: [{ http: 127.0.0.1:0 }]\nroutes: [{ match: { fields: { X-Key: "${SECRET}" } }, respond: { body: a } }]\n',
    { SECRET: "hunter2" },
    "check",
  );
  expect(code).toBe(0);
  expect(out).toContain("  X-Key: ${SECRET}  answers 200");
  expect(out.join("\n")).not.toContain("hunter2");
});
