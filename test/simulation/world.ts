/**
 * One world, made from one seed: a gateway, its clients, its origins and the network, and what happens to them.
 *
 * First a storm: faults of every kind. Then, faults over, everything must come to an end within the sum of the limits;
 * then a calm, in which every request must succeed; then a drain. Some worlds are drained in the middle of the storm.
 */

import type { ProxyObserver } from "../../src/exchange/observer.ts";
import type { GatewaySettings } from "../../src/exchange/settings.ts";
import { Gateway, LAST_WORDS_MS } from "../../src/gateway/gateway.ts";
import { Observers } from "../../src/ledger/observers.ts";
import type { Clock } from "../../src/net/ports.ts";
import { Random } from "../../src/net/simulated/random.ts";
import { Schedule, VirtualClock } from "../../src/net/simulated/schedule.ts";
import { type Group, plainGroup } from "../../src/pool/group.ts";
import { type OriginAddress, parseOriginAddress } from "../../src/pool/origin-address.ts";
import { CareJudge } from "./care-judge.ts";
import { asLookedAfter, careSettings, isLookedAfter } from "./care-world.ts";
import { Checks } from "./checks.ts";
import { type ClientPlan, makePlan, type PlanWishes } from "./client-plans.ts";
import { ClientConnection } from "./clients.ts";
import { SimDialer } from "./dialer.ts";
import { fail } from "./failure.ts";
import { Http2Client } from "./http2-client.ts";
import { asTunneling, hasTunnels } from "./http2-tunnel-world.ts";
import { type Http2Plan, isHttp2, makeHttp2Plan } from "./http2-world.ts";
import { asNamed, hasName, SimNames } from "./names-world.ts";
import { calmTraits, type Link, Network, randomTraits } from "./network.ts";
import { SimObserver } from "./observer.ts";
import { Origin } from "./origins.ts";
import type { RequestRecord } from "./record.ts";
import { isRouted, oneRouteTo, routesOf } from "./routes.ts";
import { RuntimeTurns } from "./runtime-turns.ts";
import type { Scene } from "./scene.ts";
import { makeTemper } from "./tempers.ts";
import { Timeline } from "./timeline.ts";
import { TunnelJudge } from "./tunnel-judge.ts";
import { asForward, asGroup, hasGroup, isForward, randomShape, type WorldShape } from "./world-shape.ts";

/** Everything that is in progress when the storm ends is over by then: no sum of limits is longer. */
const SETTLE_MS_MAX = 400_000;
const STORM_MS_MAX = 60_000;
const CALM_MS_MAX = 120_000;
/** How long after a drain the last timer may run. */
const REST_MS = 1_000;
/** Every so many clients log in. Not drawn, so that a seed's world is otherwise what it would be without. */
const LOGS_IN_EVERY = 4;
/** Every so many worlds are given other endpoints now and then. Not drawn either, and at times of their own. */
const RELOADS_EVERY = 3;
const RELOADS_SEED = 1_000_000;
const RELOADS = 6;
const CALM_RELOADS_MS = 2_000;
/** A run with more events than this never ends. */
const STEPS_MAX = 3_000_000;
/** Of the clients, where any speak HTTP/2. */
const HTTP2_SHARE = 0.7;
/** Of their streams, where any are to be tunnels. */
const TUNNELS_SHARE = 0.5;
/** Connections to an origin of which some may be taken for long when all is calm. */
const ROOMY_POOL = 16;

/** A part of what happens; it stops behind each event that the runtime may have something to do about. */
type Phase<Result> = Generator<undefined, Result, undefined>;

