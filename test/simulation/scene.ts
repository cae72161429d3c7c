/** What all actors of one simulated world share. */

import type { GatewaySettings } from "../../src/exchange/settings.ts";
import type { Schedule } from "../../src/net/simulated/schedule.ts";
import type { RequestRecord } from "./record.ts";
import type { Timeline } from "./timeline.ts";

export interface Scene {
  readonly schedule: Schedule;
  readonly timeline: Timeline;
  readonly settings: GatewaySettings;
  /** Every request that a client may send, by its id. */
  readonly records: Map<string, RequestRecord>;
  /** No faults any more: origins are well-behaved, and every new request must succeed. */
  isCalm: boolean;
  /** The proxy announces the end of every connection. */
  isDraining: boolean;
  /**
   * Whether the proxy has an exchange in progress for that request.
   *
   * @param originPort of the connection that its tunnel uses; unknown, or it has none: undefined
   */
  isUnderWay(id: string, originPort?: number): boolean;
}
