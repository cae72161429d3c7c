/** The token for requests that change something: made where there is none, in a file for its owner alone. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { HopwiseError } from "../config/error.ts";
import { namedToken, newToken } from "./token.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-token-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const textIn = (file: string) => readFileSync(file, "utf8").trim();

it("is made once where a file is named, and read from then on", () => {
  const token = namedToken(at("made"));
  const text = textIn(token.file);
  expect([statSync(token.file).mode & 0o777, text.length]).toStrictEqual([0o600, 43]);
  token.forget();
  expect(namedToken(at("made")).isIn(`Bearer ${text}`)).toBe(true);
});

it("is known in one form alone", () => {
  const token = namedToken(at("form"));
  const text = textIn(token.file);
  expect([`Bearer ${text}`, `bearer  ${text} `].map((given) => token.isIn(given))).toStrictEqual([true, true]);
  for (const given of [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    text,
    `Basic ${text}`,
    `Bearer ${text}x`,
    `Bearer ${text.slice(1)}`,
    `Bearer x ${text}`,
  ]) {
    expect(token.isIn(given), given).toBe(false);
  }
});

it("that can be guessed is refused, as is a file that cannot be used", () => {
  writeFileSync(at("short"), "secret\n");
  for (const file of [at("short"), at("short/below"), folder]) {
    expect(() => namedToken(file), file).toThrow(HopwiseError);
  }
});

it("makes no folders: a name with a slip of the pen is said to be one", () => {
  const file = at("tpyo/below/read.token");
  expect(() => namedToken(file, "adminReadTokenFile")).toThrow(
    `adminReadTokenFile: ${file} cannot be used (its directory does not exist): make it first, or name another file`,
  );
  expect(existsSync(at("tpyo"))).toBe(false);
  expect(() => namedToken(folder)).toThrow(
    `adminTokenFile: ${folder} cannot be used (is a directory): name another file`,
  );
});

it("is another one for each run where none is named, and gone behind it", () => {
  const env = { XDG_RUNTIME_DIR: at("run") };
  const first = textIn(newToken(9901, env).file);
  const token = newToken(9901, env);
  expect([textIn(token.file) === first, statSync(at("run")).mode & 0o777]).toStrictEqual([false, 0o700]);
  token.forget();
  expect(existsSync(token.file)).toBe(false);
});

it("stands in the service's folder, then in the session's; one that is named and empty is none", () => {
  const folderOf = (env: NodeJS.ProcessEnv) => {
    const token = newToken(9901, env);
    token.forget();
    return dirname(token.file);
  };
  const [service, session] = [at("service"), at("session")];
  expect(folderOf({ RUNTIME_DIRECTORY: service, XDG_RUNTIME_DIR: session })).toBe(service);
  expect(folderOf({ RUNTIME_DIRECTORY: `${service}:${at("another")}` })).toBe(service);
  expect(folderOf({ RUNTIME_DIRECTORY: "", XDG_RUNTIME_DIR: session })).toBe(session);
  expect(dirname(folderOf({ RUNTIME_DIRECTORY: "", XDG_RUNTIME_DIR: "" }))).toBe(tmpdir());
});

it("is not written where others could put a file of theirs, nor through a link", () => {
  mkdirSync(at("open"));
  chmodSync(at("open"), 0o777);
  expect(() => newToken(9901, { XDG_RUNTIME_DIR: at("open") })).toThrow("others may write");
  mkdirSync(at("linked"), { mode: 0o700 });
  writeFileSync(at("victim"), "kept");
  symlinkSync(at("victim"), at("linked/hopwise-admin-9901.token"));
  newToken(9901, { XDG_RUNTIME_DIR: at("linked") });
  expect(textIn(at("victim"))).toBe("kept");
});
