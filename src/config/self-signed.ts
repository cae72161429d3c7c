/**
 * A certificate for development: made at the start, kept in memory, and trusted by nobody who is not told to.
 *
 * Deliberately absent: files. A key that outlives its process would have to be kept, and looked after.
 */
import { hostname } from "node:os";
import type { Certificate } from "../net/tls/tls-serving.ts";
import { makeCertificate } from "./x509.ts";

/** In place of its file's name. */
export const SELF_SIGNED = "self-signed";
const LIFE_MS = 90 * 24 * 3_600_000;
/** Clocks of virtual machines and containers differ a little from their host's. */
const BEFORE_MS = 3_600_000;
/** They are all addresses, and none. */
const ANY: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** For this machine, and for these hosts that it listens on. */
export function selfSigned(hosts: readonly string[], now_ms: number): Certificate {
  const given = [...hosts.filter((host) => !ANY.has(host)), hostname().toLowerCase()];
  const names = [...new Set(["localhost", "127.0.0.1", "::1", ...given])].filter((name) => /^[a-z0-9.:-]+$/.test(name));
  const expiresAt_ms = now_ms + LIFE_MS;
  const made = makeCertificate({
    names,
    subject: "hopwise, for development",
    from_ms: now_ms - BEFORE_MS,
    until_ms: expiresAt_ms,
  });
  return { file: SELF_SIGNED, names, ...made, expiresAt_ms };
}
