/** How commands end. */
import type { HopwiseErrorCode } from "../index.ts";

export const ExitCode = {
  well: 0,
  /** The job failed, or something was cut. */
  failed: 1,
  /** Wrong usage or configuration, also by what the machine says of it: a port that is taken, a log that cannot be written. */
  usage: 2,
  /** The target cannot be reached. */
  unreachable: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export function exitCodeFor(code: HopwiseErrorCode): ExitCode {
  switch (code) {
    case "option-unknown":
    case "option-missing":
    case "option-invalid":
    case "access-log-unwritable":
    case "trace-unwritable":
    // Where it should listen is configuration, too: the machine does not give what was written, as with a log.
    case "address-in-use":
    case "address-forbidden":
    case "address-unavailable":
    case "listen-failed":
      return ExitCode.usage;
    case "target-unreachable":
      return ExitCode.unreachable;
    case "worker-unavailable":
    case "already-listening":
    case "not-listening":
    case "already-closed":
      return ExitCode.failed;
  }
}
