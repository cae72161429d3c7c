/**
 * The ways in which a case is run: whole, octet by octet, and cut in two at every place where a neighbour could cut it.
 *
 * What a message means must not depend on how it was cut into segments. A run cuts the client's octets and the origin's
 * at one place each. Deliberately absent: running.
 */
import type { Case, Role } from "./case.ts";

export interface Way {
  readonly name: string;
  /** Cuts what `role` sends, of which `offset` octets went before, into pieces. */
  cut(role: Role, offset: number, octets: string): string[];
}

/** Up to here every place is tried; beyond, only the places around line ends, where the parser changes its state. */
const EVERY_PLACE_BYTES_MAX = 300;

const whole: Way = { name: "whole", cut: (_role, _offset, octets) => [octets] };
/** For messages of thousands of octets, octet by octet takes long and shows no more than the first hundreds. */
const octetByOctet: Way = {
  name: "byte by byte",
  cut: (_role, offset, octets) => {
    const end = Math.max(0, EVERY_PLACE_BYTES_MAX * 2 - offset);
    const rest = octets.slice(end);
    return [...octets.slice(0, end), ...(rest === "" ? [] : [rest])];
  },
};

/** In the short form one of so many cuts is tried, another one in each case. */
const CUTS_PER_TRIED = 4;

/** The ways that are tried: all in the long form. Whole and octet by octet always. */
export function triedWaysOf(testCase: Case, isLong: boolean): Way[] {
  const ways = waysOf(testCase);
  if (isLong) return ways;
  const first = testCase.title.length % CUTS_PER_TRIED;
  return ways.filter((_way, index) => index < 2 || index % CUTS_PER_TRIED === first);
}

export function waysOf(testCase: Case): Way[] {
  if (testCase.onlyWhole !== undefined) return [whole];
  const client = placesIn(testCase, "client");
  const origin = placesIn(testCase, "origin");
  const ways = [whole, octetByOctet];
  for (let i = 0; i < Math.max(client.length, origin.length); i++) ways.push(cutAt(client[i], origin[i]));
  return ways;
}

function cutAt(clientPlace: number | undefined, originPlace: number | undefined): Way {
  const places = { client: clientPlace, origin: originPlace };
  const said = Object.entries(places).flatMap(([role, place]) => (place === undefined ? [] : `${role} at ${place}`));
  return {
    name: `cut: ${said.join(", ")}`,
    cut(role, offset, octets) {
      const place = (places[role] ?? 0) - offset;
      return place > 0 && place < octets.length ? [octets.slice(0, place), octets.slice(place)] : [octets];
    },
  };
}

/** Where the octets that `role` sends can be cut: nowhere that a step ends anyway. */
function placesIn(testCase: Case, role: Role): number[] {
  const places: number[] = [];
  let offset = 0;
  for (const step of testCase.steps) {
    if (step.does !== "sends" || step.role !== role) continue;
    for (let place = 1; place < step.octets.length; place++) {
      if (offset + place <= EVERY_PLACE_BYTES_MAX || isNearLineEnd(step.octets, place)) places.push(offset + place);
    }
    offset += step.octets.length;
  }
  return places;
}

function isNearLineEnd(octets: string, place: number): boolean {
  return /[\r\n]/.test(octets.slice(place - 1, place + 1));
}
