/** What a proxy is given to go on with, and what it says of that. */
import type { GatewayConfig } from "../config/public-gateway.ts";
import type { ProxyOptions } from "../config/public-options.ts";
import type { ListenerPlace } from "./listening.ts";

export type ReloadOptions = GatewayConfig | ProxyOptions;

export interface ReloadReport {
  /** Of the configuration that is in use now; counted from 1 on. */
  readonly version: number;
  /** What is otherwise than before, in a few words each; nothing: empty. */
  readonly changes: readonly string[];
  /** Where the proxy listens now. */
  readonly listeners: readonly ListenerPlace[];
  /** What works, but perhaps not as you think: one sentence each. */
  readonly warnings: readonly string[];
}

/** Another configuration, which all is ready for. */
export interface PreparedReload {
  /** Goes on with it. @throws HopwiseError `already-closed`; then nothing has changed */
  commit(): ReloadReport;
  /** Nothing has changed. */
  abandon(): void;
}

/** The latest configuration, where it was refused. */
export interface FailedReload {
  readonly time: string;
  /** All that is wrong, a line each. */
  readonly problem: string;
}
