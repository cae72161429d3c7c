/**
 * Routing of a forward proxy: each request goes to the origin that its target names, each tunnel where it was asked for, unless the
 * application sends it elsewhere; what it chooses is judged as what a client does.
 *
 * Origins are told apart by host and port (RFC 9110 section 4.3.1). Tunnels have pools of their own: their connections
 * are never reused, but count, are limited and are named as all others. Deliberately absent: which addresses may be
 * dialed; that is known only when a name is resolved (net/dial-guard.ts).
 */

import type { Admission } from "../exchange/admission.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { Routing } from "../exchange/routing.ts";
import type { ForwardSettings } from "../exchange/settings.ts";
import type { Address } from "../net/ports.ts";
import type { PoolDirectory } from "../pool/directory.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { OriginAddress } from "../pool/origin-address.ts";
import type { Pool } from "../pool/pool.ts";
import { type Destination, destinationOf, type Target } from "../wire/target.ts";

/** Which ports are named in targets with success: there are services that take a request's lines for orders of their own. */
export type AllowedPorts = Pick<ForwardSettings, "mayConnectTo" | "mayRequestFrom">;

export class ByTarget implements Routing {
  private readonly directory: PoolDirectory;
  private readonly ports: AllowedPorts;

  constructor(directory: PoolDirectory, ports: AllowedPorts) {
    this.directory = directory;
    this.ports = ports;
  }

  poolFor({ denied, target, client = "", origin: chosen }: Admission): Pool | AnswerReason {
    if (denied !== undefined) return denied;
    const address = chosen === undefined ? addressNamedBy(target) : chosen.address;
    if (address?.kind !== "tcp") return "host-invalid";
    const isTunnel = target.form === "authority";
    if (isTunnel && !this.ports.mayConnectTo(address.port)) return "connect-port-forbidden";
    if (!isTunnel && !this.ports.mayRequestFrom(address.port)) return "port-forbidden";
    const authority = authorityOf(address);
    const name = isTunnel ? authority : `${address.tls === undefined ? "http" : "https"}://${authority}`;
    const known = this.directory.find(name, client);
    if (known !== undefined) return known;
    const origin: OriginAddress = { address, name, authority, isNamedByClients: true };
    return this.directory.add(name, origin, client, isTunnel ? "tunnel" : undefined) ?? "too-many-origins";
  }

  get endpoints(): readonly Endpoint[] {
    return this.directory.endpoints;
  }

  get waiting(): number {
    return this.directory.waiting;
  }

  drain(onEmpty: () => void): void {
    this.directory.drain(onEmpty);
  }
}

function addressNamedBy(target: Target): Address | undefined {
  const destination = destinationOf(target);
  return destination === undefined ? undefined : { kind: "tcp", ...destination };
}

function authorityOf({ host, port }: Destination): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
