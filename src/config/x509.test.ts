/** Certificates that are made here are what other programs take for such. */
import { X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import { makeCertificate } from "./x509.ts";

const [from_ms, until_ms] = [Date.UTC(2026, 0, 2, 3, 4, 5), Date.UTC(2051, 5, 6, 7, 8, 9)];

it("an authority, and what it has issued", () => {
  const authority = makeCertificate({ names: [], subject: "an authority", from_ms, until_ms, isAuthority: true });
  const names = ["site.test", "*.site.test", "127.0.0.1", "::1", "2001:db8::1:0:2"];
  const issued = makeCertificate({ names, subject: "a site", from_ms, until_ms, issuer: authority });
  const [ca, leaf] = [new X509Certificate(authority.cert), new X509Certificate(issued.cert)];
  expect([ca.ca, leaf.ca]).toEqual([true, false]);
  expect([ca.subject, ca.issuer, leaf.subject, leaf.issuer]).toEqual([
    "CN=an authority",
    "CN=an authority",
    "CN=a site",
    "CN=an authority",
  ]);
  expect([ca.verify(ca.publicKey), leaf.verify(ca.publicKey), leaf.verify(leaf.publicKey)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(leaf.checkIssued(ca)).toBe(true);
  expect(["site.test", "a.site.test", "a.b.site.test"].map((name) => leaf.checkHost(name) !== undefined)).toEqual([
    true,
    true,
    false,
  ]);
  expect(["127.0.0.1", "::1", "2001:db8::1:0:2", "127.0.0.2"].map((ip) => leaf.checkIP(ip) !== undefined)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect([Date.parse(leaf.validFrom), Date.parse(leaf.validTo)]).toEqual([from_ms, until_ms]);
});

it("each has a serial number of its own", () => {
  const serials = Array.from({ length: 20 }, () => {
    const { cert } = makeCertificate({ names: ["a"], subject: "a", from_ms, until_ms });
    return new X509Certificate(cert).serialNumber;
  });
  expect(new Set(serials).size).toBe(20);
});
