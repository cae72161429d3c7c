/**
 * The second gate: what the operator's rules say of an admitted request, in this order, which is that of hooks.ts: network rules,
 * authentication, limits (of the rate of all requests, of the route's, of the body, of requests at once), and then what the route does.
 *
 * So a request that may not come costs nobody a token, and one that has no name takes no place. What takes time is waited for. Begun by
 * begin-exchange.ts, which has asked for the route first, since these are its rules. Deliberately absent: the rules, see policy.ts.
 */
import { createHash } from "node:crypto";
import { Kind } from "../wire/fields.ts";
import type { Admission } from "./admission.ts";
import type { AnswerDetails, AnswerReason } from "./answers.ts";
import type { Verdict } from "./authentication.ts";
import type { ClientExchange } from "./client-exchange.ts";
import { addressOf, clientOf } from "./client-of.ts";
import { goesOn } from "./forwarded-fields.ts";
import type { RateLimit } from "./policy.ts";
import { QueuedExchange } from "./queued-exchange.ts";
import type { LineVerdict } from "./route-lines.ts";
import type { HookedParts } from "./run-hooks.ts";
import { WaitingExchange } from "./waiting-exchange.ts";

/** Begins what was let in, or denied. */
type Begin = (admission: Admission) => ClientExchange;

export function beginJudged(parts: HookedParts, begin: Begin): ClientExchange {
  return new Judging(parts, begin).network();
}

class Judging {
  private readonly parts: HookedParts;
  private readonly begin: Begin;
  private admission: Admission;
  private waiting: WaitingExchange | undefined;

  constructor(parts: HookedParts, begin: Begin) {
    this.parts = parts;
    this.begin = begin;
    this.admission = parts.admission;
  }

  network(): ClientExchange {
    const { context, client, head } = this.parts;
    const mayCome = this.admission.route?.policy?.mayCome;
    if (mayCome === undefined || mayCome(addressOf(context, client.connection, head))) return this.credentials();
    return this.deny("network-forbidden");
  }

  private credentials(): ClientExchange {
    const rule = this.admission.route?.policy?.credentials;
    if (rule === undefined) return this.rates();
    const values = this.parts.head.fields.valuesOf(Kind.authorization);
    const judged = (verdict: Verdict): ClientExchange => {
      if (verdict === "authentication-busy") return this.deny(verdict);
      if (verdict !== "good") return this.deny("authentication-required", { realm: rule.realm });
      const user = rule.authentication.nameOf(values);
      if (user !== undefined) {
        this.parts.record.user = user;
        this.admission = { ...this.admission, user };
      }
      return this.rates();
    };
    const later = (verdict: Verdict) => this.waiting?.goOn(() => judged(verdict));
    const verdict = rule.authentication.judge(values, this.clientKey(), later);
    return verdict === undefined ? this.wait() : judged(verdict);
  }

  /** That of all requests first: what the route's own then refuses has taken its token. */
  private rates(): ClientExchange {
    const { context } = this.parts;
    return this.take(context.settings.rateLimit, "rate-limited", () =>
      this.take(this.admission.route?.policy?.rate, "route-rate-limited", () => this.body()),
    );
  }

  private take(
    limit: RateLimit | undefined,
    reason: "rate-limited" | "route-rate-limited",
    next: () => ClientExchange,
  ): ClientExchange {
    if (limit === undefined) return next();
    const judged = (wait_ms: number) =>
      wait_ms > 0 ? this.deny(reason, { retryAfter_s: Math.ceil(wait_ms / 1_000) }) : next();
    const { rates } = this.parts.context.workings;
    const wait_ms = rates.take(limit, this.rateKey(limit), (late) => this.waiting?.goOn(() => judged(late)));
    return wait_ms === undefined ? this.wait() : judged(wait_ms);
  }

  /**
   * The key of a field is short however long its value is, and tells nobody what it was. Without the field, and with several lines of it, the
   * client's: origins differ in which line they take, and a line that none of them takes must not make a key of its own. Nor must one that
   * does not go on.
   */
  private rateKey({ by }: RateLimit): string {
    if (by === "route") return "";
    const value = by === "client" ? undefined : this.valueGoingOn(by.field);
    return value === undefined ? this.clientKey() : `=${createHash("sha256").update(value, "latin1").digest("base64")}`;
  }

  private valueGoingOn(name: string): string | undefined {
    const { head, client } = this.parts;
    const line = head.fields.onlyLineOf(name);
    if (line < 0) return undefined;
    const { nominated } = this.admission.options;
    return goesOn(head.fields.kind(line), name, nominated, client.connection.isTrusted)
      ? head.fields.value(line)
      : undefined;
  }

  private body(): ClientExchange {
    const { admission } = this;
    const { kind, length } = admission.framing;
    const max = admission.route?.policy?.bodyBytesMax;
    if (max !== undefined && kind === "length" && length > max) return this.deny("content-too-large");
    return this.concurrency();
  }

  private concurrency(): ClientExchange {
    const { context, client, record } = this.parts;
    const { route } = this.admission;
    const limit = route?.policy?.concurrency;
    if (route === undefined || limit === undefined) return this.begin(this.admission);
    const { lines } = context;
    const owner = this.clientKey();
    const judged = (verdict: LineVerdict) => (verdict === "in" ? this.begin(this.admission) : this.deny(verdict));
    const later = (verdict: LineVerdict) => this.waiting?.goOn(() => judged(verdict));
    const verdict = lines.enter(route.name, limit, { client: owner, record, later });
    if (verdict !== undefined) return judged(verdict);
    this.waiting = new QueuedExchange(context, client, record, owner, (reason) => {
      lines.leave(record);
      return this.deny(reason);
    });
    return this.waiting;
  }

  private clientKey(): string {
    const { context, client, head } = this.parts;
    return clientOf(context, client.connection, head);
  }

  private wait(): ClientExchange {
    const { context, client, record } = this.parts;
    this.waiting = new WaitingExchange(context, client, record, (reason) => this.deny(reason));
    return this.waiting;
  }

  private deny(denied: AnswerReason, details?: AnswerDetails): ClientExchange {
    return this.begin({ ...this.admission, denied, ...(details === undefined ? {} : { details }) });
  }
}
