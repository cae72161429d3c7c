/** The habits of a small reverse proxy: what it does to the connections and messages of others. `healthy` is how it should be. */

export interface Habits {
  /** Hop-by-hop fields are copied as they came: in requests, in responses, in interim ones, in trailers. */
  readonly copies: readonly ("requests" | "responses" | "interims" | "trailers")[];
  readonly interims: "passed on" | "dropped" | "taken for the response";
  readonly http10: "closes" | "stays open";
  /** `relays`: what the origin says about keep-alive is told to the client, whose next request is ignored. */
  readonly keepAlive: "own" | "refused" | "relays" | "refuses and stays open";
  readonly proxyConnection: "ignored" | "relays";
  readonly onClientsClose: "announces and closes" | "closes" | "stays open" | "tells the origin";
  readonly originsClose: "stays there" | "closes the client" | "loses the next request";
  readonly reuses: boolean;
  readonly retries: "idempotent" | "nothing" | "everything";
  readonly surplus: "gives the connection up" | "is the next response";
  /** `is seen late`: as by a process that the system lets wait. */
  readonly unsolicited: "gives the connection up" | "is the next response" | "is seen late";
  readonly truncation: "visible" | "completed" | "waits";
  readonly responses: "stream" | "held back";
  readonly requests: "stream" | "held back";
  readonly clientReset: "cancels" | "goes on";
  readonly clientFin: "cancels" | "serves" | "goes on";
  readonly chunksToOld: boolean;
  readonly earlyAnswer: "passed on" | "passed on, then reset" | "lost";
  readonly forwardingFields: "removed" | "passed on" | "appended";
  readonly location: "rewritten" | "passed on";
  /** `without its option`: `Upgrade` goes on, and `Connection: upgrade` does not. */
  readonly upgrade: "tunnel" | "without its option" | "ignored" | "deaf tunnel" | "waits";
  readonly lendsAuthenticated: boolean;
  readonly ambiguous: "refused" | "passed on";
  readonly drain: "graceful" | "silent" | "cuts" | "cuts idle clients' requests" | "serves on";
}

export const healthy: Habits = {
  copies: [],
  interims: "passed on",
  http10: "closes",
  keepAlive: "own",
  proxyConnection: "ignored",
  onClientsClose: "announces and closes",
  originsClose: "stays there",
  reuses: true,
  retries: "idempotent",
  surplus: "gives the connection up",
  unsolicited: "gives the connection up",
  truncation: "visible",
  responses: "stream",
  requests: "stream",
  clientReset: "cancels",
  clientFin: "serves",
  chunksToOld: false,
  earlyAnswer: "passed on",
  forwardingFields: "removed",
  location: "rewritten",
  upgrade: "tunnel",
  lendsAuthenticated: false,
  ambiguous: "refused",
  drain: "graceful",
};