export class World implements Scene {
  readonly schedule = new Schedule();
  readonly timeline: Timeline;
  readonly settings: GatewaySettings;
  readonly records = new Map<string, RequestRecord>();
  readonly observer: SimObserver;
  readonly network: Network;
  readonly gateway: Gateway;
  isCalm = false;
  isDraining = false;
  /** Set when the drain's promise is kept. */
  drainReport: { readonly cut: number } | undefined;
  private readonly clock = new VirtualClock(this.schedule);
  private readonly random: Random;
  private readonly shape: WorldShape;
  private readonly checks: Checks;
  private readonly dialer: SimDialer;
  /** What the name of all origins means; each has its own: undefined. */
  readonly names: SimNames | undefined;
  /** Most clients speak HTTP/2. */
  readonly isHttp2: boolean;
  /** Streams are tunnels, too; none is: undefined. */
  readonly tunnels: TunnelJudge | undefined;
  private readonly clients: (ClientConnection | Http2Client)[] = [];
  /** What clients of a forward proxy ask for. */
  private readonly hosts: readonly string[] | undefined;
  private readonly isRouted: boolean;
  /** Whether and when the gateway is given other endpoints; never: undefined. */
  private readonly reloads: Random | undefined;
  private clientsAhead = 0;
  private requests = 0;
  /** Endpoints that are checked, and names that are looked up: each waits for its next time, or for the end of one. */
  private waits = 0;
  private drainedBy_ms = 0;

  /** @param watcher another observer, beside the one that judges */
  constructor(seed: number, isTraced: boolean, watcher?: (clock: Clock) => ProxyObserver) {
    this.random = new Random(seed);
    this.timeline = new Timeline(this.schedule, isTraced);
    const drawn = randomShape(this.random);
    this.isHttp2 = isHttp2(seed);
    const isNamed = hasName(seed);
    const cared = isLookedAfter(seed) && !isNamed ? asLookedAfter(seed, drawn) : undefined;
    const shape = cared?.shape ?? (hasGroup(seed) ? asGroup(drawn, seed) : drawn);
    const placed = isForward(seed) ? asForward(shape) : isNamed ? asNamed(seed, shape) : shape;
    this.shape = hasTunnels(seed) ? asTunneling(seed, placed) : placed;
    const { origins: count, mischief, bodyBytesMax } = this.shape;
    const servers = Array.from({ length: count }, (_, index) => {
      const random = this.random.fork();
      return new Origin(index + 1, this, makeTemper(random, mischief), random, bodyBytesMax);
    });
    const hosts = servers.map(({ host }) => host);
    const addresses = isForward(seed) ? [] : hosts.map((host) => parseOriginAddress(`http://${host}`));
    this.names = isNamed ? new SimNames(seed, this, count) : undefined;
    this.isRouted = cared === undefined && isRouted(seed, isForward(seed));
    this.settings = {
      ...this.shape.settings,
      http2: this.isHttp2,
      ...(this.isHttp2 && isForward(seed) ? manyOrigins(this.shape.settings.forward) : {}),
      origins: addresses,
      ...(isForward(seed) ? {} : cared === undefined ? this.routesTo(addresses) : careSettings(cared.group, hosts)),
    };
    const mayReload = !isForward(seed) && cared === undefined && seed % RELOADS_EVERY === 1;
    this.reloads = mayReload ? new Random(seed + RELOADS_SEED) : undefined;
    this.hosts = isForward(seed) ? servers.flatMap(({ host }) => spellingsOf(host)) : undefined;
    // A forward proxy gives one client a part of its few origins only.
    this.network = new Network(this.schedule, this.random.fork(), this.timeline, isForward(seed));
    this.observer = new SimObserver(this.timeline, this.network);
    this.tunnels = hasTunnels(seed) ? new TunnelJudge(this.settings) : undefined;
    this.observer.tunnels = this.tunnels;
    this.dialer = new SimDialer(this, this.network, servers, this.random.fork());
    const { clock, dialer, observer } = this;
    const chances = new Random(seed + 1);
    const told = watcher === undefined ? observer : new Observers(observer, watcher(clock));
    dialer.names = this.names;
    this.gateway = new Gateway(this.settings, {
      ...{ clock, dialer, observer: told, names: this.names },
      random: () => chances.unit(),
    });
    if (isNamed) this.waits = 1;
    if (cared !== undefined) {
      const { group } = cared;
      dialer.checkActs = group.checkActs;
      observer.care = new CareJudge(() => clock.now(), group, hosts);
      dialer.care = observer.care;
      this.waits = group.care.health === undefined ? 0 : hosts.length;
      this.timeline.note("world", JSON.stringify(group));
    }
    this.gateway.start();
    this.checks = new Checks(this.gateway, this.network, clock, observer);
    this.checks.names = this.names;
    this.timeline.note("world", JSON.stringify(this.shape));
    for (const { host, temper } of servers) this.timeline.note(host, JSON.stringify(temper));
  }

