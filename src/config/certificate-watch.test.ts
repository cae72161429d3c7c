/** Certificates that are read again: when, and what becomes of those that cannot be used. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CertificateFolder, certificateFor } from "../../test/kit/certificates.ts";
import { TicketKeys } from "../net/tls/ticket-keys.ts";
import { TlsServing } from "../net/tls/tls-serving.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import { readCertificates } from "./listeners.ts";

const DAY_MS = 24 * 3_600_000;

let folder: CertificateFolder;
beforeEach(() => {
  folder = new CertificateFolder();
});
afterEach(() => folder.remove());

/** Such pairs of files, watched; what is told of each look, as one word and the name of its file. */
function watched(...files: readonly { cert: string; key: string }[]) {
  const tls = readCertificates(files);
  if (tls === undefined) throw new Error("name some files");
  const serving = new TlsServing(tls.certificates, new TicketKeys());
  let told: string[] = [];
  const watch = new CertificateWatch(tls.files, tls.marks, serving, ({ state, certificate, problem }) => {
    told.push(
      [state, certificate.file.slice(folder.path.length + 1), ...(problem === undefined ? [] : [problem])].join(" "),
    );
  });
  const look = (now_ms = Date.now()) => {
    told = [];
    watch.look(now_ms);
    return told;
  };
  return { serving, look, watch };
}

const site = (names = ["site.test"], days = 90) => certificateFor(names, { days });
const certs = (serving: TlsServing) => serving.certificates.map(({ cert }) => cert);

describe("a certificate is read again", () => {
  it("once its files have changed and stay as they are for another look", () => {
    const { serving, look } = watched(folder.write("site", site()));
    expect(look()).toEqual([]);
    const newer = site();
    folder.write("site", newer);
    expect(look()).toEqual([]);
    expect(look()).toEqual(["renewed site.pem"]);
    expect(certs(serving)).toEqual([newer.cert]);
    expect(serving.reloads).toEqual({ renewed: 1, kept: 0 });
    expect([look(), look()]).toEqual([[], []]);
  });

  it("not between the writes of a certificate and its key", () => {
    const { serving, look } = watched(folder.write("site", site()));
    const newer = site();
    writeFileSync(folder.at("site.pem"), newer.cert);
    expect(look()).toEqual([]);
    writeFileSync(folder.at("site.key"), newer.key);
    expect(look()).toEqual([]);
    expect(look()).toEqual(["renewed site.pem"]);
    expect(serving.reloads).toEqual({ renewed: 1, kept: 0 });
  });

  it("where the folder behind a link is another, as cert-manager leaves it", () => {
    const put = (version: string) => {
      const made = site();
      mkdirSync(folder.at(version));
      writeFileSync(join(folder.at(version), "tls.crt"), made.cert);
      writeFileSync(join(folder.at(version), "tls.key"), made.key);
      symlinkSync(version, folder.at("..data_tmp"));
      renameSync(folder.at("..data_tmp"), folder.at("..data"));
      return made.cert;
    };
    put("..1");
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(join("..data", name), folder.at(name));
    const { serving, look } = watched({ cert: folder.at("tls.crt"), key: folder.at("tls.key") });
    const newer = put("..2");
    rmSync(folder.at("..1"), { recursive: true });
    expect([look(), look()]).toEqual([[], ["renewed tls.crt"]]);
    expect(certs(serving)).toEqual([newer]);
  });

  it("at once when it is asked for, and nothing is told where nothing has changed", () => {
    const { serving, watch, look } = watched(folder.write("site", site()));
    watch.readAgain(Date.now());
    expect(serving.reloads).toEqual({ renewed: 0, kept: 0 });
    folder.write("site", site());
    watch.readAgain(Date.now());
    expect(serving.reloads).toEqual({ renewed: 1, kept: 0 });
    expect([look(), look()]).toEqual([[], []]);
  });
});

