/**
 * What a name means: its addresses, and which of them may be dialed.
 *
 * With a guard, every address is judged between its resolution and its use: a name is resolved once, and only what the
 * guard lets pass is ever tried (so a name that changes its meaning in between gains nothing). Deliberately absent: dialing.
 */
import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import { isIP } from "node:net";
import type { DialGuard } from "./dial-guard.ts";
import type { Address, DialRefusal } from "./ports.ts";

/** What a name means: all its addresses. */
export type Resolve = (
  name: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** As the system resolves it. */
export const lookupAll: Resolve = lookup;

export interface Guarding {
  readonly guard: DialGuard;
  readonly resolve: Resolve;
}

/** Why an address that is written out, and so never looked up, is not dialed. */
export function refusalOfLiteral(address: Address, guard: DialGuard | undefined): DialRefusal | undefined {
  if (guard === undefined || address.kind !== "tcp" || isIP(address.host) === 0) return undefined;
  return guard.refusal(address.host, address.port);
}

/** The addresses that may be dialed; if there are none, why. */
export function allowedOf(
  found: readonly LookupAddress[],
  port: number,
  guard: DialGuard,
): readonly LookupAddress[] | DialRefusal {
  const refusals = found.map(({ address }) => guard.refusal(address, port));
  const allowed = found.filter((_, index) => refusals[index] === undefined);
  if (allowed.length > 0) return allowed;
  return refusals.includes("loop-detected") ? "loop-detected" : "address-not-public";
}
