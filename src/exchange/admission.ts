/**
 * The first gate: is this head, by itself, one that a proxy may forward? Each `no` with its reason. Asked by the client's connection
 * (gateway/downstream.ts) when a head is complete; what the operator allows is asked behind it (judging.ts).
 *
 * Deliberately absent: connections and bodies.
 */

import type { OriginAddress } from "../pool/origin-address.ts";
import type { Pool } from "../pool/pool.ts";
import { isFutureAddress } from "../wire/authority.ts";
import { type ConnectionOptions, connectionOptionsOf, Kind } from "../wire/fields.ts";
import { type Framing, requestFraming } from "../wire/framing.ts";
import { hasNoWeight, listElements, listMembers, withoutComments, withoutParameters } from "../wire/lists.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import { destinationOf, type Target, targetOf } from "../wire/target.ts";
import type { AnswerDetails, AnswerReason, CheckedAnswer } from "./answers.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { HookRequest, HookResponse } from "./hooks.ts";
import type { Route } from "./route-plan.ts";
import type { ToldFields, Variables } from "./variables.ts";

/** A request that is forwarded, and what was decided about it once. */
export interface Admission {
  readonly target: Target;
  readonly framing: Framing;
  readonly options: ConnectionOptions;
  /** The client waits for 100 (Continue) before it sends the body. */
  readonly expectsContinue: boolean;
  /** The `Upgrade` value that is offered to the origin; none: undefined. */
  readonly upgrade: string | undefined;
  /** `TE: trailers` was offered, and nominated as it must be. */
  readonly takesTrailers: boolean;
  /** What is left of `Max-Forwards` on TRACE and OPTIONS; 0: this proxy is the final recipient; otherwise undefined. */
  readonly maxForwards: number | undefined;
  /** Of a forward proxy: whose request it is, where clients get equal shares (client-key.ts). */
  readonly client?: string;
  /** The name by which this client was let in; nobody was asked for one: absent. */
  readonly user?: string;
  /** Why nothing is done for this client; absent: nothing speaks against it. */
  readonly denied?: AnswerReason;
  /** What it is told beside that. */
  readonly details?: AnswerDetails;
  /** The request as the application's hooks know it; there are none: absent. */
  readonly hooked?: HookRequest & Variables;
  /** What is answered without an origin, by the application most of the time; it goes to an origin: absent. */
  readonly answer?: CheckedAnswer;
  /** Why it is answered so, where it is not the application that does. */
  readonly answerReason?: AnswerReason;
  /** Where the application sends it instead of where it would go; it does not: absent. */
  readonly origin?: OriginAddress;
  /** The pool of the group that a route sends it to; there are no routes, or one that answers by itself: absent. */
  readonly pool?: Pool | undefined;
  /** That route; there are none, or none takes it: absent. */
  readonly route?: Route | undefined;
}

/** What was just admitted, on its way to a group. Written out, since an object that is spread takes ten times as much memory. */
export function sentTo(admission: Admission, pool: Pool | undefined, route: Route): Admission {
  const { target, framing, options, expectsContinue, upgrade, takesTrailers, maxForwards } = admission;
  return { target, framing, options, expectsContinue, upgrade, takesTrailers, maxForwards, pool, route };
}

/** What a route does to messages, before the hooks of the application see them. */
export interface RouteChanges {
  /** What is done, for people, in its order; values, which may be secret, are left out. */
  readonly words: readonly string[];
  /** What becomes of paths; one that is not its own: undefined. They stay as they came: absent. */
  readonly pathOf?: (path: string) => string | undefined;
  /** `Destination` names the origin as it is asked itself; it names the site that the client asked for: absent. */
  readonly localDestination?: boolean;
  readonly request?: (request: ChangeableRequest) => void;
  readonly response?: (response: ChangeableResponse, asked: ReferencesAsked & Variables) => void;
}

/** The path that came may be said anew, however long it is. */
export interface ChangeableRequest extends HookRequest, Variables {
  readonly fields: ToldFields;
  replacePath(path: string): void;
}