describe("what cannot be used changes nothing, and is told", () => {
  it.each([
    ["no certificate", () => writeFileSync(folder.at("site.pem"), "noise"), /site\.pem holds no certificate/],
    ["a key that does not fit", () => writeFileSync(folder.at("site.key"), site().key), /site\.key is not the key of/],
    ["an expired one", () => void folder.write("site", site(["site.test"], -1)), /site\.pem has expired/],
    ["none at all", () => rmSync(folder.at("site.pem")), /site\.pem cannot be read \(does not exist\)/],
  ])("%s", (_what, spoil, problem) => {
    const { serving, look } = watched(folder.write("site", site()));
    const before = certs(serving);
    spoil();
    const [first, second, ...more] = [look(), look(), look()];
    expect([first, ...more]).toEqual([[], []]);
    expect(second).toEqual([expect.stringMatching(/^kept site\.pem /)]);
    expect(second[0]).toMatch(problem);
    expect(certs(serving)).toEqual(before);
    expect(serving.reloads).toEqual({ renewed: 0, kept: 1 });

    const newer = site();
    folder.write("site", newer);
    expect([look(), look()]).toEqual([[], ["renewed site.pem"]]);
    expect(certs(serving)).toEqual([newer.cert]);
  });

  it("one bad pair holds up no other", () => {
    const { serving, look } = watched(folder.write("site", site()), folder.write("other", site(["other.test"])));
    const [old] = certs(serving);
    const newer = site(["other.test"]);
    folder.write("other", newer);
    writeFileSync(folder.at("site.key"), "noise");
    expect([look(), look()]).toEqual([[], [expect.stringMatching(/^kept site\.pem /), "renewed other.pem"]]);
    expect(certs(serving)).toEqual([old, newer.cert]);
  });

  it("two for one name are both kept as they were", () => {
    const { serving, look } = watched(folder.write("site", site()), folder.write("other", site(["other.test"])));
    const before = certs(serving);
    folder.write("other", site(["other.test", "site.test"]));
    look();
    expect(look()).toEqual([
      expect.stringMatching(/^kept site\.pem .* are both for site\.test/),
      expect.stringMatching(/^kept other\.pem /),
    ]);
    expect(certs(serving)).toEqual(before);
  });
});

describe("a certificate that ends within 14 days", () => {
  it("is told of once a day, until it is renewed", () => {
    const now = Date.now();
    const { look } = watched(folder.write("site", site(["site.test"], 20)));
    expect(look(now + 5.9 * DAY_MS)).toEqual([]);
    expect(look(now + 6.1 * DAY_MS)).toEqual([
      expect.stringMatching(/^expiring site\.pem .* expires in 13 days, on \d/),
    ]);
    expect(look(now + 6.2 * DAY_MS)).toEqual([]);
    expect(look(now + 7.2 * DAY_MS)).toEqual([expect.stringMatching(/^expiring site\.pem .* expires in 12 days/)]);
    expect(look(now + 21 * DAY_MS)).toEqual([expect.stringMatching(/^expiring site\.pem .* has expired on \d/)]);
    folder.write("site", site(["site.test"], 90));
    expect([look(now), look(now), look(now + 22 * DAY_MS)]).toEqual([[], ["renewed site.pem"], []]);
  });

  it("is told of also by a clock that was a year ahead, and is right again", () => {
    const now = Date.now();
    const { look } = watched(folder.write("site", site(["site.test"], 3)));
    look(now + 365 * DAY_MS);
    expect(look(now)).toEqual([expect.stringMatching(/^expiring site\.pem .* expires in 2 days/)]);
    expect(look(now + 1_000)).toEqual([]);
  });

  it("is a warning at the start, and only there at first", () => {
    const { look } = watched(folder.write("site", site(["site.test"], 3)));
    expect(look()).toEqual([]);
    expect(look(Date.now() + 1.1 * DAY_MS)).toEqual([expect.stringMatching(/^expiring site\.pem .* in 1 day, on/)]);
  });
});
