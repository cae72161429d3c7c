/**
 * curl, and what it found out about each transfer.
 */
import { type Ended, run } from "./programs.ts";

/** What curl's `--write-out` tells of one transfer. */
export interface Transfer {
  readonly response_code: number;
  /** Connections that were opened for this transfer: 0 when one was reused. */
  readonly num_connects: number;
  readonly http_version: string;
  readonly size_download: number;
  readonly size_upload: number;
  readonly content_type: string | null;
}

export interface CurlResult extends Ended {
  readonly transfers: readonly Transfer[];
  /** Everything on stderr but the transfers: error messages, and the trace of `--verbose`. */
  readonly messages: string;
}

/** curl's exit codes that the tests speak of. */
export const curlExit = { emptyReply: 52, partialFile: 18, recvError: 56 } as const;

export async function curl(args: readonly string[], input?: Buffer): Promise<CurlResult> {
  const fixed = ["--silent", "--show-error", "--disable", "--noproxy", "*", "--max-time", "30"];
  const ended = await run("curl", [...fixed, "--write-out", "%{stderr}%{json}\n", ...args], input ? { input } : {});
  const transfers: Transfer[] = [];
  let messages = "";
  for (const line of ended.stderr.split("\n")) {
    if (line.startsWith("{") && line.endsWith("}") && line.includes('"num_connects"')) transfers.push(JSON.parse(line));
    else messages += `${line}\n`;
  }
  return { ...ended, transfers, messages };
}
