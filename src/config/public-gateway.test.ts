/** The configuration as editors know it is the one that is read: the schema and the interface have the same keys. */
import { expect, it } from "vitest";
import type * as z from "zod";
import type { gatewaySchema, listenerSchema } from "./gateway-schema.ts";
import type { groupSchema } from "./group-schema.ts";
import type { ejectionSchema, healthSchema } from "./health-schema.ts";
import type { GatewayConfig, ListenerOptions } from "./public-gateway.ts";
import type { GroupOptions } from "./public-group.ts";
import type { EjectionOptions, HealthOptions } from "./public-health.ts";
import type { RouteOptions } from "./public-route.ts";
import type { routeSchema } from "./route-schema.ts";

/** `true` where both have the same keys; otherwise this does not compile. */
type SameKeys<One, Other> = [keyof One, keyof Other] extends [keyof Other, keyof One] ? true : false;
type Hooks = "onRequest" | "onResponse" | "onError" | "onUpgradeError";

it("each key of the schema is one of the interface, and the other way round", () => {
  const areSame: readonly true[] = [true, true, true, true, true, true] satisfies [
    SameKeys<z.input<typeof gatewaySchema>, Omit<GatewayConfig, Hooks>>,
    SameKeys<z.input<typeof listenerSchema>, ListenerOptions>,
    SameKeys<z.input<typeof groupSchema>, GroupOptions>,
    SameKeys<z.input<typeof routeSchema>, RouteOptions>,
    SameKeys<z.input<typeof healthSchema>, HealthOptions>,
    SameKeys<z.input<typeof ejectionSchema>, EjectionOptions>,
  ];
  const areDifferent: SameKeys<{ a: 1 }, { b: 1 }> = false;
  expect([...areSame, areDifferent]).toStrictEqual([true, true, true, true, true, true, false]);
});
