/**
 * The options of the PROXY protocol: whose headers are believed, and where one is sent.
 *
 * Deliberately absent: reading and writing headers, see wire/proxy-header.ts and wire/proxy-header-writing.ts.
 */
import * as z from "zod";
import { proxyHeaderVersions } from "../pool/origin-address.ts";
import { kind, option } from "./option.ts";
import { invalid, networkTest, readNetwork } from "./values.ts";

const HOW = "write addresses or ranges, like 10.0.0.0/8";

/** A new one each time: each has its own text. */
export function balancerNetworks() {
  return kind(z.union([z.string(), z.array(z.string()).readonly()]), HOW, (value): readonly string[] => {
    const networks = [value].flat().flatMap((part) => part.split(",").map((network) => readNetwork(network)));
    if (networks.length === 0) throw invalid(`it is empty: ${HOW}`);
    return networks;
  }).optional();
}

export function sentHeaderVersion() {
  return z.enum(proxyHeaderVersions).describe("write v1 or v2").optional();
}

export const proxyProtocolOption = option(balancerNetworks(), {
  group: "way",
  placeholder: "<cidr>",
  isList: true,
  description:
    "balancers whose connections begin with a header of the PROXY protocol (version 1 or 2), which says who the client is; " +
    "repeatable",
  defaultText: "none",
  reason: "a header is an address that anyone could write",
});

export const sendProxyProtocolOption = option(sentHeaderVersion(), {
  group: "origins",
  placeholder: "<v1|v2>",
  description:
    "begin each connection to an origin with a header of the PROXY protocol that says who the client is; it then carries that " +
    "client's requests alone",
  defaultText: "none",
  reason: "an origin that does not expect one takes it for a malformed request",
});

/** Balancers, as they were written and as they are asked for. */
export interface Balancers {
  readonly networks: readonly string[];
  readonly has: (address: string) => boolean;
}

/** Nobody is one: undefined. */
export function balancersIn(networks: readonly string[] | undefined): Balancers | undefined {
  if (networks === undefined) return undefined;
  return { networks, has: networkTest(networks) };
}
