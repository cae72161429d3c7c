/**
 * What workers of a proxy that flags describe are handed: the options, and the files that they name as they were. So one that starts later
 * is what the others are, whatever stands there by then: half a renewal, a certificate that has run out, a list of users with a fault.
 *
 * Deliberately absent: the file of `hopwise run`, see run.ts.
 */
import { type Files, type FilesSeen, SeenFiles } from "../config/files.ts";
import type { ProxyConfig } from "../config/options.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import type { CrewOptions } from "./workers.ts";

export interface HandedOver<Options> {
  readonly options: Options;
  readonly seen: FilesSeen;
}

/** @param certificate of `tls: self-signed`, where it was made already */
export type ReadOptions<Options> = (options: Options, files: Files, certificate?: Certificate) => ProxyConfig;

/** @param seen the files as they were when the options were read */
export function handedOver<Options>(
  options: Options,
  seen: FilesSeen,
  read: ReadOptions<Options>,
): CrewOptions<Options> {
  return {
    options,
    read: (options, certificate) => read(options, new SeenFiles(seen), certificate),
    handOver: (options): HandedOver<Options> => ({ options, seen }),
    refreshed() {
      const files = new SeenFiles();
      try {
        read(options, files);
      } catch {
        return undefined;
      }
      return handedOver(options, files.seen, read);
    },
  };
}
