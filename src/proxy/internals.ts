/** What a proxy is handed beside its options: by tests, by the demonstration, and by the command line. */
import type { ProxyConfig } from "../config/options.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import type { SharedRateStore } from "../exchange/outer-rate-store.ts";
import type { ChosenNames } from "../net/names/chosen-names.ts";
import type { Listener, ListenOptions } from "../net/ports.ts";
import type { ReloadOptions } from "./reload-report.ts";

export interface Internals {
  readonly observer?: ProxyObserver;
  /** How to be reached by clients. Default: by listening. */
  readonly listen?: (options: ListenOptions) => Promise<Listener>;
  /** Connections are numbered from here on, and so are exchanges. Default: 1. */
  readonly firstId?: number;
  /** Which of several worker processes this is, from 1 on. Default: there are none. */
  readonly worker?: number;
  /** From which the keys of TLS tickets follow, where processes share them. */
  readonly ticketSecret?: string;
  /** How the configuration is read again: then whoever may do so can ask for it on the admin port. */
  readonly readAgain?: () => ProxyConfig | Promise<ProxyConfig>;
  /** How options are read that `reload` is given. */
  readonly read?: (options: ReloadOptions) => ProxyConfig;
  /** What names mean that clients choose. Default: as this machine's hosts file and name servers say. */
  readonly names?: ChosenNames;
  /** Where the tokens of rate limits are counted. Default: here. */
  readonly rateStore?: SharedRateStore | undefined;
}
