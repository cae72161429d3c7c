/**
 * Real traffic, examined as it passes: hopwise's own gateway stands in front of the origin for a while, and what it tells of itself is
 * what is reported.
 *
 * Clients are served as by `hopwise proxy`; at the end it drains. Deliberately absent: what findings there are.
 */
import { HopwiseError } from "../../config/error.ts";
import { readProxyOptions } from "../../config/options.ts";
import { nodeClock } from "../../net/node-clock.ts";
import { dialer } from "../../net/runtime.ts";
import { type OriginAddress, parseOriginAddress } from "../../pool/origin-address.ts";
import { HopwiseProxy } from "../../proxy/hopwise-proxy.ts";
import { DialFault, type Dialing, dial, Stopped } from "../probe/dialing.ts";
import { recognise } from "../products/recognise.ts";
import type { Report, TargetProduct } from "../report/report.ts";
import { readAuthorities } from "../settings.ts";
import { dialProblem } from "../unreachable.ts";
import { seconds } from "../words.ts";
import { type BetweenOptions, readDurationOption, readTold } from "./between-options.ts";
import { betweenReport } from "./findings.ts";
import { Traffic } from "./traffic.ts";

const PROGRESS_MS = 250;
/** For a first connection to the origin. */
const DIAL_MS = 5_000;
/** What is in flight at the end may take this long. */
const DRAIN_MS = 10_000;
/** So long behind an exchange it is looked at what its origin advertises: by then the connection is idle. */
const LOOK_MS = 25;

/**
 * Stands in front of an origin for a while, as a gateway, and reports on the traffic that passed: lifetimes, races, connections per
 * request, failures, and what to change at the neighbours.
 *
 * ```ts
 * const report = await examineBetween({
 *   to: "http://127.0.0.1:3000",
 *   listen: "127.0.0.1:0",
 *   duration: "30s",
 *   onListening: (url) => sendTraffic(url),
 * });
 * ```
 *
 * @throws HopwiseError `target-unreachable` where the origin takes no connections, or no request came; `option-invalid` for wrong
 * options; `address-in-use` and others where it cannot listen
 */
export async function examineBetween(options: BetweenOptions): Promise<Report> {
  const duration_ms = readDurationOption(options.duration);
  const told = readTold(options);
  let seen: TargetProduct | undefined;
  let isAnonymous = true;
  const trusting = trustOf(options);
  const plain = readProxyOptions({
    to: options.to,
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    admin: false,
    drainTimeout: DRAIN_MS,
    onResponse({ fields }) {
      if (seen !== undefined) return;
      const [server, via] = [fields.get("server"), fields.get("via")];
      isAnonymous &&= server === undefined && via === undefined;
      seen = productOf(server, via);
    },
  });
  const names = [options.to].flat();
  await refuseDeadOrigins(names.map(parseOriginAddress).map(trusting), options.signal);
  const config = { ...plain, gateway: { ...plain.gateway, origins: plain.gateway.origins.map(trusting) } };
  const proxy = new HopwiseProxy(config, {});
  const traffic = new Traffic();
  const watch = new Watch(proxy, traffic);
  const began_ms = nodeClock.now();
  const startedAt = new Date(nodeClock.date()).toISOString();
  const { url } = await proxy.listen();
  options.onListening?.(url);
  const isWhole = await watch.until(duration_ms, options);
  await proxy.close();
  const took_ms = nodeClock.now() - began_ms;
  if (traffic.requests === 0) {
    throw new HopwiseError(
      "target-unreachable",
      `no request came to ${url} within ${seconds(took_ms)}, so there is nothing to report: send your clients there instead of to ${names.join(", ")}`,
    );
  }
  const product = told.product ?? seen ?? (isAnonymous ? watch.byBehaviour() : undefined);
  const facts = { target: names.join(", "), startedAt, took_ms, isComplete: isWhole };
  return betweenReport(traffic, { ...told, product }, facts);
}

/** What this examination trusts at an origin, put into its address. @throws HopwiseError `option-invalid` */
function trustOf({ insecure = false, ca: path }: BetweenOptions): (origin: OriginAddress) => OriginAddress {
  const ca = readAuthorities(path);
  return (origin) => {
    const { address } = origin;
    if (address.kind !== "tcp" || address.tls === undefined) return origin;
    const tls = { ...address.tls, rejectUnauthorized: !insecure, ...(ca === undefined ? {} : { ca }) };
    return { ...origin, address: { ...address, tls } };
  };
}

