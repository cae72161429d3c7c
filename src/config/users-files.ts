/**
 * Files of users in use: those of a forward proxy, or of routes, with what is known of those who have logged in.
 *
 * Deliberately absent: what such a file says, see users.ts.
 */
import { resolve } from "node:path";
import { BasicAuthentication } from "../forward/basic-authentication.ts";
import { type Files, filesNow } from "./files.ts";
import { readUsersFile } from "./users.ts";

/** A file of users, and what was learned of those who have logged in. */
export interface UsersFile {
  readonly file: string;
  readonly authentication: BasicAuthentication;
}

/** All that routes name, each read once, since what is known of a user is known of all routes. */
export class UsersFiles {
  private readonly folder: string;
  private readonly files: Files;
  private readonly known = new Map<string, UsersFile>();

  /** @param folder where paths begin */
  constructor(folder: string, files: Files = filesNow) {
    this.folder = folder;
    this.files = files;
  }

  get all(): readonly UsersFile[] {
    return [...this.known.values()];
  }

  /** @throws HopwiseError `option-invalid` */
  read(path: string): BasicAuthentication {
    const file = resolve(this.folder, path);
    let known = this.known.get(file);
    if (known === undefined) {
      known = { file, authentication: new BasicAuthentication(readUsersFile(file, this.files)) };
      this.known.set(file, known);
    }
    return known.authentication;
  }
}

/** From now on those count who stand there. @throws HopwiseError `option-invalid`; then those count who did before, of all files */
export function readUsersAgain(files: readonly UsersFile[] = []): void {
  const read = files.map(({ file, authentication }) => ({ authentication, users: readUsersFile(file) }));
  for (const { authentication, users } of read) authentication.replaceUsers(users);
}
