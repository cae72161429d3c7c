/**
 * Routing of a gateway with routes: what the one that takes a request makes of it. It goes to the pool of a group, changed on the way
 * or as it came, or it is answered here.
 *
 * Wherever a route looks at paths, one that leads elsewhere when it is understood in another way goes nowhere (route-finder.ts).
 * Deliberately absent: hooks of the application; they come behind the route, where the request goes on.
 */
import { type Admission, sentTo } from "../exchange/admission.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import { goesOn } from "../exchange/forwarded-fields.ts";
import { redirectAnswer } from "../exchange/own-answers.ts";
import type { RouteAction } from "../exchange/route-plan.ts";
import { OwnOrigins } from "../exchange/routing.ts";
import type { OriginPools } from "../pool/origin-pools.ts";
import type { Pool } from "../pool/pool.ts";
import type { RequestMessage } from "../wire/messages.ts";
import { behindSegments, pathAndQuery } from "./path-changes.ts";
import { requestPathOf } from "./request-path.ts";
import { isAmbiguity, type RouteFinder } from "./route-finder.ts";
import type { RoutedRequest } from "./route-table.ts";

export class ByRoute extends OwnOrigins {
  private readonly finder: RouteFinder;
  private readonly groups: ReadonlyMap<string, Pool>;

  /**
   * @param finder of these routes
   * @param groups the pool of each group that a route names
   */
  constructor(finder: RouteFinder, pools: OriginPools, groups: ReadonlyMap<string, Pool>) {
    super(pools, undefined);
    this.groups = groups;
    this.finder = finder;
  }

  decide(head: RequestMessage, admission: Admission, { isTrusted }: Pick<ClientConnection, "isTrusted">): Admission {
    const { path: target } = admission.target;
    const path = requestPathOf(target);
    const route =
      path === undefined && this.finder.looksAtPaths
        ? this.finder.findInAll(target, (reading) => new Asked(head, admission, isTrusted, reading))
        : this.finder.find(new Asked(head, admission, isTrusted, path ?? target));
    if (isAmbiguity(route)) return { ...admission, denied: route };
    if (route === undefined) return { ...admission, denied: "no-route" };
    const { action } = route;
    switch (action.kind) {
      case "group":
        return sentTo(admission, this.groups.get(action.group), route);
      case "refuse":
        return { ...admission, denied: "route-refused", route };
      case "respond":
        return { ...admission, answer: action.answer, answerReason: "route-answered", route };
      case "redirect": {
        const answer = redirectAnswer(action.status, locationOf(action, target), action.fields);
        return { ...admission, answer, answerReason: "route-redirected", route };
      }
    }
  }
}

class Asked implements RoutedRequest {
  readonly authority: string;
  readonly path: string;
  private readonly head: RequestMessage;
  private readonly nominated: ReadonlySet<string>;
  private readonly isTrusted: boolean;

  constructor(head: RequestMessage, { target, options }: Admission, isTrusted: boolean, path: string) {
    this.head = head;
    this.authority = target.authority;
    this.nominated = options.nominated;
    this.isTrusted = isTrusted;
    this.path = path;
  }

  get method(): string {
    return this.head.method;
  }

  field(name: string): string | undefined {
    const { fields } = this.head;
    const line = fields.lineOf(name);
    if (line < 0 || !goesOn(fields.kind(line), name, this.nominated, this.isTrusted)) return undefined;
    return fields.get(name);
  }
}

/** The path and query that was asked for goes on as it was written. */
function locationOf({ to, keepsBehind }: Extract<RouteAction, { kind: "redirect" }>, target: string): string {
  const [path, query] = pathAndQuery(target);
  if (keepsBehind === undefined) return to.includes("?") ? to : to + query;
  return (to.replace(/\/$/, "") + behindSegments(path, keepsBehind) || "/") + query;
}
