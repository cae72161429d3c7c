/** What programs may hear of a proxy. */
import type { EventHub, ProxyEventName, ProxyListener } from "../ledger/events.ts";

export abstract class Subscribable {
  /** @internal */
  protected abstract readonly events: EventHub;

  /** Calls `listener` whenever `name` happens. Listeners are called apart from the traffic and cannot delay it. */
  on<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): this {
    this.events.on(name, listener);
    return this;
  }

  /** Calls `listener` when `name` happens next, and never again. */
  once<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): this {
    this.events.on(name, listener, true);
    return this;
  }

  /** Calls `listener` no more. */
  off<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): this {
    this.events.off(name, listener);
    return this;
  }
}
