/**
 * Certificates that are read again when their files have changed, as certbot (which replaces links) and cert-manager (which replaces
 * the folder behind a link) leave them: new handshakes get the new one, open connections go on as they are.
 *
 * Files are looked at once a second, and read once they have stayed the same for another: a certificate and its key are two writes.
 * What cannot be used changes nothing, and is told; the next change is tried again. Deliberately absent: watches of the system, which
 * lose sight of what is replaced by renames and mounts; and other certificates than were named at the start.
 */
import type { Certificate, TlsServing } from "../net/tls/tls-serving.ts";
import {
  type CertificateFiles,
  EXPIRY_WARNING_MS,
  expiryWarning,
  isSame,
  readCertificate,
  refuseSharedNames,
} from "./certificate-files.ts";
import { HopwiseError } from "./error.ts";
import { type Files, filesNow } from "./files.ts";

export const LOOK_MS = 1_000;
/** A certificate that ends soon is told of so often. */
const REMINDER_MS = 24 * 3_600_000;

export interface CertificateNews {
  readonly state: "renewed" | "kept" | "expiring";
  readonly certificate: Certificate;
  readonly problem?: string;
}

export class CertificateWatch {
  private readonly files: readonly CertificateFiles[];
  private readonly serving: TlsServing;
  private readonly tell: (news: CertificateNews) => void;
  private marks: string;
  private isSettling = false;
  /** Which have been told of, and when; those at the start are a warning of their own. */
  private readonly remindedAt_ms = new Map<string, number>();

  /** @param marks of the files before they were read */
  constructor(
    files: readonly CertificateFiles[],
    marks: string,
    serving: TlsServing,
    tell: (news: CertificateNews) => void,
  ) {
    this.files = files;
    this.marks = marks;
    this.serving = serving;
    this.tell = tell;
    const now = Date.now();
    for (const certificate of serving.certificates) if (isEnding(certificate, now)) this.noteReminder(certificate, now);
  }

  /** To be called every `LOOK_MS`. @param now_ms milliseconds since 1970 */
  look(now_ms: number): void {
    const marks = marksOf(this.files);
    const hasChanged = marks !== this.marks;
    if (hasChanged) this.marks = marks;
    else if (this.isSettling) this.readAgain(now_ms);
    this.isSettling = hasChanged;
    this.remind(now_ms);
  }

  /** Reads all files, changed or not. */
  readAgain(now_ms: number): void {
    this.marks = marksOf(this.files);
    this.isSettling = false;
    const { certificates: before, reloads } = this.serving;
    const news: CertificateNews[] = [];
    const read = (files: CertificateFiles, index: number): Certificate => {
      const old = before[index] as Certificate;
      try {
        const certificate = readCertificate(files, now_ms);
        if (isSame(certificate, old)) return old;
        news.push({ state: "renewed", certificate });
        return certificate;
      } catch (error) {
        news.push({ state: "kept", certificate: old, problem: problemOf(error) });
        return old;
      }
    };
    const certificates = this.files.map(read);
    try {
      refuseSharedNames(certificates);
      const [first, ...others] = certificates;
      if (first !== undefined) this.serving.replace([first, ...others]);
    } catch (error) {
      const problem = problemOf(error);
      reloads.kept += before.length;
      for (const certificate of before) this.tell({ state: "kept", certificate, problem });
      return;
    }
    for (const one of news) {
      if (one.state === "renewed") this.remindedAt_ms.delete(one.certificate.file);
      reloads[one.state === "renewed" ? "renewed" : "kept"]++;
      this.tell(one);
    }
  }

  private remind(now_ms: number): void {
    for (const certificate of this.serving.certificates) {
      if (!isEnding(certificate, now_ms)) continue;
      const before_ms = this.remindedAt_ms.get(certificate.file) ?? Number.NEGATIVE_INFINITY;
      // A clock that was ahead must not silence it until that time comes.
      if (Math.abs(now_ms - before_ms) < REMINDER_MS) continue;
      this.noteReminder(certificate, now_ms);
      this.tell({ state: "expiring", certificate, problem: expiryWarning(certificate, now_ms) ?? "" });
    }
  }

  private noteReminder({ file }: Certificate, now_ms: number): void {
    this.remindedAt_ms.set(file, now_ms);
  }
}

function isEnding({ expiresAt_ms }: Certificate, now_ms: number): boolean {
  return expiresAt_ms - now_ms <= EXPIRY_WARNING_MS;
}

function problemOf(error: unknown): string {
  if (error instanceof HopwiseError) return error.problem;
  return error instanceof Error ? error.message : String(error);
}

/** What changes where a file, or whatever a link on the way to it leads to, is another. */
export function marksOf(pairs: readonly CertificateFiles[], files: Files = filesNow): string {
  return markOfFiles(pathsOf(pairs), files);
}

/** The files that they are read from. */
export function pathsOf(pairs: readonly CertificateFiles[]): readonly string[] {
  return pairs.flatMap(({ cert, key, clients }) => [cert, key, ...(clients === undefined ? [] : [clients.ca])]);
}

export function markOfFiles(paths: readonly string[], files: Files = filesNow): string {
  return paths.map((path) => files.mark(path)).join("\n");
}
