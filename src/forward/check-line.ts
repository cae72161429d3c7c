/**
 * The line of credential checks: whose turn is next, and which check gives way when too many wait.
 *
 * Networks take turns, however many addresses each has: one more guess of a network that has many waiting comes behind the
 * first of another, and gives up its place when the line is full. Deliberately absent: checking; see
 * basic-authentication.ts.
 */
import { clientKeyOf } from "../exchange/client-key.ts";

/** Checks that wait: at twenty a second the last is done within about as long as clients wait to connect. */
const WAITING_MAX = 64;
/** Different credentials of one client that are being checked: a person has one, a shared address a few. */
const WAITING_OF_CLIENT_MAX = 4;

interface Place<Check> {
  readonly check: Check;
  readonly client: string;
  readonly network: string;
  readonly turn: number;
}

export class CheckLine<Check> {
  private readonly places: Place<Check>[] = [];
  /** The turn that was taken last. */
  private turn = 0;
  /** What is being checked still has its place. */
  private current: Place<Check> | undefined;

  /** @returns the check that has no place now: this one, another that gave way to it, or none */
  add(check: Check, address: string): Check | undefined {
    const { places } = this;
    const client = clientKeyOf(address);
    if (places.filter((place) => place.client === client).length >= WAITING_OF_CLIENT_MAX) return check;
    const network = networkOf(client);
    const turns = places.filter((place) => place.network === network).map(({ turn }) => turn);
    const newcomer: Place<Check> = { check, client, network, turn: Math.max(this.turn, ...turns) + 1 };
    const last = places.length >= WAITING_MAX ? this.lastInTurn() : undefined;
    // What is being checked is never later than a newcomer.
    if (last !== undefined && last.turn <= newcomer.turn) return check;
    if (last !== undefined) places.splice(places.indexOf(last), 1);
    places.push(newcomer);
    return last?.check;
  }

  /** The check whose turn it is, which keeps its place until it is done; none waits: undefined. */
  next(): Check | undefined {
    const [first, ...others] = this.places;
    if (first === undefined) return undefined;
    const next = others.reduce((best, place) => (place.turn < best.turn ? place : best), first);
    this.turn = Math.max(this.turn, next.turn);
    this.current = next;
    return next.check;
  }

  /** Takes away those that have waited for too long. What is being checked stays. */
  giveUp(isLate: (check: Check) => boolean): readonly Check[] {
    const late = this.places.filter((place) => place !== this.current && isLate(place.check));
    for (const place of late) this.places.splice(this.places.indexOf(place), 1);
    return late.map(({ check }) => check);
  }

  /** The check that was next is done. */
  done(): void {
    if (this.current !== undefined) this.places.splice(this.places.indexOf(this.current), 1);
    this.current = undefined;
  }

  get isEmpty(): boolean {
    return this.places.length === 0;
  }

  private lastInTurn(): Place<Check> | undefined {
    const [first, ...others] = this.places;
    return others.reduce((last, place) => (last !== undefined && last.turn > place.turn ? last : place), first);
  }
}

/** What one customer of a provider commonly has at most: an IPv6 /48 (RFC 6177), an IPv4 /24. */
function networkOf(client: string): string {
  if (client.includes(":")) return client.split(":", 3).join(":");
  return client.slice(0, Math.max(0, client.lastIndexOf(".")));
}
