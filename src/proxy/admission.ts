/**
 * Is this request forwarded? Every rule that a complete request head must pass, in order, each `no` with its reason.
 *
 * Deliberately absent: connections and bodies.
 */
import { type ConnectionOptions, connectionOptionsOf, Kind } from "../wire/fields.ts";
import { type Framing, requestFraming } from "../wire/framing.ts";
import { listMembers } from "../wire/octets.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { destinationOf, type Target, targetOf } from "../wire/target.ts";
import type { AnswerReason } from "./answers.ts";

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
  /** Why a forward proxy does nothing for this client; absent: nothing speaks against it. */
  readonly denied?: AnswerReason;
}

/** Kinds that make a request other than plain. */
const SPECIAL_KINDS =
  (1 << Kind.expect) | (1 << Kind.upgrade) | (1 << Kind.te) | (1 << Kind.maxForwards) | (1 << Kind.via);

/** @returns what was decided, or why the request is refused. */
export function admit(head: RequestHead, viaName: string, isGateway: boolean): Admission | AnswerReason {
  const { fields } = head;
  const framing = requestFraming(head);
  if (typeof framing === "string") return framing;
  const target = targetOf(head);
  if (typeof target === "string") return target;
  const unfit = isGateway ? unfitForGateway(target) : unfitForProxy(target);
  if (unfit !== undefined) return unfit;
  if (head.method === "TRACE" && framing.kind !== "none" && framing.length !== 0) return "content-not-allowed";
  const options = connectionOptionsOf(fields);
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
  const expectsContinue = head.minorVersion === 1 && fields.has(Kind.expect);
  if (expectsContinue && listMembers(fields.valuesOf(Kind.expect).join(",")).some((it) => it !== "100-continue")) {
    return "expectation-unknown";
  }
  const maxForwards = !isGateway && target.form === "asterisk" ? 0 : maxForwardsOf(head);
  if (typeof maxForwards === "string") return maxForwards;
  if (!isGateway && maxForwards !== 0 && !isForOthers(target)) return "absolute-form-required";
  return {
    target,
    framing,
    options,
    expectsContinue: expectsContinue && framing.kind !== "none" && framing.length !== 0,
    upgrade: head.minorVersion === 1 && options.upgrade ? offeredUpgrade(fields.valuesOf(Kind.upgrade)) : undefined,
    takesTrailers:
      head.minorVersion === 1 &&
      options.te &&
      listMembers(fields.valuesOf(Kind.te).join(",")).some((member) => /^trailers(?:[ \t]*;|$)/.test(member)),
    maxForwards,
  };
}

function unfitForGateway({ form, scheme }: Target): AnswerReason | undefined {
  if (form === "authority") return "connect-not-supported";
  return form === "absolute" && scheme !== "http" && scheme !== "https" ? "target-form-mismatch" : undefined;
}

/** For other schemes a proxy would have to be their client itself: for https that is the end of end-to-end security. */
function unfitForProxy(target: Target): AnswerReason | undefined {
  if (target.form === "absolute" && target.scheme !== "http") return "scheme-not-supported";
  return isForOthers(target) && destinationOf(target) === undefined ? "host-invalid" : undefined;
}

/** Whether a forward proxy is asked for something that is elsewhere (RFC 9112 sections 3.2.2 and 3.2.3). */
function isForOthers({ form }: Target): boolean {
  return form === "absolute" || form === "authority";
}

/** Whether this proxy's own name stands among the recipients (RFC 9110 section 7.6.3). */
function hasPassedHere(values: readonly string[], viaName: string): boolean {
  return listMembers(values.join(",")).some((member) => member.split(/[ \t]+/)[1] === viaName.toLowerCase());
}

/** HTTP/2 over an upgrade would carry requests past every rule here, so it is never offered (it is obsolete, too). */
function offeredUpgrade(values: readonly string[]): string | undefined {
  const value = values.join(", ");
  const names = listMembers(value);
  if (names.length === 0 || names.some((name) => name === "h2c" || name === "h2" || name.startsWith("http/"))) {
    return undefined;
  }
  return value;
}

/** Whether a 101 response switches to nothing but what was offered (RFC 9110 section 7.8). */
export function isSwitchOffered(admission: Admission, response: ResponseHead): boolean {
  const offered = listMembers(admission.upgrade ?? "");
  const chosen = listMembers(response.fields.valuesOf(Kind.upgrade).join(","));
  return chosen.length > 0 && chosen.every((protocol) => offered.includes(protocol));
}

function maxForwardsOf(head: RequestHead): number | undefined | AnswerReason {
  if (head.method !== "TRACE" && head.method !== "OPTIONS") return undefined;
  const values = head.fields.valuesOf(Kind.maxForwards);
  if (values.length === 0) return undefined;
  const [value = ""] = values;
  return values.length === 1 && /^[0-9]{1,9}$/.test(value) ? Number(value) : "max-forwards-invalid";
}
