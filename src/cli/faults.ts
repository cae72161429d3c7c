/**
 * Faults of hopwise itself are said loudly, and do not take other people's connections with them.
 *
 * Whatever clients and origins send is a value or an answer, never an exception. A bug of ours in the handling of an event ends
 * the connection it belongs to (connection/confining.ts); what shows anywhere else arrives here, as the last resort.
 */
import { styled, type Terminal } from "./terminal.ts";

export function surviveFaults(terminal: Terminal): void {
  const onFault = (fault: unknown) =>
    warnOfFault(terminal, fault instanceof Error ? (fault.stack ?? fault.message) : String(fault));
  process.on("uncaughtException", onFault);
  process.on("unhandledRejection", onFault);
}

/** @param message its text, with where it showed */
export function warnOfFault(terminal: Terminal, message: string): void {
  terminal.warn(`${styled(["bold", "red"], "hopwise: a fault of its own, please report it")}\n${message}`);
  terminal.json({ type: "fault", message });
}
