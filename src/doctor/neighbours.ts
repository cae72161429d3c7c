/**
 * The pools in front of a server: how long well-known clients keep idle connections, and so which of them lose races against a timeout.
 *
 * The rule, hop by hop: the server's idle timeout must be longer than the client's pool keeps a connection, plus the way there and
 * the slack of timers. Deliberately absent: the figures (products/), and whole chains (chain/).
 */
import { productNamed } from "./products/all.ts";
import { seconds } from "./words.ts";

/** The way there, and the slack of timers: ties lose, too. */
const MARGIN_MS = 1_000;

/** What most servers run behind some day. */
const COMMON = ["alb", "nginx"];
/** Those for which many servers are not set up. */
const LONG_LIVED = ["go-client", "google", "cloudflare"];

/** The names of those pools whose connections outlive `idleTimeout_ms`. */
export function poolsThatLose(idleTimeout_ms: number): {
  readonly common: readonly string[];
  readonly longLived: readonly string[];
} {
  const losers = (names: readonly string[]) =>
    names.flatMap((name) => {
      const product = productNamed(name);
      const idle_ms = product?.editions.at(-1)?.origins?.idle_ms;
      if (product === undefined || typeof idle_ms !== "number" || idle_ms + MARGIN_MS <= idleTimeout_ms) return [];
      return [`${product.title} (${seconds(idle_ms)})`];
    });
  return { common: losers(COMMON), longLived: losers(LONG_LIVED) };
}
