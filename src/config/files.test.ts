/** Files as they were when a configuration was read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { CertificateFolder, certificateFor } from "../../test/kit/certificates.ts";
import { type Files, filesNow, SeenFiles } from "./files.ts";
import { readCertificates } from "./listeners.ts";
import { readOriginTls } from "./origin-tls.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("stay as they were seen, for all who are handed them, whatever stands there by then", () => {
  const file = join(folder, "a");
  writeFileSync(file, "before");
  const files = new SeenFiles();
  const mark = files.mark(file);
  expect([files.text(file), mark]).toEqual(["before", filesNow.mark(file)]);
  writeFileSync(file, "after, and longer");
  const handedOver = new SeenFiles(structuredClone(files.seen));
  expect([handedOver.text(file), handedOver.mark(file)]).toEqual(["before", mark]);
  expect(handedOver.mark(file)).not.toBe(filesNow.mark(file));
  rmSync(file);
  expect(handedOver.text(file)).toBe("before");
});

it("that are not there have no mark, and no text", () => {
  const files = new SeenFiles();
  const file = join(folder, "none");
  expect(files.mark(file)).toBe("");
  expect(() => files.text(file)).toThrow("ENOENT");
});

describe("a certificate that has run out since its configuration came into force", () => {
  const certificates = new CertificateFolder();
  afterAll(() => certificates.remove());
  const pair = certificates.write("site", certificateFor(["site.test"], { days: 1 }));

  it.each([
    ["clients are shown", (files: Files) => readCertificates([pair], files)],
    ["origins are shown", (files: Files) => readOriginTls(pair, "/", files)],
  ])("that %s keeps no process from starting with it, and is refused when it is read anew", (_, read) => {
    const files = new SeenFiles();
    read(files);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 2 * 24 * 3_600_000);
    try {
      expect(() => read(new SeenFiles(structuredClone(files.seen)))).not.toThrow();
      expect(() => read(new SeenFiles())).toThrow("site.pem has expired on");
      expect(() => read(filesNow)).toThrow("site.pem has expired on");
    } finally {
      vi.restoreAllMocks();
    }
  });
});