  /** Groups and routes, where the world has them. */
  private routesTo(origins: readonly OriginAddress[]): Pick<GatewaySettings, "routes"> {
    const group = this.names?.group ?? groupOf(this.shape, origins);
    if (this.isRouted) return { routes: routesOf(group ?? plainGroup("app", origins), this.shape.calmClients) };
    return group === undefined ? {} : { routes: oneRouteTo(group) };
  }

  /** @throws CheckFailure for the first check that does not hold */
  run(): void {
    const phases = this.phases();
    while (phases.next().done !== true);
  }

  /** The same where the runtime has a part in it: behind each event it gets turns of its own loop, which take no time here. */
  async runBesideRuntime(): Promise<void> {
    const runtime = new RuntimeTurns(() => this.network.activity);
    runtime.begin();
    try {
      const phases = this.phases();
      while (phases.next().done !== true) await runtime.settle();
    } finally {
      for (const client of this.clients) client.leave();
      await runtime.end();
    }
  }

  /** Stops behind each event that the runtime may have something to do about. */
  private *phases(): Phase<void> {
    yield* this.storm();
    if (!this.isDraining) {
      yield* this.settle();
      yield* this.calm();
      yield* this.beginCalmDrain();
    }
    yield* this.endDrain();
  }

  // The phases.

  private *storm(): Phase<void> {
    const { random, shape, schedule } = this;
    this.reloadNowAndThen(shape.span_ms);
    for (let count = shape.clients; count > 0; count--) {
      this.clientsAhead++;
      schedule.after(shape.isRush ? random.skewed(20) : random.skewed(shape.span_ms), () => {
        this.clientsAhead--;
        this.addClient();
      });
    }
    for (let count = shape.networkFaults; count > 0; count--) {
      schedule.after(random.unit() * shape.span_ms, () => this.hurtNetwork());
    }
    const drainsAt_ms = shape.drainsInStorm ? random.unit() * shape.span_ms : Number.POSITIVE_INFINITY;
    const isOver = () => this.clientsAhead === 0 && this.areClientsOver();
    if ((yield* this.runUntil(isOver, Math.min(STORM_MS_MAX, drainsAt_ms))) || !shape.drainsInStorm) return;
    this.beginDrain(random.between(0, 4_000));
  }

  /** Everything ends by itself. */
  private *settle(): Phase<void> {
    const { clients, routing, context } = this.gateway;
    const isOver = () =>
      this.areClientsOver() &&
      clients.connections.size === 0 &&
      routing.endpoints.every(({ size }) => size === 0) &&
      this.clock.pending <= this.waits;
    if (!(yield* this.runUntil(isOver, SETTLE_MS_MAX))) {
      const open = this.clients.filter((client) => !this.isOver(client)).map(({ name }) => name);
      const left = this.checks.leftovers(this.dialer.pending);
      fail("answer-or-close", `long after the last fault there are: ${left}; clients who wait: ${open.join(" ")}`);
    }
    if (context.deadlines.size > 0) fail("nothing-left", `${context.deadlines.size} deadlines without a connection`);
  }

  private *calm(): Phase<void> {
    this.isCalm = true;
    this.timeline.note("world", "==== calm");
    this.reloadNowAndThen(CALM_RELOADS_MS);
    for (let wave = 0; wave < 2; wave++) {
      for (let count = this.shape.calmClients; count > 0; count--) this.addClient();
      if (!(yield* this.runUntil(() => this.areClientsOver(), CALM_MS_MAX))) fail("liveness", "clients wait in vain");
    }
  }

  /** A drain while some are idle and others in the middle of their requests. */
  private *beginCalmDrain(): Phase<void> {
    const { random, schedule } = this;
    for (let count = this.shape.calmClients; count > 0; count--) this.addClient();
    yield* this.runUntil(() => false, random.skewed(400));
    this.gateway.beginDrain();
    const isShort = random.chance(0.3);
    for (const client of this.clients) {
      if (client.isOver) continue;
      for (const record of client.plan.requests) if (isShort || !client.isDue(record)) record.mustSucceed = false;
    }
    schedule.after(random.skewed(300), () => this.beginDrain(isShort ? random.between(0, 50) : 20_000));
    yield* this.runUntil(() => this.isDraining, 1_000);
  }

