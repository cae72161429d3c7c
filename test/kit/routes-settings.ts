/** Settings of a gateway with routes, as a file says them. Their group is `app`, which a stage puts its own origin into. */
import { readGatewayConfig } from "../../src/config/gateway-config.ts";
import { pathText } from "../../src/config/problems.ts";
import type { GatewayConfig } from "../../src/config/public-gateway.ts";
import type { RouteOptions } from "../../src/config/public-route.ts";
import type { SceneSettings } from "./stage.ts";

export function withRoutes(routes: readonly RouteOptions[], rest: GatewayConfig = {}): SceneSettings {
  const groups = { app: { to: "http://127.0.0.1:1" } };
  const { config, problems = [] } = readGatewayConfig({ groups, routes, ...rest }, "/", 10_000);
  if (config === undefined) throw new Error(problems.map(({ path, message }) => pathText(path) + message).join("\n"));
  const { gateway } = config;
  return {
    ...(gateway.routes === undefined ? {} : { routes: gateway.routes }),
    ...(gateway.rateLimit === undefined ? {} : { rateLimit: gateway.rateLimit }),
    isTrusted: gateway.isTrusted,
  };
}
