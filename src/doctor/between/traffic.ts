/**
 * What real traffic shows of two neighbours: a fold over what hopwise tells of exchanges and connections, live or from its access log.
 *
 * It sees one entry after the other and keeps sums, so a log of any length costs the same memory. Deliberately absent: what it means
 * (findings.ts), and where entries come from.
 */
import type { ConnectionEntry, ExchangeEntry, LostEntry } from "../../ledger/entries.ts";
import { explained } from "../../ledger/explained.ts";
import type { Evidence } from "../finding.ts";
import { escapedLine, withoutQueries } from "../probe/redaction.ts";
import { LastEnds } from "./last-ends.ts";
import { Spread } from "./spread.ts";
import { Tallies } from "./tallies.ts";

/**
 * A connection that is lost within this behind a request was closed when the request left: a close and a request that meet take one
 * round trip. Later the origin had begun to work on it.
 */
const RACE_MS = 1_000;
/** Stories that are told of one kind. */
const STORIES_MAX = 3;
/** Longest target in a story. */
const TARGET_CHARACTERS_MAX = 100;

/** One origin's address. */
export interface EndpointTraffic {
  readonly name: string;
  requests: number;
  /** Opened for requests. */
  connections: number;
  /** How long connections had idled that the origin closed. */
  readonly closedIdle: Spread;
  /** How long connections had idled that carried another exchange. */
  readonly reused: Spread;
  /** How long connections had idled on which requests met the close. */
  readonly raced: Spread;
  /** What hopwise itself has learned, where it is asked while it runs. */
  learned_ms: number | undefined;
  /** What the origin says (`Keep-Alive: timeout`); it says nothing, or a log does not tell: undefined. */
  advertised_ms: number | undefined;
}

/** Requests that went out on a connection that the origin was just closing. */
export interface Races {
  /** Sent again, and answered. */
  saved: number;
  /** Their clients got an error. */
  lost: number;
  readonly stories: Evidence[];
}

/** One kind of failure, at one endpoint. */
export interface FailureTraffic {
  /** The sample whose words explain all of them. */
  readonly first: ExchangeEntry;
  count: number;
  readonly statuses: Set<number>;
  readonly faults: Set<string>;
  /** From the request's head to the end. */
  readonly durations: Spread;
  readonly stories: Evidence[];
}

export class Traffic {
  requests = 0;
  /** Clients' connections that carried a request. */
  clientConnections = 0;
  /** Requests of clients that speak HTTP/1.0, or say close with each. */
  fromOldClients = 0;
  readonly races: Races = { saved: 0, lost: 0, stories: [] };
  /** Sent again because the origin closed while it worked, and answered then. */
  savedFromBreaks = 0;
  readonly raceMethods = new Map<string, number>();
  readonly endpoints = new Tallies<EndpointTraffic>(newEndpoint);
  readonly failures = new Map<string, FailureTraffic>();
  readonly raceClients = new Tallies<{ readonly name: string; count: number }>((name) => ({ name, count: 0 }));
  /** Why connections closed, where lines for connections are there. */
  readonly closes = {
    downstream: new Map<string, number>(),
    upstream: new Map<string, number>(),
  };
  /** How long clients' connections had idled that their clients closed. */
  readonly clientsIdle = new Spread();
  /** The same of those that hopwise closed since they had idled for as long as it lets them. */
  readonly clientsOutlasted = new Spread();
  /** Idle connections that hopwise gave up before their origin did. */
  leftInTime = 0;
  /** When the first exchange began and the last ended; milliseconds since 1970. */
  begun_ms = Number.POSITIVE_INFINITY;
  ended_ms = 0;
  private readonly upstreamEnds = new LastEnds();
  private readonly downstreamEnds = new LastEnds();

  get upstreamConnections(): number {
    return this.endpoints.all.reduce((sum, { connections }) => sum + connections, 0);
  }

  /** Requests that reached an origin. */
  get carried(): number {
    return this.endpoints.all.reduce((sum, { requests }) => sum + requests, 0);
  }