/** What passes on another's `Server` field does not say what it is itself. */
function productOf(server: string | undefined, via: string | undefined): TargetProduct | undefined {
  const known = via === undefined ? recognise(server) : recognise(undefined, via);
  if (known === undefined) return undefined;
  const { product, version } = known;
  return { name: product.name, ...(version === undefined ? {} : { version }), from: "server-field" };
}

/** What the proxy tells, put into the sums. */
class Watch {
  private readonly proxy: HopwiseProxy;
  private readonly traffic: Traffic;
  private looking: NodeJS.Timeout | undefined;
  private failed = 0;

  constructor(proxy: HopwiseProxy, traffic: Traffic) {
    this.proxy = proxy;
    this.traffic = traffic;
    proxy.on("exchange", (entry) => {
      traffic.exchange(entry);
      if (entry.reason !== undefined || entry.outcome === "truncated") this.failed++;
      this.looking ??= setTimeout(() => this.look(), LOOK_MS);
    });
    proxy.on("connection-close", (entry) => traffic.connection(entry));
    proxy.on("lifetime", ({ endpoint, learned_ms }) => {
      traffic.endpoints.of(endpoint).learned_ms = learned_ms > 0 ? learned_ms : undefined;
    });
  }

  /** What is advertised is known while a connection is open. */
  private look(): void {
    clearTimeout(this.looking);
    this.looking = undefined;
    for (const { endpoint, advertised_ms } of this.proxy.stats().endpoints) {
      if (advertised_ms !== undefined) this.traffic.endpoints.of(endpoint).advertised_ms = advertised_ms;
    }
  }

  /** Node says nothing of itself, but how long its connections may idle. */
  byBehaviour(): TargetProduct | undefined {
    const says = this.traffic.endpoints.all.some(({ advertised_ms }) => advertised_ms !== undefined);
    return says ? { name: "node", from: "behaviour" } : undefined;
  }

  /** Settled when the time is over, or somebody ends it before. @returns whether the time was over */
  until(duration_ms: number, { signal, onProgress }: BetweenOptions): Promise<boolean> {
    const began_ms = nodeClock.now();
    const tell = () => {
      const elapsed_ms = nodeClock.now() - began_ms;
      const { connections } = this.proxy.stats();
      const { requests, races } = this.traffic;
      onProgress?.({
        ...{ elapsed_ms, left_ms: Math.max(0, duration_ms - elapsed_ms), requests, failed: this.failed },
        ...{ races: races.saved + races.lost, saved: races.saved },
        ...{ clients: connections.downstream.open, origins: connections.upstream.open },
      });
    };
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve(false);
      const end = (isWhole: boolean) => {
        clearTimeout(timer);
        clearInterval(progress);
        this.look();
        signal?.removeEventListener("abort", onAbort);
        resolve(isWhole);
      };
      const onAbort = () => end(false);
      const timer = setTimeout(() => end(true), duration_ms);
      const progress = setInterval(tell, PROGRESS_MS);
      signal?.addEventListener("abort", onAbort);
      tell();
    });
  }
}

/** Of several that share the load one must answer. @throws HopwiseError `target-unreachable` */
async function refuseDeadOrigins(
  origins: readonly OriginAddress[],
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const dialing = { dialer, clock: nodeClock, signal, limit_ms: DIAL_MS };
  const problems = await Promise.all(origins.map((origin) => problemOf(origin, dialing)));
  if (problems.includes(undefined)) return;
  const why = origins.map(({ name }, index) => `${name} cannot be reached: ${problems[index]}`);
  throw new HopwiseError("target-unreachable", why.join("; "));
}

/** Why no connection to it can be opened; one can: undefined. */
async function problemOf({ address, name, authority }: OriginAddress, dialing: Dialing): Promise<string | undefined> {
  try {
    await dial(dialing, address, (socket) => socket.destroy());
  } catch (error) {
    if (error instanceof DialFault) return await dialProblem(error, { address, shown: name, authority, dialing });
    if (!(error instanceof Stopped)) throw error;
  }
  return undefined;
}