/** Whatever came of a field may be said anew, as often: an origin's own fields fit into the limits of its head. */
export interface ChangeableResponse extends HookResponse {
  readonly fields: ToldFields & { rewrite(name: string, say: (value: string) => string): void };
}

/** Of whom a response's references speak. */
export interface ReferencesAsked {
  /** `host[:port]` that the client asked for. */
  readonly authority: string;
  readonly namesOrigin: (scheme: string, authority: string) => boolean;
}

/** Kinds that make a request other than plain. */
const SPECIAL_KINDS =
  (1 << Kind.expect) | (1 << Kind.upgrade) | (1 << Kind.te) | (1 << Kind.maxForwards) | (1 << Kind.via);

/** No way has as many hops: what is larger is lowered to it (RFC 9110 section 7.6.2), and goes on as one less. */
const MAX_FORWARDS_MAX = 1_000_000_000;

/** There is one expectation. */
const EXPECTATIONS_MAX = 16;
/** A few transfer codings with weights. Of a longer list nothing is understood, as of none (RFC 9110 section 10.1.4). */
const TE_MEMBERS_MAX = 32;
/** Browsers offer one, libraries three. A longer list is ignored, as any offer may be (RFC 9110 section 7.8). */
const UPGRADE_PROTOCOLS_MAX = 16;
/** Recipients in `Via`. No way has as many: a request that names more goes round in circles, whatever names it goes by. */
const VIA_RECIPIENTS_MAX = 256;

/** What counts of who asks: a neighbour that is trusted may have ended TLS before us. */
export type Asker = Pick<ClientConnection, "isTrusted"> & {
  readonly socket: Pick<ClientConnection["socket"], "isSecure" | "isInTheClear" | "security">;
};

/**
 * @returns what was decided, or why the request is refused
 */
export function admit(
  head: RequestMessage,
  viaName: string,
  isGateway: boolean,
  { isTrusted, socket }: Asker,
): Admission | AnswerReason {
  const { fields } = head;
  if (socket.isInTheClear) return "http-on-tls-port";
  const framing = requestFraming(head);
  if (typeof framing === "string") return framing;
  const target = targetOf(head);
  if (typeof target === "string") return target;
  const unfit = isGateway ? unfitForGateway(target, isTrusted || socket.isSecure === true) : unfitForProxy(target);
  if (unfit !== undefined) return unfit;
  if (socket.security?.serves?.(hostIn(target.authority)) === false) return "host-misdirected";
  if (head.method === "TRACE" && framing.kind !== "none" && framing.length !== 0) return "content-not-allowed";
  const options = connectionOptionsOf(fields);
  if (options.refusal !== undefined) return options.refusal;
  if ((fields.kinds & SPECIAL_KINDS) === 0 && (isGateway || isForOthers(target))) {
    return {
      target,
      framing,
      options,
      expectsContinue: false,
      upgrade: undefined,
      takesTrailers: false,
      maxForwards: undefined,
    };
  }
  if (fields.has(Kind.via) && hasPassedHere(fields.valuesOf(Kind.via), viaName)) return "loop-detected";
  const expectations =
    head.minorVersion === 1 ? listMembers(fields.valuesOf(Kind.expect).join(","), EXPECTATIONS_MAX) : [];
  if (expectations === undefined || expectations.some((it) => it !== "100-continue")) return "expectation-unknown";
  const maxForwards = !isGateway && target.form === "asterisk" ? 0 : maxForwardsOf(head);
  if (typeof maxForwards === "string") return maxForwards;
  if (!isGateway && maxForwards !== 0 && !isForOthers(target)) return "absolute-form-required";
  return {
    target,
    framing,
    options,
    expectsContinue: expectations.length > 0 && framing.kind !== "none" && framing.length !== 0,
    upgrade: head.minorVersion === 1 && options.upgrade ? offeredUpgrade(fields.valuesOf(Kind.upgrade)) : undefined,
    takesTrailers: head.minorVersion === 1 && options.te && offersTrailers(fields.valuesOf(Kind.te)),
    maxForwards,
  };
}