  private beginDrain(grace_ms: number): void {
    this.isDraining = true;
    this.gateway.beginDrain();
    void this.gateway.drain(grace_ms).then((report) => {
      this.drainReport = report;
    });
    // Last answers leave, then what was cut is gone.
    if (this.tunnels !== undefined) this.tunnels.deadline_ms = this.schedule.now_ms + grace_ms;
    this.drainedBy_ms = this.schedule.now_ms + grace_ms + 2 * LAST_WORDS_MS;
  }

  private *endDrain(): Phase<void> {
    yield* this.runUntil(() => this.observer.drainedWith !== undefined, this.drainedBy_ms - this.schedule.now_ms + 1);
    if (this.observer.drainedWith === undefined) {
      fail("nothing-left", `the drain does not end at its deadline: ${this.checks.leftovers(this.dialer.pending)}`);
    }
    yield* this.runUntil(() => false, REST_MS);
    this.checks.nothingLeft(this.dialer.pending);
    this.checks.unsent();
    this.tunnels?.judge();
  }

  isUnderWay(id: string, originPort?: number): boolean {
    const asked = new RegExp(`/${id}(?![0-9])`);
    return [...this.observer.underWay].some(([{ upstream }, target]) => {
      return asked.test(target) || (originPort !== undefined && upstream?.peerPort === originPort);
    });
  }

  // Time.

  /** Runs until `isReached` or for `limit_ms`. False: it was not reached. */
  private *runUntil(isReached: () => boolean, limit_ms: number): Phase<boolean> {
    const { schedule, checks } = this;
    const until_ms = schedule.now_ms + limit_ms;
    while (!isReached()) {
      if (!schedule.step(until_ms)) return isReached();
      if (this.isHttp2) yield;
      checks.always();
      if (schedule.steps % 64 === 0) checks.buffers();
      if (this.isHttp2 && schedule.steps % 64 === 0) checks.streams();
      if (schedule.steps > STEPS_MAX) fail("liveness", "there is no end of events");
    }
    return true;
  }

  /** Who hears nothing or does not listen cannot know; then the proxy's own end counts. */
  private isOver({ isOver, link, isDeaf }: ClientConnection | Http2Client): boolean {
    return isOver || ((link.isSevered || isDeaf) && link.proxyEnd.isClosedTold);
  }

  private areClientsOver(): boolean {
    return this.clients.every((client) => this.isOver(client));
  }

  // Who comes.

  private addClient(): void {
    if (this.isDraining) return;
    const { random, shape, settings, isCalm } = this;
    const bodyBytesMax = isCalm ? Math.min(shape.bodyBytesMax, 5_000) : shape.bodyBytesMax;
    const wishes: PlanWishes = {
      nextId: () => `q${++this.requests}`,
      hosts: this.hosts,
      isRouted: this.isRouted,
      isCalm,
      mayPipeline: !isCalm || settings.maxRequests === 0,
      mischief: shape.mischief,
      logsIn: this.clients.length % LOGS_IN_EVERY === 0,
      tunnels: shape.tunnels,
      ...(this.tunnels === undefined
        ? {}
        : { http2Tunnels: TUNNELS_SHARE, roughCalm: settings.poolSize >= ROOMY_POOL && !this.isRouted }),
      bodyBytesMax,
      limit_ms: Math.min(settings.headTimeout_ms, settings.bodyTimeout_ms),
      keepAliveTimeout_ms: settings.keepAliveTimeout_ms,
    };
    // In this order, or each seed would have another world.
    const early = this.isHttp2 ? undefined : makePlan(random.fork(), wishes);
    const traits = (isCalm ? calmTraits : randomTraits)(random, shape.bodyBytesMax);
    const link = this.network.connect(`c${this.clients.length + 1}`, traits);
    const speaksHttp2 = this.isHttp2 && random.chance(HTTP2_SHARE);
    const plan = early ?? (speaksHttp2 ? makeHttp2Plan : makePlan)(random.fork(), wishes);
    const client = this.clientOn(link, plan);
    this.clients.push(client);
    for (const { tunnel } of plan.requests) if (tunnel !== undefined) this.tunnels?.add(tunnel);
    if (isCalm) for (const record of plan.requests) record.mustSucceed = mustSucceed(record);
    if (this.timeline.isOn) this.timeline.note(link.name, `#### plan: ${described(plan)} ${JSON.stringify(traits)}`);
    this.schedule.after(isCalm ? random.skewed(300) : 0, () => {
      this.gateway.accept(link.proxyEnd);
      client.begin();
    });
  }

