/**
 * What the operator wants: every option with its default and the reason for it. Flags, files and library options are the
 * same thing.
 */
import { BlockList, isIP } from "node:net";
import { parseOriginAddress } from "../pool/origin-address.ts";
import type { GatewaySettings } from "../proxy/settings.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";

/** Options of a gateway. Times are milliseconds, sizes octets. */
export interface ProxyOptions {
  /** Where requests go: `http://host:port`, `https://host:port`, `unix:/path`; several share the load. */
  readonly to: string | readonly string[];
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 8080; 0: any free port. */
  readonly port?: number;
  readonly keepAliveTimeout?: number;
  readonly maxRequests?: number;
  readonly maxConnections?: number;
  readonly headTimeout?: number;
  readonly bodyTimeout?: number;
  readonly connectTimeout?: number;
  readonly responseTimeout?: number;
  readonly tunnelTimeout?: number;
  readonly poolIdleTimeout?: number;
  readonly poolSize?: number;
  readonly maxHeadSize?: number;
  readonly trusted?: readonly string[];
  readonly forwarded?: boolean;
  readonly viaName?: string;
}

export function settingsFrom(options: ProxyOptions): GatewaySettings {
  const origins = typeof options.to === "string" ? [options.to] : options.to;
  const trusted = new BlockList();
  for (const entry of options.trusted ?? []) {
    const [address = "", prefix] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(prefix), family);
  }
  return {
    origins: origins.map(parseOriginAddress),
    keepAliveTimeout_ms: options.keepAliveTimeout ?? 75_000,
    maxRequests: options.maxRequests ?? 0,
    maxConnections: options.maxConnections ?? 10_000,
    headTimeout_ms: options.headTimeout ?? 30_000,
    bodyTimeout_ms: options.bodyTimeout ?? 60_000,
    connectTimeout_ms: options.connectTimeout ?? 5_000,
    responseTimeout_ms: options.responseTimeout ?? 60_000,
    tunnelTimeout_ms: options.tunnelTimeout ?? 3_600_000,
    poolIdleTimeout_ms: options.poolIdleTimeout ?? 60_000,
    poolSize: options.poolSize ?? 1_024,
    headLimits: { ...defaultHeadLimits, headBytesMax: options.maxHeadSize ?? defaultHeadLimits.headBytesMax },
    isTrusted: (address) => address !== "" && trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"),
    sendsForwarded: options.forwarded ?? false,
    viaName: options.viaName ?? `hopwise-${Math.random().toString(36).slice(2, 8)}`,
  };
}
