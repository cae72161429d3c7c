/**
 * The requests that checks send, byte for byte: polite ones have the doctor's name in them.
 *
 * Deliberately absent: ambiguous ones, which the checks of strictness write themselves.
 */
import { version } from "../../ledger/version.ts";
import type { Target } from "./target.ts";

export const USER_AGENT = `hopwise-doctor/${version}`;

export interface RequestShape {
  readonly method?: string;
  /** Default: the target's. */
  readonly path?: string;
  readonly version?: "1.0" | "1.1";
  /** Default: the target's; no `Host` at all: null. */
  readonly host?: string | null;
  /** Further field lines, like `Connection: close`. */
  readonly fields?: readonly string[];
  /** With its framing, which is not added. */
  readonly body?: string;
}

export class Requests {
  private readonly target: Target;
  private readonly own: readonly string[];

  /** @param own field lines that the user wants in every request */
  constructor(target: Target, own: readonly string[]) {
    this.target = target;
    this.own = own;
  }

  of(shape: RequestShape = {}): string {
    const {
      method = "GET",
      path = this.target.path,
      version = "1.1",
      host = this.target.authority,
      fields = [],
    } = shape;
    const lines = [
      `${method} ${path} HTTP/${version}`,
      ...(host === null ? [] : [`Host: ${host}`]),
      `User-Agent: ${USER_AGENT}`,
      "Accept: */*",
      ...this.own,
      ...fields,
    ];
    return `${lines.join("\r\n")}\r\n\r\n${shape.body ?? ""}`;
  }

  /** A path beside the target's that is most likely not there. */
  get missingPath(): string {
    return "/hopwise-doctor-looks-for-a-page-that-is-not-there";
  }
}
