/** The clients' connections of a gateway on which HTTP/1 is spoken, with what only those have. */
import { DownstreamConnection } from "../../src/gateway/downstream.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";

export function http1Clients({ clients }: Gateway): DownstreamConnection[] {
  return [...clients.connections].filter((one) => one instanceof DownstreamConnection);
}
