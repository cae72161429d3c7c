/** Whether a text is an address, and of which kind: for rooms that reach the network through the ports alone. */
import { isIP } from "node:net";

/** 4 or 6; what is no address: 0. */
export function familyOf(text: string): 0 | 4 | 6 {
  return isIP(text) as 0 | 4 | 6;
}
