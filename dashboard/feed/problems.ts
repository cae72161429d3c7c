/** Why the admin port does not tell, in words, and what to do. Deliberately absent: noticing it, see feed.ts. */

export interface Problem {
  readonly kind: "lost" | "refused" | "figures-alone";
  /** One sentence. */
  readonly what: string;
  /** Another. */
  readonly todo: string;
}

export const lost: Problem = {
  kind: "lost",
  what: "hopwise cannot be reached.",
  todo: "Check that it still runs, and at which port it says its admin server is. This page tries again every second.",
};

/** It is there, and takes its time: its machine is busy, or stopped. */
export const slow: Problem = {
  kind: "lost",
  what: "hopwise takes too long to answer here.",
  todo: "Check how busy its machine is. This page tries again every second.",
};

/** @param detail what the answer says itself; nothing: empty */
export function problemOf(status: number, detail: string): Problem {
  switch (status) {
    case 401:
      return {
        kind: "refused",
        what: "hopwise asks for a token before it shows anything.",
        todo: "Load this page again: it asks for the token then.",
      };
    case 429:
      return {
        kind: "refused",
        what: "hopwise got too many wrong tokens from this address.",
        todo: "Wait a minute, then load this page again.",
      };
    case 403:
      return {
        kind: "refused",
        what: "hopwise refuses to be read from this page.",
        todo: "Open the address of the admin port itself: pages of other sites, and frames in them, may not read it.",
      };
    case 421:
      return {
        kind: "refused",
        what: "hopwise does not answer to the name in this page's address.",
        todo: "Open the page by an IP address, localhost or this machine's name.",
      };
    case 501:
      return {
        kind: "figures-alone",
        what: "Single connections and exchanges are not told here.",
        todo: detail || "This proxy keeps figures alone: they are under Origins and Numbers.",
      };
    default:
      return {
        kind: "lost",
        what: `The admin port answers ${status}.`,
        todo: detail || "Check that this address is hopwise's admin port. This page tries again every second.",
      };
  }
}