  private clientOn(link: Link, plan: ClientPlan | Http2Plan): ClientConnection | Http2Client {
    const random = this.random.fork();
    return "streams" in plan
      ? new Http2Client(this, link, plan, random)
      : new ClientConnection(this, link, plan, random);
  }

  /** Some endpoints are named no more, or again, in the middle of everything. */
  private reloadNowAndThen(span_ms: number): void {
    const { reloads } = this;
    if (reloads === undefined) return;
    for (let count = RELOADS; count > 0; count--) {
      this.schedule.after(reloads.unit() * span_ms, () => {
        if (this.isDraining || this.gateway.isDraining) return;
        if (this.names !== undefined) return this.gateway.reload(this.settings);
        const all = this.settings.origins;
        const named = all.filter(() => reloads.chance(0.6));
        const origins = named.some((origin) => this.getsRequests(origin)) ? named : all;
        this.timeline.note("world", `==== reload: ${origins.map(({ name }) => name).join(" ")}`);
        this.gateway.reload({ ...this.settings, origins, ...this.routesAmong(origins) });
      });
    }
  }

  private getsRequests({ name }: OriginAddress): boolean {
    const [group] = this.settings.routes?.groups ?? [];
    return group === undefined || group.endpoints.some((one) => one.origin.name === name && one.weight > 0);
  }

  /** The same routes, to those endpoints that are named still. */
  private routesAmong(origins: readonly OriginAddress[]): Pick<GatewaySettings, "routes"> {
    const { routes } = this.settings;
    if (routes === undefined) return {};
    const names = new Set(origins.map(({ name }) => name));
    const groups = routes.groups.map((group) => ({
      ...group,
      endpoints: group.endpoints.filter(({ origin }) => names.has(origin.name)),
    }));
    return { routes: { ...routes, groups } };
  }

  private hurtNetwork(): void {
    const link = this.random.pick(this.network.healthy());
    if (link === undefined || this.isCalm) return;
    if (this.random.chance(0.6)) link.cut();
    else link.sever();
  }
}

/** When all is calm. */
function mustSucceed({ mustNotArrive, facts, tunnel }: RequestRecord): boolean {
  return !mustNotArrive && !facts.isClosed && tunnel?.plan.isRough !== true;
}

/** The endpoints as a group, where the world has one. */
function groupOf({ choosing }: WorldShape, origins: readonly OriginAddress[]): Group | undefined {
  if (choosing === undefined) return undefined;
  const { balance } = choosing;
  const endpoints = choosing.endpoints.flatMap((said, index) => {
    const origin = origins[index];
    return origin === undefined ? [] : [{ ...said, origin }];
  });
  return { name: "app", balance, endpoints };
}

/** Clients that ask for many things at once ask for many origins at once. */
function manyOrigins(forward: GatewaySettings["forward"]): Pick<GatewaySettings, "forward"> {
  return forward === undefined ? {} : { forward: { ...forward, originsMax: 100 } };
}

/** One origin at two ports has two pools; however the first is spelled, it is one. */
function spellingsOf(host: string): string[] {
  return [host, `${host.toUpperCase()}:80`, `${host}:8080`];
}

function described(plan: ClientPlan | Http2Plan): string {
  const { requests, evil, streams: _, ...rest } = { evil: undefined, streams: undefined, ...plan };
  const list = requests.map(({ id, facts }) => `${facts.method} ${id}`).join(", ");
  return `${list}${evil === undefined ? "" : " + evil"} ${JSON.stringify(rest)}`;
}
