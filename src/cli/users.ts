/** The file of users of a forward proxy, while it runs. */
import type { ForwardOptions, HopwiseProxy } from "../index.ts";
import { styled, type Terminal } from "./terminal.ts";

/** Reads the file of users again, if there is one. Returns what was read. */
export function reloadUsers(proxy: HopwiseProxy, { users }: ForwardOptions, terminal: Terminal): readonly string[] {
  if (users === undefined) return [];
  try {
    proxy.reloadUsers();
    return ["the users"];
  } catch (error) {
    terminal.warn(`${styled("yellow", "the users stay as they were")}: ${(error as Error).message}`);
    return [];
  }
}
