/**
 * The file of those who may use a forward proxy: a line `name:hash` each, hashes made by `hopwise forward
 * --hash-password`. Empty lines and lines that begin with # are passed over.
 *
 * Deliberately absent: passwords in clear, and hashes that are quick to guess (crypt, MD5, SHA): a proxy's passwords are
 * guessed over the network all day.
 */
import { decoyHashes, type PasswordHash, parsePasswordHash } from "../forward/password-hash.ts";
import { HopwiseError } from "./error.ts";
import { fileFault } from "./file-error.ts";
import { type Files, filesNow } from "./files.ts";
import { shown } from "./values.ts";

/** In UTF-8: with the longest password it is short enough to be checked (forward/basic-authentication.ts). */
const NAME_BYTES_MAX = 255;
/** Of hashes in one file: what is in use, what came before, and what comes next. */
const COSTS_MAX = 3;

/** @throws HopwiseError `option-invalid` that says which file, which line, and what to write */
export function readUsersFile(file: string, files: Files = filesNow): ReadonlyMap<string, PasswordHash> {
  let text: string;
  try {
    text = files.text(file);
  } catch (error) {
    const why = fileFault(error, "read");
    throw invalidUsers(
      `${shown(file)} cannot be read (${why}): write the path of a file with a line NAME:HASH each`,
      error,
    );
  }
  return parseUsers(text, file);
}

/** @param file how messages name it */
export function parseUsers(text: string, file: string): ReadonlyMap<string, PasswordHash> {
  const users = new Map<string, PasswordHash>();
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const where = `${shown(file)} line ${index + 1}`;
    const colon = line.indexOf(":");
    if (colon < 1) throw invalidUsers(`${where} is not NAME:HASH: make the hash with hopwise forward --hash-password`);
    const name = line.slice(0, colon).trim().normalize("NFC");
    if (Buffer.byteLength(name) > NAME_BYTES_MAX) {
      throw invalidUsers(`${where} has a name of more than ${NAME_BYTES_MAX} bytes: write a shorter one`);
    }
    const hash = parsePasswordHash(line.slice(colon + 1).trim());
    // The line itself is not repeated: it may be a password in clear.
    if (hash === undefined) {
      throw invalidUsers(`${where} has no scrypt hash behind the name: make one with hopwise forward --hash-password`);
    }
    if (users.has(name)) throw invalidUsers(`${where} names "${shown(name)}" a second time: write each user once`);
    users.set(name, hash);
  }
  const costs = decoyHashes(users.values()).length;
  if (costs > COSTS_MAX) {
    throw invalidUsers(
      `${shown(file)} has hashes of ${costs} different costs, and every check takes as long as all of them together: ` +
        `make the older ones anew with hopwise forward --hash-password, so that at most ${COSTS_MAX} are left`,
    );
  }
  if (users.size === 0)
    throw invalidUsers(`${shown(file)} has no users: write a line NAME:HASH for each, or leave --users away`);
  return users;
}

function invalidUsers(problem: string, cause?: unknown): HopwiseError {
  return new HopwiseError("option-invalid", problem, "users", cause);
}
