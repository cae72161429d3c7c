/** The file of users of a forward proxy, while it runs. */
import type { HopwiseProxy } from "../index.ts";
import { styled, type Terminal } from "./terminal.ts";

/** Reads the files of users again, if there are any. Returns what was read. */
export function reloadUsers(proxy: HopwiseProxy, hasUsers: boolean, terminal: Terminal): readonly string[] {
  if (!hasUsers) return [];
  try {
    proxy.reloadUsers();
    return ["the users"];
  } catch (error) {
    terminal.warn(`${styled("yellow", "the users stay as they were")}: ${(error as Error).message}`);
    return [];
  }
}
