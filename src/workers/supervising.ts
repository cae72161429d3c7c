/** What a supervisor is given to work by, and what it tells of its workers. */
import type { Readable } from "node:stream";
import type { ListenAddress } from "../config/values.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import type { News } from "./protocol.ts";

/** What all workers do; another one may take its place. */
export interface WorkPlan {
  /** Each worker's. */
  readonly options: object;
  /** Where, for each listener. */
  readonly listen: readonly ListenAddress[];
  /** The certificate of `tls: self-signed`. */
  readonly certificate?: Certificate | undefined;
  /** There is an admin server, on which somebody may ask what ended last. */
  readonly isAsked?: boolean;
  /** Other programs may listen there, too. */
  readonly reusesPort?: boolean;
  /** How long the listener stays open once draining began; workers wait as long, see the library's `close()`. */
  readonly drainDelay_ms: number;
  readonly drainTimeout_ms: number;
}

export interface SupervisorOptions {
  readonly count: number;
  readonly program: string;
  readonly kind: string;
  readonly plan: WorkPlan;
  /** The sockets that this process was given, each in its listener's place. */
  readonly fds?: readonly (number | undefined)[];
  readonly readOutput?: ((output: Readable) => void) | undefined;
}

/** Another plan, which all workers have ready. */
export interface PreparedPlan {
  /** All go on with it. Cannot fail. Settled with the numbers of those that have not said that they did. */
  commit(): Promise<readonly number[]>;
  /** Nothing has changed. */
  abandon(): void;
}

export interface Loss {
  readonly worker: number;
  readonly pid: number | undefined;
  /** `SIGKILL`, `exit code 1`, `hung`. */
  readonly how: string;
  /** Exchanges and tunnels that it had in progress when it told its figures last. */
  readonly inProgress: number;
  /** When its successor starts; none will: undefined. */
  readonly restart_ms: number | undefined;
}

export interface SupervisorEvents {
  onNews(worker: number, news: News): void;
  onLost(loss: Loss): void;
  /** A worker has said nothing for some time; it is replaced if that goes on. */
  onSilent(worker: number, pid: number | undefined): void;
  /** One that was silent works on. */
  onHeard(worker: number, pid: number | undefined): void;
  /** A successor takes connections. */
  onRestarted(worker: number, lost: number): void;
  /** A connection could not be accepted, or handed over. */
  onAcceptFault(code: string): void;
}
