/**
 * Which product a `Server` or `Via` field names, or a `--product NAME@VERSION`.
 *
 * A `Server` field is a list of products with comments (RFC 9110 section 10.2.4); the first that is known counts, since servers name
 * themselves before their modules. `Via` is read from its end: the last entry is the nearest neighbour (section 7.6.3).
 */
import { products } from "./all.ts";
import type { Product } from "./product.ts";

export interface Recognised {
  readonly product: Product;
  readonly version: string | undefined;
}

const COMMENT = /\([^()]*\)/g;

function known(side: "server" | "via", name: string): Product | undefined {
  const asked = name.toLowerCase();
  return products.find(({ signs }) => signs?.[side]?.some((sign) => sign.toLowerCase() === asked));
}

function recognisedIn(side: "server" | "via", words: readonly string[]): Recognised | undefined {
  for (const word of words) {
    // Jetty writes its version in brackets: Jetty(12.0.1).
    const [, name = word, version] = /^([^/()]+)(?:[/(]([^()]*)\)?)?$/.exec(word) ?? [];
    const product = known(side, name);
    if (product !== undefined) return { product, version: version === "" ? undefined : version };
  }
  return undefined;
}

/** @param server the value of `Server`; @param via the value of `Via`, with all its lines joined by commas */
export function recognise(server: string | undefined, via?: string): Recognised | undefined {
  const own = recognisedIn("server", wordsOf(server ?? ""));
  if (own !== undefined) return own;
  for (const entry of (via ?? "").split(",").reverse()) {
    // `1.1 pseudonym (product/version)`: the comment names the product where there is one.
    const comment = [...entry.matchAll(COMMENT)].flatMap(([text]) => wordsOf(text.slice(1, -1)));
    const [, pseudonym = ""] = entry.replace(COMMENT, " ").trim().split(/\s+/);
    const neighbour = recognisedIn("via", [...comment, pseudonym]);
    if (neighbour !== undefined) return neighbour;
  }
  return undefined;
}

function wordsOf(text: string): string[] {
  const outside = /^\w+\(/.test(text.trim()) ? text : text.replace(COMMENT, " ");
  return outside.trim().split(/\s+/).filter(Boolean);
}
