/**
 * What names mean that clients choose: the hosts file first, then name servers, without the runtime's few threads, so that a
 * dead name server costs nobody but those who ask for its names.
 *
 * Look-ups are shared, bounded in all and per client, and run to their end though nobody waits any more: their result counts
 * for the next one who asks. When there are as many as may be, one that nobody waits for gives way, then one of the client
 * that has most. Deliberately absent: the system's other sources of names (nsswitch.conf), and which addresses may be dialed:
 * the guard judges these at each dial (net/dial-guard.ts).
 */
import { getServers } from "node:dns";
import { isIPv6 } from "node:net";
import { nodeClock } from "../node-clock.ts";
import type { Clock, DialRefusal } from "../ports.ts";
import type { Found, Names } from "../resolving.ts";
import { type Ask, askServer } from "./asking.ts";
import { ChangingFile } from "./changing-file.ts";
import { type Hosts, parseHosts } from "./hosts-file.ts";
import { LookUp, type LookUpResult } from "./look-up.ts";
import { candidatesFor, parseResolverConfig, type ResolverConfig } from "./resolver-config.ts";
import { specialMeaning } from "./special-names.ts";

/** Look-ups under way; each has a descriptor. A look-up takes milliseconds, or seconds where name servers are dead. */
export const LOOKUPS_MAX = 256;
/** One client's part of them. */
const CLIENT_SHARE = 1 / 2;
/** Names that are remembered: more than are visited within their time to live. A MiB; 10 MiB if all have many addresses. */
const REMEMBERED_MAX = 4_096;
/** However short its time to live, an answer serves the burst that asked for it; the guard judges it at each dial. */
const FRESH_MS_MIN = 1_000;
/** Who moves a name in a hurry waits no longer than this. */
const FRESH_MS_MAX = 600_000;
/** That there is no such name, or that nobody could tell (RFC 9520 section 3.2), and what is known in part only. */
const DOUBTFUL_MS = 5_000;

const TOO_MANY: DialRefusal = "too-many-lookups";
/** There is no server that could be asked: as the system's resolver says of servers that do not know. */
const NO_SERVER = "EAI_AGAIN";

export interface ChosenNamesOptions {
  /** Look-ups under way at once. */
  readonly lookupsMax?: number;
  readonly clock?: Clock;
  readonly ask?: Ask;
  readonly hosts?: () => Hosts;
  readonly config?: () => ResolverConfig;
  /** Those that the runtime knows of, for a system without resolv.conf. */
  readonly usualServers?: () => readonly string[];
}

interface Known {
  readonly result: Found;
  readonly until_ms: number;
  /** How often it was told: each time another address comes first. */
  turn: number;
}

interface UnderWay {
  readonly client: string;
  readonly waiting: Set<(result: Found) => void>;
  /** What is known already. */
  addresses: readonly string[] | undefined;
  lookUp: LookUp | undefined;
}

export class ChosenNames implements Names {
  private readonly lookupsMax: number;
  private readonly clock: Clock;
  private readonly ask: Ask;
  private readonly hosts: () => Hosts;
  private readonly config: () => ResolverConfig;
  private readonly usualServers: () => readonly string[];
  private latestConfig: ResolverConfig | undefined;
  /** The server that answered last. */
  private latestServer: string | undefined;
  /** In the order in which they were asked for last. */
  private readonly known = new Map<string, Known>();
  /** By name, in the order in which they began. */
  private readonly underWay = new Map<string, UnderWay>();
  private readonly lookupsOf = new Map<string, number>();

  constructor(options: ChosenNamesOptions = {}) {
    const { lookupsMax = LOOKUPS_MAX, clock = nodeClock, ask = askServer, hosts, config } = options;
    this.usualServers = options.usualServers ?? getServers;
    this.lookupsMax = lookupsMax;
    this.clock = clock;
    this.ask = ask;
    this.hosts = hosts ?? contentOf(new ChangingFile("/etc/hosts", parseHosts, clock));
    this.config = config ?? contentOf(new ChangingFile("/etc/resolv.conf", parseResolverConfig, clock));
  }

  find(host: string, client: string, found: (result: Found) => void): () => void {
    const name = host.toLowerCase();
    const result = this.hosts().get(name.replace(/\.$/, "")) ?? specialMeaning(name) ?? this.remembered(name);
    if (result !== undefined) return tellNow(found, result);
    const begun = this.underWay.get(name) ?? this.begin(name, client);
    if (typeof begun === "string") return tellNow(found, begun);
    const { addresses, waiting } = begun;
    if (addresses !== undefined) return tellNow(found, addresses);
    waiting.add(found);
    return () => void waiting.delete(found);
  }

  /** Ends all look-ups: their sockets would keep the process alive. Anyone who still waits is told `EAI_AGAIN`. */
  close(): void {
    for (const [name, it] of this.underWay) this.end(name, it, NO_SERVER);
  }

  /** Look-ups under way. */
  get size(): number {
    return this.underWay.size;
  }

  private remembered(name: string): Found | undefined {
    const known = this.known.get(name);
    if (known === undefined) return undefined;
    this.known.delete(name);
    if (this.clock.now() >= known.until_ms || this.configHasChanged()) return undefined;
    this.known.set(name, known);
    return typeof known.result === "string" ? known.result : rotated(known.result, known.turn++);
  }

