/**
 * Which runtime this is, and how connections stand on it: told at start, in `/stats` and in `/metrics`.
 *
 * On handles a request costs about two thirds, and a large body a third, of what it costs on streams, and nobody sees the
 * difference from outside. So a Node whose handles are not known is a warning. Deliberately absent: how they are learnt
 * (runtime-shape.ts).
 */
import { bun } from "./bun-api.ts";
import { isShapeKnown } from "./node-handles/runtime-shape.ts";

export interface RuntimeFacts {
  readonly name: "node" | "bun";
  /** `24.22.3` */
  readonly version: string;
  /** `handles`: Node's bare handles; `streams`: the sockets of `node:net`, slower; `bun`: Bun's own sockets. */
  readonly sockets: "handles" | "streams" | "bun";
}

export const runtimeFacts: RuntimeFacts =
  bun === undefined
    ? { name: "node", version: process.versions.node, sockets: isShapeKnown ? "handles" : "streams" }
    : { name: "bun", version: process.versions.bun ?? "unknown", sockets: "bun" };

/** What an operator should know of the runtime; one sentence each. */
export const runtimeWarnings: readonly string[] =
  runtimeFacts.sockets === "streams"
    ? [
        `the sockets of Node ${runtimeFacts.version} are not known, so connections take a slower way: everything works, and ` +
          "costs up to three times the processor time; the newest Node 20, 22, 24 and 26 are known",
      ]
    : [];
