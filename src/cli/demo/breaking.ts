/**
 * What can be broken in the showroom, what to watch then, and how things stand.
 *
 * Deliberately absent: who may do so, see showroom.ts; how it looks, see showroom-page.ts.
 */
import type { ProxyStats } from "../../index.ts";
import { type Comparison, comparisonData } from "./comparison.ts";
import { FLOOD_CLIENTS, type Flood } from "./flood.ts";
import { CLIENTS_MAX, type Gateways, type GatewaysState } from "./gateways.ts";
import type { BreakableOrigin } from "./origins.ts";

/** What an origin's patience is shortened to. */
export const SHORT_IDLE_MS = 1_000;

/** Each with what its button says, and one sentence of what to watch in the dashboard. */
export const deeds = {
  "stop-origin": {
    button: "Stop",
    watch:
      "Failures: each request to it gets 502 with connect-failed, the cause and what to do; the naive proxy's clients get a bare 502.",
  },
  "start-origin": {
    button: "Start again",
    watch: "Origins: the next request opens a connection, and it is well again.",
  },
  "shorten-origin": {
    button: "Shorten its timeout",
    watch:
      "Origins: after a few closes hopwise has learned the shorter lifetime and retires connections before it; the naive proxy loses requests.",
  },
  "restore-origin": {
    button: "As it was",
    watch: "Origins: connections that live longer than what was learned raise it again.",
  },
  flood: {
    button: "Flood with idle clients",
    watch: `Connections: ${FLOOD_CLIENTS} clients come for ${CLIENTS_MAX} places; the longest idle give way (evicted), and the traffic goes on.`,
  },
  drain: {
    button: "Drain",
    watch:
      "Connections: what is in flight finishes, idle ones close with drained, and /readyz says 503. Nothing is cut.",
  },
  begin: {
    button: "Start again",
    watch: "Numbers: the gateways listen at the same ports again, and what was counted stays.",
  },
} as const;
export type Deed = keyof typeof deeds;

export interface OriginState {
  readonly name: string;
  readonly temper: string;
  readonly isUp: boolean;
  readonly isShort: boolean;
  /** It never keeps a connection. */
  readonly closesAlways: boolean;
}

export interface ShowroomState {
  /** Nothing serves it: null. */
  readonly dashboard: string | null;
  readonly gateways: GatewaysState;
  readonly comparison: object | null;
  readonly exchanges: number;
  readonly retries: number;
  readonly clients: number;
  readonly evicted: number;
  readonly reusedPercent: number | null;
  readonly origins: readonly OriginState[];
  /** What to watch behind what was done last. */
  readonly watch: string;
}

export interface Room {
  readonly origins: readonly BreakableOrigin[];
  readonly gateways: Gateways;
  readonly flood: Flood;
  readonly comparison: () => Comparison | undefined;
  readonly stats: () => ProxyStats;
  readonly dashboard: string | undefined;
  /** The gateways take no more, or do again. */
  readonly onServing: (isServing: boolean) => void;
  /** Starts them again. */
  readonly startAgain: () => Promise<void>;
}

export class Breaking {
  private readonly room: Room;
  private readonly idleBefore = new Map<string, number>();
  private watch = "";

  constructor(room: Room) {
    this.room = room;
  }

  /** @param name of the origin, where it is about one; there is none of this name: nothing is done */
  async do(deed: Deed, name: string): Promise<void> {
    const { gateways, flood, onServing, startAgain } = this.room;
    const origin = this.room.origins.find((one) => one.name === name);
    switch (deed) {
      case "stop-origin":
        origin?.stop();
        break;
      case "start-origin":
        await origin?.start();
        break;
      case "shorten-origin":
        if (origin?.idle_ms === undefined) return;
        if (!this.idleBefore.has(name)) this.idleBefore.set(name, origin.idle_ms);
        origin.letIdle(SHORT_IDLE_MS);
        break;
      case "restore-origin": {
        const before = this.idleBefore.get(name);
        if (before === undefined) return;
        origin?.letIdle(before);
        this.idleBefore.delete(name);
        break;
      }
      case "flood":
        if (gateways.state === "serving") flood.begin(gateways.pairs[0]?.url ?? "");
        break;
      case "drain":
        onServing(false);
        // It takes as long as what is in flight, and can be watched.
        void gateways.drain();
        break;
      case "begin":
        await startAgain();
        onServing(true);
        break;
    }
    this.watch = deeds[deed].watch;
  }

  state(): ShowroomState {
    const { origins, gateways, stats, dashboard } = this.room;
    const { exchanges, connections, reuse } = stats();
    const comparison = this.room.comparison();
    return {
      dashboard: dashboard ?? null,
      gateways: gateways.state,
      comparison: comparison === undefined ? null : comparisonData(comparison),
      exchanges: exchanges.total,
      retries: exchanges.retries,
      clients: connections.downstream.open,
      evicted: connections.downstream.closed.evicted ?? 0,
      reusedPercent: reuse.ratio === undefined ? null : Math.round(reuse.ratio * 100),
      origins: origins.map(({ name, temper, isUp, idle_ms }) => ({
        ...{ name, temper, isUp },
        isShort: this.idleBefore.has(name),
        closesAlways: idle_ms === undefined,
      })),
      watch: this.watch,
    };
  }
}
