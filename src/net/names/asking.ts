/**
 * Asking one name server for one name's addresses, with the runtime's own resolver (c-ares), off its threads.
 *
 * Each question has a resolver, and with it a socket and a port, of its own: that makes answers hard to forge (RFC 5452
 * section 9.2), and one question can be given up without the others. Deliberately absent: who is asked next, and for how
 * long; see look-up.ts.
 */
import { type RecordWithTtl, Resolver } from "node:dns";

export type Family = 4 | 6;

/** Addresses and for how many seconds they hold; or the resolver's error code. */
export type FamilyAnswer = readonly { readonly address: string; readonly ttl: number }[] | string;

/**
 * Asks `server` for the addresses of `name`. Returns how to give up. `told` is never called within this call; what it is
 * told after giving up does not matter.
 */
export type Ask = (
  server: string,
  name: string,
  families: readonly Family[],
  told: (family: Family, answer: FamilyAnswer) => void,
) => () => void;

/** Longer than any look-up: the look-up gives up, not the resolver. */
const RESOLVER_MS = 60_000;

export const askServer: Ask = (server, name, families, told) => {
  const resolver = new Resolver({ timeout: RESOLVER_MS, tries: 1 });
  try {
    resolver.setServers([server]);
  } catch {
    // A line of resolv.conf that the resolver cannot use is a server that does not answer.
    for (const family of families) setImmediate(told, family, "EBADRESP");
    return () => {};
  }
  for (const family of families) {
    const onAnswer = (error: NodeJS.ErrnoException | null, found: RecordWithTtl[]) =>
      told(family, error === null ? found : (error.code ?? "EBADRESP"));
    if (family === 4) resolver.resolve4(name, { ttl: true }, onAnswer);
    else resolver.resolve6(name, { ttl: true }, onAnswer);
  }
  return () => resolver.cancel();
};