  /** Other servers may know other names. */
  private configHasChanged(): boolean {
    const config = this.config();
    const hasChanged = this.latestConfig !== undefined && this.latestConfig !== config;
    this.latestConfig = config;
    if (hasChanged) {
      this.known.clear();
      this.latestServer = undefined;
    }
    return hasChanged;
  }

  private begin(name: string, client: string): UnderWay | string {
    this.configHasChanged();
    const config = this.config();
    const servers = this.ordered(config.servers);
    if (servers.length === 0) return NO_SERVER;
    if (!this.makeRoom(client)) return TOO_MANY;
    const it: UnderWay = { client, waiting: new Set(), addresses: undefined, lookUp: undefined };
    this.underWay.set(name, it);
    this.lookupsOf.set(client, this.countOf(client) + 1);
    const question = { ...config, servers, candidates: candidatesFor(name, config) };
    it.lookUp = new LookUp(question, this.ask, this.clock, {
      onServerAnswered: (server) => {
        this.latestServer = server;
      },
      onAddresses: (addresses) => {
        it.addresses = addresses;
        tell(it, addresses);
      },
      onEnd: (result) => this.onEnd(name, it, result, config),
    });
    return it;
  }

  /** The server that answered last is asked first: the others may be dead. */
  private ordered(configured: readonly string[]): readonly string[] {
    const servers = configured.length > 0 ? configured : this.usualServers();
    const { latestServer } = this;
    if (latestServer === undefined || !servers.includes(latestServer)) return servers;
    return [latestServer, ...servers.filter((server) => server !== latestServer)];
  }

  private onEnd(name: string, it: UnderWay, end: LookUpResult, config: ResolverConfig): void {
    // What servers said that are not asked any more is told to those who waited, and to nobody else.
    if (this.leave(name, it) && config === this.config()) this.remember(name, end);
    tell(it, "fault" in end ? end.fault : end.addresses);
  }

  private remember(name: string, end: LookUpResult): void {
    const fresh_ms =
      "fault" in end || !end.isWhole ? DOUBTFUL_MS : Math.min(Math.max(FRESH_MS_MIN, end.ttl_s * 1_000), FRESH_MS_MAX);
    const result = "fault" in end ? end.fault : end.addresses;
    this.known.set(name, { result, until_ms: this.clock.now() + fresh_ms, turn: 0 });
    if (this.known.size <= REMEMBERED_MAX) return;
    const [oldest] = this.known.keys();
    if (oldest !== undefined) this.known.delete(oldest);
  }

  /** Whether `client` may begin another look-up; others may have to give way. */
  private makeRoom(client: string): boolean {
    const ownMax = Math.max(1, Math.floor(this.lookupsMax * CLIENT_SHARE));
    if (this.countOf(client) >= ownMax) return this.endOldest((it) => it.client === client && it.waiting.size === 0);
    if (this.underWay.size < this.lookupsMax) return true;
    if (this.endOldest((it) => it.waiting.size === 0)) return true;
    const [most = "", count = 0] = [...this.lookupsOf].reduce((best, it) => (it[1] > best[1] ? it : best), ["", 0]);
    return count > this.countOf(client) + 1 && this.endOldest((it) => it.client === most);
  }

  private endOldest(isMeant: (it: UnderWay) => boolean): boolean {
    for (const [name, it] of this.underWay) {
      if (!isMeant(it)) continue;
      this.end(name, it, TOO_MANY);
      return true;
    }
    return false;
  }

  /** Those who wait for it are told why, and nothing was learned of the name. */
  private end(name: string, it: UnderWay, why: string): void {
    this.leave(name, it);
    tell(it, why);
    it.lookUp?.cancel();
  }

  private leave(name: string, it: UnderWay): boolean {
    if (this.underWay.get(name) !== it) return false;
    this.underWay.delete(name);
    const left = this.countOf(it.client) - 1;
    if (left > 0) this.lookupsOf.set(it.client, left);
    else this.lookupsOf.delete(it.client);
    return true;
  }

  private countOf(client: string): number {
    return this.lookupsOf.get(client) ?? 0;
  }
}

function contentOf<Content>(file: ChangingFile<Content>): () => Content {
  return () => file.content();
}

/** What is known needs no waiting, and nothing to give up. */
function tellNow(found: (result: Found) => void, result: Found): () => void {
  found(result);
  return () => {};
}

function tell({ waiting }: UnderWay, result: Found): void {
  const all = [...waiting];
  waiting.clear();
  for (const found of all) found(result);
}

/** Each family's addresses in another order each time, so that connections are spread as the answer means it. */
function rotated(addresses: readonly string[], turn: number): readonly string[] {
  return byFamily(addresses).flatMap((family) => {
    const first = family.length === 0 ? 0 : turn % family.length;
    return [...family.slice(first), ...family.slice(0, first)];
  });
}

function byFamily(addresses: readonly string[]): readonly (readonly string[])[] {
  return [addresses.filter(isIPv6), addresses.filter((address) => !isIPv6(address))];
}
