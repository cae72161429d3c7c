/**
 * The last resort: a fault in hopwise itself is logged loudly, and does not take other people's connections with it.
 *
 * Whatever clients and origins send is a value or an answer, never an exception; what arrives here is a bug of ours, in
 * the handling of one event of one connection. Its connection is left to its deadlines.
 */
import { styled, type Terminal } from "./terminal.ts";

export function surviveFaults(terminal: Terminal): void {
  const onFault = (fault: unknown) => {
    const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
    terminal.warn(`${styled(["bold", "red"], "hopwise: a fault of its own, please report it")}\n${text}`);
    terminal.json({ type: "fault", message: text });
  };
  process.on("uncaughtException", onFault);
  process.on("unhandledRejection", onFault);
}