  exchange(entry: ExchangeEntry): void {
    const began_ms = Date.parse(entry.time);
    const ended_ms = began_ms + entry.duration_ms;
    this.begun_ms = Math.min(this.begun_ms, began_ms);
    this.ended_ms = Math.max(this.ended_ms, ended_ms);
    this.requests++;
    const { downstream, upstream, lost = [] } = entry;
    if (downstream.exchange === 1) this.clientConnections++;
    if (entry.version === "1.0" || downstream.closes === "close-received") this.fromOldClients++;
    this.downstreamEnds.note(downstream.id, ended_ms);
    const isOwnDoing = isLostByOrigin(entry) && upstream?.reused !== true;
    for (const attempt of lost) this.attempted(attempt, began_ms, isOwnDoing);
    if (upstream !== undefined) {
      const endpoint = this.endpoints.of(upstream.endpoint);
      endpoint.requests++;
      if (upstream.reused) {
        const idled_ms = this.upstreamEnds.idled_ms(upstream.id, began_ms + (entry.sent_ms ?? 0));
        if (idled_ms !== undefined && !isLostByOrigin(entry)) endpoint.reused.note(idled_ms);
      } else endpoint.connections++;
    }
    const isRace = this.judgeRace(entry, began_ms);
    if (upstream !== undefined) this.upstreamEnds.note(upstream.id, ended_ms);
    if (!isRace) this.judgeFailure(entry);
  }

  /** @param isOwnDoing the request itself makes the origin close, on fresh connections as well */
  private attempted({ id, endpoint: name, reused }: LostEntry, began_ms: number, isOwnDoing: boolean): void {
    const endpoint = this.endpoints.of(name);
    if (!reused) endpoint.connections++;
    const idled_ms = reused && !isOwnDoing ? this.upstreamEnds.idled_ms(id, began_ms) : undefined;
    if (idled_ms !== undefined) endpoint.raced.note(idled_ms);
    this.upstreamEnds.forget(id);
  }

  /** Whether a close was met and the request lost: it is told of with the races, then. */
  private judgeRace(entry: ExchangeEntry, began_ms: number): boolean {
    const { lost = [], upstream, sent_ms = 0 } = entry;
    const isLost = isLostByOrigin(entry);
    // Lost on a fresh connection, too: the origin closes on this request, and not on idle connections.
    if (isLost && upstream?.reused !== true) return false;
    const isRace = isLost
      ? entry.duration_ms - sent_ms <= RACE_MS
      : lost.some(({ reused, after_ms }) => reused && after_ms <= RACE_MS);
    if (!isRace) {
      if (lost.length > 0 && !isLost) this.savedFromBreaks++;
      return false;
    }
    if (isLost && upstream !== undefined) {
      const idled_ms = this.upstreamEnds.idled_ms(upstream.id, began_ms + sent_ms);
      if (idled_ms !== undefined) this.endpoints.of(upstream.endpoint).raced.note(idled_ms);
    }
    if (isLost) this.races.lost++;
    else this.races.saved++;
    count(this.raceMethods, methodOf(entry));
    this.raceClients.of(entry.client).count++;
    tell(this.races.stories, () => raceStory(entry));
    return isLost;
  }

  private judgeFailure(entry: ExchangeEntry): void {
    const about = explained(entry);
    if (about === undefined) return;
    // A page that is not there is an answer like any other, and so is one that a route or a hook gives.
    const isWanted =
      about.word === "origin-status" ? entry.status < 500 : about.source === "application" && entry.status < 500;
    if (isWanted) return;
    const isFresh = entry.upstream?.reused === false ? "fresh" : "";
    const key = `${about.word} ${about.endpoint ?? ""} ${isFresh}`;
    let failure = this.failures.get(key);
    if (failure === undefined) {
      if (this.failures.size >= FAILURES_MAX) return;
      failure = {
        ...{ first: entry, count: 0, durations: new Spread(), stories: [] },
        ...{ statuses: new Set<number>(), faults: new Set<string>() },
      };
      this.failures.set(key, failure);
    }
    failure.count++;
    failure.durations.note(entry.duration_ms);
    if (failure.statuses.size < STORIES_MAX && entry.status > 0) failure.statuses.add(entry.status);
    if (entry.fault !== undefined && failure.faults.size < STORIES_MAX) failure.faults.add(entry.fault);
    tell(failure.stories, () => failureStory(entry));
  }

