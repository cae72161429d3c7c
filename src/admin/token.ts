/**
 * The tokens that requests to the admin server must know which change something, and, where that is asked for, those that read: made
 * once, kept in a file that only its owner may read.
 *
 * Deliberately absent: tokens in URLs, where logs and histories keep them, and in the environment, where every child has them.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HopwiseError } from "../config/error.ts";
import { fileFault } from "../config/file-error.ts";

const TOKEN_BYTES = 32;
/** What can be guessed is no token. */
const LENGTH_MIN = 16;
const OWNER_ONLY = 0o600;

export interface AdminToken {
  readonly file: string;
  /** Whether a request's `Authorization` has it; takes the same time whatever it has. */
  isIn(authorization: string | undefined): boolean;
  isSame(other: AdminToken | undefined): boolean;
  /** At the end: what was made for this run alone is gone. */
  forget(): void;
}

/** The options that name a file with a token. */
export type TokenOption = "adminTokenFile" | "adminReadTokenFile";

/** The token in a file, which is made where there is none. @throws HopwiseError for one that cannot be read, made, or that is too short */
export function namedToken(file: string, option: TokenOption = "adminTokenFile"): AdminToken {
  try {
    return tokenOf(file, textOf(file) ?? made(file), false);
  } catch (error) {
    throw failed(file, error, option);
  }
}

/** The text of a token that was made already, for one who is to send it. @throws HopwiseError for a file that cannot be read */
export function tokenIn(file: string, option: TokenOption): string {
  try {
    const token = readFileSync(file, "utf8").trim();
    if (!/^\S+$/.test(token)) throw new Error("there is no token in it");
    return token;
  } catch (error) {
    throw failed(file, error, option);
  }
}

/**
 * A new token, in a folder that belongs to this user alone: where the service manager or the system has such folders, otherwise in one
 * of our own.
 *
 * @param port of the admin server, by which several proxies are told apart
 * @throws HopwiseError for a file that cannot be made
 */
export function newToken(port: number, env: NodeJS.ProcessEnv = process.env): AdminToken {
  const folder = folderFor(env);
  const file = join(folder, `hopwise-admin-${port}.token`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseOthersFolder(folder);
    // Of an earlier run. What a link leads to is left alone.
    rmSync(file, { force: true });
    return tokenOf(file, made(file), true);
  } catch (error) {
    throw failed(file, error);
  }
}

/** systemd names the folders of `RuntimeDirectory=`. A service's temporary folder is often its own (`PrivateTmp=`), so that nobody else finds a file there. */
function folderFor({ RUNTIME_DIRECTORY = "", XDG_RUNTIME_DIR = "" }: NodeJS.ProcessEnv): string {
  const [ofService = ""] = RUNTIME_DIRECTORY.split(":");
  return ofService || XDG_RUNTIME_DIR || join(tmpdir(), `hopwise-${process.getuid?.() ?? "admin"}`);
}

/** In a folder that others write to they could put a file of their own in the place of ours. */
function refuseOthersFolder(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if (isOurs && (mode & 0o022) === 0) return;
  throw new Error(`others may write to ${folder}`);
}

/** There is no such file: undefined. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function made(file: string): string {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  writeFileSync(file, `${token}\n`, { mode: OWNER_ONLY, flag: "wx" });
  return token;
}

function tokenOf(file: string, token: string, isForThisRun: boolean): AdminToken {
  if (token.length < LENGTH_MIN) throw new Error(`its token is shorter than ${LENGTH_MIN} characters`);
  const expected = digest(token);
  return {
    file,
    isSame: (other) => other?.isIn(`Bearer ${token}`) === true,
    isIn(authorization = "") {
      const [, given = ""] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
      return timingSafeEqual(digest(given), expected);
    },
    forget() {
      if (isForThisRun) rmSync(file, { force: true });
    },
  };
}

/** So that both are of one length. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function failed(file: string, error: unknown, option: TokenOption = "adminTokenFile"): HopwiseError {
  // To read one there is none; to make one its folder is missing, which is more often a slip of the pen than a wish.
  const isFolderMissing = (error as NodeJS.ErrnoException).code === "ENOENT" && !existsSync(dirname(file));
  const why = fileFault(error, isFolderMissing ? "written" : "read");
  const how = isFolderMissing ? "make it first, or name another file" : "name another file";
  return new HopwiseError("option-invalid", `${file} cannot be used (${why}): ${how}`, option, error);
}
