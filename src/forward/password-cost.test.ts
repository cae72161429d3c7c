/** What a check costs does not tell whether there is such a user, nor which hash the user has. */
import { beforeEach, expect, it, vi } from "vitest";
import { BasicAuthentication } from "./basic-authentication.ts";
import { parsePasswordHash } from "./password-hash.ts";

const { work } = vi.hoisted(() => ({ work: [] as string[] }));

vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  type Scrypt = (password: string, salt: Buffer, bytes: number, cost: object, callback: () => void) => void;
  const scrypt: Scrypt = (password, salt, bytes, cost, callback) => {
    work.push(JSON.stringify([bytes, cost]));
    (crypto.scrypt as Scrypt)(password, salt, bytes, cost, callback);
  };
  return { ...crypto, scrypt };
});

const SALT = "c2FsdHNhbHRzYWx0";
/** With 16, 32 and 64 bytes of hash; no password is known. */
const hashes = {
  old: parsePasswordHash(`$scrypt$ln=1,r=1,p=1$${SALT}$${"a".repeat(22)}`),
  usual: parsePasswordHash(`$scrypt$ln=3,r=2,p=1$${SALT}$${"b".repeat(43)}`),
  next: parsePasswordHash(`$scrypt$ln=3,r=2,p=2$${SALT}$${"c".repeat(86)}`),
};

beforeEach(() => work.splice(0));

it("is the same for every name, whatever the hashes in the file cost", async () => {
  const users = new Map(Object.entries(hashes).flatMap(([name, hash]) => (hash === undefined ? [] : [[name, hash]])));
  expect(users.size).toBe(3);
  const authentication = new BasicAuthentication(users);
  const costs = new Map<string, string[]>();
  for (const name of [...users.keys(), "nobody", "", "someone else"]) {
    const credentials = `Basic ${Buffer.from(`${name}:guess`).toString("base64")}`;
    const verdict = await new Promise((resolve) => authentication.judge([credentials], "192.0.2.1", resolve));
    expect(verdict).toBe("proxy-authentication-required");
    costs.set(name, work.splice(0));
  }
  expect(costs.get("nobody")).toHaveLength(3);
  expect([...costs.values()]).toEqual(Array(6).fill(costs.get("nobody")));
});

it("is that of one hash, where all cost the same", async () => {
  const { usual } = hashes;
  if (usual === undefined) throw new Error("it is a hash");
  const authentication = new BasicAuthentication(
    new Map([
      ["alice", usual],
      ["bob", { ...usual, salt: Buffer.from("pepper") }],
    ]),
  );
  await new Promise((resolve) => authentication.judge(["Basic YWxpY2U6eA=="], "192.0.2.1", resolve));
  expect(work).toHaveLength(1);
});
