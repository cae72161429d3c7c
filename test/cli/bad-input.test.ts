// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how a file names its secrets
/** Everything that an operator can get wrong in a file: exit code 2 and a line for each fault, all at once, and nothing is started. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { quietPort } from "../interop/support/quiet-port.ts";
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
      "13:1: accessLog: ${file:log-name}: the file cannot be read (does not exist)",
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

describe("places that the machine does not give, and files that it does not let anyone write", () => {
  const ways = [[[]], [["--workers", "2"]]];

  it.each(ways)("are told all at once, each at its line: exit code 2, and nothing listens (%j)", async (args) => {
    const [one, other, admin] = [await origin(() => {}), await origin(() => {}), await origin(() => {})];
    const free = await quietPort();
    const { code, out, lines } = await told(
      `admin: ${admin.host}
listeners:
  - http: 127.0.0.1:${free}
  - http: ${one.host}
  - https: ${other.host}
    tls: self-signed
routes: [{ refuse: true }]
`,
      {},
      "run",
      ...args,
    );
    expect([code, out]).toEqual([2, []]);
    const isTaken =
      "is taken, by another process or by this one: stop what listens there, or choose another port (0: any free one)";
    expect(lines.filter((line) => !/warning/.test(line))).toEqual([
      `hopwise: 1:1: admin: ${admin.host} ${isTaken}`,
      `4:5: listeners[1].http: ${one.host} ${isTaken}`,
      `5:5: listeners[2].https: ${other.host} ${isTaken}`,
    ]);
    await expect(fetch(`http://127.0.0.1:${free}/`)).rejects.toThrow("fetch failed");
  });

  it("are told beside a log that cannot be written", async () => {
    const { host } = await origin(() => {});
    const { code, lines } = await told(
      `listeners: [{ http: "${host}" }]\naccessLog: none/there.log\nroutes: [{ refuse: true }]\n`,
    );
    expect(code).toBe(2);
    expect(lines).toEqual([
      expect.stringMatching(/^hopwise: 1:15: listeners\[0\]\.http: 127\.0\.0\.1:\d+ is taken/),
      expect.stringMatching(/^2:1: accessLog: .*none\/there\.log/),
    ]);
  });
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