function offersTrailers(values: readonly string[]): boolean {
  const members = listMembers(values.join(","), TE_MEMBERS_MAX) ?? [];
  return members.some((member) => withoutParameters(member) === "trailers" && !hasNoWeight(member));
}

/** In lowercase, without a port, and without the brackets of an address. */
function hostIn(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:[0-9]*$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

function unfitForGateway({ form, scheme }: Target, mayBeSecure: boolean): AnswerReason | undefined {
  if (form === "authority") return "connect-not-supported";
  if (form !== "absolute" || scheme === "http") return undefined;
  if (scheme !== "https") return "target-form-mismatch";
  // RFC 9110 section 7.4: what is to be had over TLS only is not served to whoever asks without.
  return mayBeSecure ? undefined : "https-misdirected";
}

/** For other schemes a proxy would have to be their client itself: for https that is the end of end-to-end security. */
function unfitForProxy(target: Target): AnswerReason | undefined {
  if (target.form === "absolute" && target.scheme !== "http") return "scheme-not-supported";
  if (!isForOthers(target)) return undefined;
  if (isFutureAddress(target.authority)) return "address-version-unknown";
  return destinationOf(target) === undefined ? "host-invalid" : undefined;
}

/** Whether a forward proxy is asked for something that is elsewhere (RFC 9112 sections 3.2.2 and 3.2.3). */
function isForOthers({ form }: Target): boolean {
  return form === "absolute" || form === "authority";
}

/** Whether this proxy's own name stands among the recipients (RFC 9110 section 7.6.3), or more than any way has. */
function hasPassedHere(values: readonly string[], viaName: string): boolean {
  const name = viaName.toLowerCase();
  const recipients = listMembers(values.map(withoutComments).join(","), VIA_RECIPIENTS_MAX);
  if (recipients === undefined) return true;
  return recipients.some((member) => {
    const [, receivedBy = ""] = member.split(/[ \t]+/, 2);
    return receivedBy === name || receivedBy.replace(/:[0-9]*$/, "") === name;
  });
}

/**
 * What carries HTTP again, in another version or within TLS of the client's own with the origin (RFC 2817, as CUPS takes it), would carry
 * requests past every rule here, so it is never offered.
 */
const UPGRADES_CUT: ReadonlySet<string | undefined> = new Set(["h2c", "h2", "http", "tls"]);

function offeredUpgrade(values: readonly string[]): string | undefined {
  const protocols = listElements(values.join(","), UPGRADE_PROTOCOLS_MAX) ?? [];
  const offered = protocols.filter((it) => !UPGRADES_CUT.has(it.toLowerCase().split("/", 1)[0]));
  return offered.length === 0 ? undefined : offered.join(", ");
}

/** Whether a 101 response switches to nothing but what was offered (RFC 9110 section 7.8). */
export function isSwitchOffered(admission: Admission, response: ResponseMessage): boolean {
  if (connectionOptionsOf(response.fields).refusal !== undefined) return false;
  const offered = listMembers(admission.upgrade ?? "", UPGRADE_PROTOCOLS_MAX) ?? [];
  const chosen = listMembers(response.fields.valuesOf(Kind.upgrade).join(","), UPGRADE_PROTOCOLS_MAX) ?? [];
  return chosen.length > 0 && chosen.every((protocol) => offered.includes(protocol));
}

function maxForwardsOf(head: RequestMessage): number | undefined | AnswerReason {
  if (head.method !== "TRACE" && head.method !== "OPTIONS") return undefined;
  const values = head.fields.valuesOf(Kind.maxForwards);
  if (values.length === 0) return undefined;
  const [value = ""] = values;
  if (values.length !== 1 || !/^[0-9]+$/.test(value)) return "max-forwards-invalid";
  return Math.min(Number(value), MAX_FORWARDS_MAX);
}
