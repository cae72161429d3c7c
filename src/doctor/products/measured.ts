/** Measured defaults of products. Written by `npm run zoo -- --page` from docs/field-guide.json: edit test/zoo, not this file. */
import type { ClientSide } from "./product.ts";

export interface MeasuredDefault extends Pick<ClientSide, "idle_ms" | "grace_ms" | "requestsMax" | "advertises"> {
  readonly product: string;
  readonly version: string;
}

export const measuredIn = "2026-11";

// biome-ignore format: a row for each product
export const measuredDefaults: readonly MeasuredDefault[] = [
  { product: "node", version: "20.20.2", idle_ms: 5_000, grace_ms: 1_000, advertises: "timeout" },
  { product: "node", version: "22.23.5", idle_ms: 5_000, grace_ms: 1_000, advertises: "timeout" },
  { product: "node", version: "24.22.3", idle_ms: 5_000, grace_ms: 1_000, advertises: "timeout" },
  { product: "node", version: "26.12.1", idle_ms: 5_000, grace_ms: 1_000, advertises: "timeout" },
  { product: "fastify", version: "5.12.8", idle_ms: 72_000, grace_ms: 1_000, advertises: "timeout" },
  { product: "nginx", version: "1.22.1", idle_ms: 75_000, requestsMax: 1_000, advertises: "nothing" },
  { product: "apache", version: "2.4.71", idle_ms: 5_000, requestsMax: 101, advertises: "timeout and max" },
  { product: "lighttpd", version: "1.4.69", idle_ms: 6_000, requestsMax: 1_001, advertises: "nothing" },
  { product: "varnish", version: "7.1.1", idle_ms: 5_000, advertises: "nothing" },
  { product: "squid", version: "5.7", idle_ms: 120_000, advertises: "nothing" },
  { product: "hopwise", version: "0.1.0", idle_ms: 74_000, grace_ms: 1_000, advertises: "timeout" },
];
