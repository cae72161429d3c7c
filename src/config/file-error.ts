/** What the system said about a file, in words that say what to do. */
import { HopwiseError } from "./error.ts";

/** Why a file cannot be read or written. */
export function fileFault(error: unknown, use: "read" | "written"): string {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return use === "read" ? "does not exist" : "its directory does not exist";
    case "EACCES":
    case "EPERM":
      return "this user may not";
    case "EISDIR":
      return "is a directory";
    case "ENOTDIR":
      return "a part of its path is not a directory";
    case "EROFS":
      return "the file system is read-only";
    case "ENXIO":
      return "no process reads it";
    case "ENOSPC":
      return "the disk is full";
    default:
      return message;
  }
}

/** @param file as it was named */
export function accessLogError(file: string, error: unknown): HopwiseError {
  const problem = `${file} cannot be opened for writing (${fileFault(error, "written")})`;
  const advice = "write the path of a file that this user may write, or - for the standard output";
  return new HopwiseError("access-log-unwritable", `${problem}: ${advice}`, "accessLog", error);
}

/** @param file as it was named, a worker's own with its number */
export function traceError(file: string, error: unknown): HopwiseError {
  const problem = `${file} cannot be opened for writing (${fileFault(error, "written")})`;
  return new HopwiseError(
    "trace-unwritable",
    `${problem}: write the path of a file that this user may write`,
    "trace",
    error,
  );
}
