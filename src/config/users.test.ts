/** The file of users: what it holds, and what is said of one that is wrong. */
import { describe, expect, it } from "vitest";
import { formatPasswordHash, hashPassword, matchesPassword, parsePasswordHash } from "../forward/password-hash.ts";
import { parseUsers, readUsersFile } from "./users.ts";

const HASH = "$scrypt$ln=15,r=8,p=1$bkxL5WUX8R2oisxXWAKymQ$weg7r4T9GEjg04OwFq+hM4ICBsEm9AIjSVHKPjMFDt4";

describe("a file of users", () => {
  it("has a name and a hash on each line, comments, and lines with nothing", () => {
    const users = parseUsers(`# who may\r\n\r\nalice:${HASH}\r\n  bob : ${HASH}  \n`, "users");
    expect([...users.keys()]).toEqual(["alice", "bob"]);
  });

  it.each([
    ["alice", /^users line 1 is not NAME:HASH: make the hash with hopwise forward --hash-password$/],
    [`\n\n:${HASH}`, /^users line 3 is not NAME:HASH/],
    [
      "alice:secret",
      /^users line 1 has no scrypt hash behind the name: make one with hopwise forward --hash-password$/,
    ],
    [`alice:${HASH.replace("15", "60")}`, /^users line 1 has no scrypt hash/],
    [`a:${HASH}\na:${HASH}`, /^users line 2 names "a" a second time: write each user once$/],
    [`${"\u00e9".repeat(128)}:${HASH}`, /^users line 1 has a name of more than 255 bytes: write a shorter one$/],
    [
      [10, 11, 12, 13].map((ln) => `user${ln}:${HASH.replace("ln=15", `ln=${ln}`)}`).join("\n"),
      /^users has hashes of 4 different costs, .* at most 3 are left$/,
    ],
    ["# nobody\n", /^users has no users: write a line NAME:HASH for each, or leave --users away$/],
  ])("%j is refused with what to write", (text, message) => {
    expect(() => parseUsers(text, "users")).toThrow(
      expect.objectContaining({ code: "option-invalid", option: "users", problem: expect.stringMatching(message) }),
    );
  });

  it("never repeats a line: it may be a password in clear", () => {
    expect(() => parseUsers("alice:hunter2", "users")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });

  it("that does not exist is named", () => {
    expect(() => readUsersFile("/nonexistent/users")).toThrow(/\/nonexistent\/users cannot be read \(does not exist\)/);
  });
});

describe("a password's hash", () => {
  it("matches its password and no other, and is different each time", async () => {
    const [one, other] = [await hashPassword("secret"), await hashPassword("secret")];
    const text = formatPasswordHash(one);
    expect(text).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(text).not.toBe(formatPasswordHash(other));
    const read = parsePasswordHash(text);
    expect(read).toEqual(one);
    expect(await matchesPassword("secret", one)).toBe(true);
    expect(await matchesPassword("Secret", one)).toBe(false);
  });

  it("is the same however letters with accents are composed", async () => {
    expect(await matchesPassword("caf\u0065\u0301", await hashPassword("caf\u00e9"))).toBe(true);
  });

  it("says its own cost, within bounds", () => {
    expect(parsePasswordHash(HASH)).toMatchObject({ ln: 15, r: 8, p: 1 });
    for (const wrong of ["ln=0,r=8", "ln=21,r=1", "ln=99,r=8", "ln=20,r=9"])
      expect(parsePasswordHash(HASH.replace("ln=15,r=8", wrong))).toBeUndefined();
    expect(parsePasswordHash(HASH.replace("ln=15,r=8", "ln=20,r=8"))).toBeDefined();
    for (const wrong of ["r=0", "r=33"]) expect(parsePasswordHash(HASH.replace("r=8", wrong))).toBeUndefined();
    expect(parsePasswordHash(HASH.slice(0, -30))).toBeUndefined();
    expect(parsePasswordHash(HASH.replace("scrypt", "md5"))).toBeUndefined();
  });
});