  /** A connection is gone. */
  connection(entry: ConnectionEntry): void {
    const { id, hop, closed, ended, exchanges } = entry;
    const at_ms = Date.parse(entry.time);
    count(this.closes[hop], closed);
    const isPeers = ended === "peer-fin" || ended === "peer-reset";
    const ends = hop === "upstream" ? this.upstreamEnds : this.downstreamEnds;
    const idled_ms = exchanges > 0 ? ends.idled_ms(id, at_ms) : undefined;
    ends.forget(id);
    if (hop === "downstream") {
      if (idled_ms === undefined) return;
      if (closed === "peer-closed-idle") this.clientsIdle.note(idled_ms);
      if (closed === "idle-timeout") this.clientsOutlasted.note(idled_ms);
      return;
    }
    const wasLeft = closed === "hint-expired" || closed === "lifetime-learned";
    if (wasLeft && !isPeers) this.leftInTime++;
    if (idled_ms !== undefined && isPeers && (wasLeft || closed === "peer-closed-idle"))
      this.endpoints.of(entry.endpoint).closedIdle.note(idled_ms);
  }
}

/** Kinds of failures, each at each endpoint. */
const FAILURES_MAX = 500;

function newEndpoint(name: string): EndpointTraffic {
  return {
    ...{ name, requests: 0, connections: 0 },
    ...{ closedIdle: new Spread(), reused: new Spread(), raced: new Spread() },
    ...{ learned_ms: undefined, advertised_ms: undefined },
  };
}

/** The connection ended before any of a response, and the client was told so. */
function isLostByOrigin({ reason }: ExchangeEntry): boolean {
  return reason === "upstream-closed" || reason === "retry-budget-spent";
}

/** Methods are names that strangers choose. */
function methodOf({ method }: ExchangeEntry): string {
  return /^[A-Z]{1,12}$/.test(method) ? method : "others";
}

function count(tally: Map<string, number>, word: string): void {
  tally.set(word, (tally.get(word) ?? 0) + 1);
}

function tell(stories: Evidence[], story: () => Evidence): void {
  if (stories.length < STORIES_MAX) stories.push(story());
}

/** What was asked, as it may be shown. */
function shownRequest({ method, target }: ExchangeEntry): string {
  const shown = escapedLine(withoutQueries(target));
  const cut = shown.length > TARGET_CHARACTERS_MAX ? `${shown.slice(0, TARGET_CHARACTERS_MAX)}...` : shown;
  return `${escapedLine(method.slice(0, 20))} ${cut}`;
}

function note(at_ms: number, text: string): Evidence["lines"][number] {
  return { at_ms: Math.max(0, at_ms), direction: "note", text, bytes: 0 };
}

function raceStory(entry: ExchangeEntry): Evidence {
  const { lost = [], upstream, time, duration_ms, status } = entry;
  const attempts = lost.map(({ id, exchange, after_ms, fault }) =>
    note(after_ms, `connection ${id}, exchange ${exchange}: the origin closed (${shownFault(fault)})`),
  );
  const last =
    upstream === undefined
      ? `the client got ${status}`
      : isLostByOrigin(entry)
        ? `connection ${upstream.id}, exchange ${upstream.exchange}: the origin closed (${shownFault(entry.fault)}), the client got ${status}`
        : `sent again on connection ${upstream.id}: ${status}`;
  return {
    connection: lost[0]?.id ?? upstream?.id ?? 0,
    hop: "origin",
    lines: [note(0, `${shownRequest(entry)}, ${time}`), ...attempts, note(duration_ms, last)],
  };
}

function shownFault(fault = "FIN"): string {
  return escapedLine(fault.slice(0, 60));
}

function failureStory(entry: ExchangeEntry): Evidence {
  const { status, reason, fault, outcome, upstream, downstream, time } = entry;
  const words = [reason ?? outcome, ...(fault === undefined ? [] : [shownFault(fault)])].join(", ");
  const got = status === 0 ? "the client got no response" : `the client got ${status}`;
  return {
    connection: upstream?.id ?? downstream.id,
    hop: upstream === undefined ? "client" : "origin",
    lines: [note(0, `${shownRequest(entry)}, ${time}`), note(entry.duration_ms, `${got} (${words})`)],
  };
}
