/**
 * What an operator has decided about routes: which requests, and what becomes of them.
 *
 * Deliberately absent: finding the route of a request (routes/route-table.ts), and how a file says all this (config/gateway-schema.ts).
 */
import type { Group } from "../pool/group.ts";
import type { RouteChanges } from "./admission.ts";
import type { CheckedAnswer } from "./answers.ts";
import type { RoutePolicy } from "./policy.ts";

export interface RoutePlan {
  readonly groups: readonly Group[];
  readonly routes: readonly Route[];
}

export interface Route {
  /** As it is told to people: `routes[2]`, or what the operator calls it. */
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  /** What it does to messages on their way; nothing: undefined. */
  readonly changes?: RouteChanges | undefined;
  /** What it asks of requests first; nothing: undefined. */
  readonly policy?: RoutePolicy | undefined;
}

/** What a request must be for a route to take it; what is not said matches all. */
export interface RouteMatch {
  readonly host?: string | readonly string[] | undefined;
  readonly path?: string | readonly string[] | undefined;
  /** As they are written in requests: `GET` is not `HEAD`. */
  readonly method?: string | readonly string[] | undefined;
  /** Fields that are there, with this value, or with any: true. */
  readonly fields?: Readonly<Record<string, string | true>> | undefined;
}

export type RouteAction =
  | { readonly kind: "group"; readonly group: string }
  | { readonly kind: "respond"; readonly answer: CheckedAnswer }
  | { readonly kind: "refuse" }
  | {
      readonly kind: "redirect";
      readonly status: number;
      /** A path, or a URL; its query, if it has one, takes the place of the request's. */
      readonly to: string;
      /** What the request's path has behind so many segments is put behind `to`; not at all: undefined. */
      readonly keepsBehind: number | undefined;
      /** What clients are told beside `Location`; nothing: absent. */
      readonly fields?: Readonly<Record<string, string | number>>;
    };
