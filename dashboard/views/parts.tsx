/** What several views show in the same way: times, statuses, and references to connections and exchanges. */
import type { ComponentChildren } from "preact";
import { span } from "../../src/cli/figures-text.ts";
import { askedText } from "../../src/ledger/shown-target.ts";
import { type ExchangeEntry, keyOf } from "../feed/api-types.ts";
import { endOf } from "../feed/history.ts";
import { fragmentOf } from "../shell/place.ts";

/** `14:03:07`, of this machine's time zone. */
export function clock(at_ms: number): string {
  return new Date(at_ms).toLocaleTimeString("en-GB");
}

/** `12s ago` */
export function ago(passed_ms: number): string {
  return passed_ms < 1_500 ? "just now" : `${span(passed_ms)} ago`;
}

/** When something ended. */
export function EndTime({ entry }: { readonly entry: ExchangeEntry }) {
  const end = endOf(entry);
  return <time dateTime={new Date(end).toISOString()}>{clock(end)}</time>;
}

export function Status({ entry: { status, outcome } }: { readonly entry: ExchangeEntry }) {
  if (status === 0) return <span class="status bad">{outcome === "client-gone" ? "gone" : "none"}</span>;
  const tone = status >= 500 || outcome === "truncated" ? "bad" : status >= 400 ? "warn" : "";
  return <span class={`status ${tone}`}>{outcome === "truncated" ? `${status} cut` : status}</span>;
}

/** `GET shop.example/cart` */
export function requestText(entry: ExchangeEntry): string {
  return entry.method === "" || entry.received !== undefined ? `(unreadable) ${askedText(entry)}` : askedText(entry);
}

export function connectionPlace(key: string): string {
  return fragmentOf("table", ["connections", key]);
}

/** The same worker's. */
export function connectionKey(entry: ExchangeEntry, id: number): string {
  return keyOf({ id, ...(entry.worker === undefined ? {} : { worker: entry.worker }) });
}

interface HopRefProps {
  readonly hop: "downstream" | "upstream";
  readonly connection: string;
  /** Which exchange it is on the connection. */
  readonly exchange?: number;
}

/** `#12.3`: the third exchange on connection 12. */
export function HopRef({ hop, connection, exchange }: HopRefProps) {
  const whose = hop === "downstream" ? "a client's connection" : "a connection to an origin";
  return (
    <a class={`hop ${hop}`} href={connectionPlace(connection)} title={`${whose}, and which exchange on it`}>
      #{connection}
      {exchange === undefined ? "" : `.${exchange}`}
    </a>
  );
}

/** The connections of an exchange, from the client to the origin. */
export function HopPair({ entry }: { readonly entry: ExchangeEntry }) {
  const { downstream, upstream } = entry;
  return (
    <span class="hop-pair">
      <HopRef hop="downstream" connection={connectionKey(entry, downstream.id)} exchange={downstream.exchange} />
      <span class="soft" aria-hidden="true">
        {" → "}
      </span>
      {upstream === undefined ? (
        <span class="soft">none</span>
      ) : (
        <HopRef hop="upstream" connection={connectionKey(entry, upstream.id)} exchange={upstream.exchange} />
      )}
    </span>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly tone?: "bad" | undefined;
  /** What else there is to say of it. */
  readonly children?: ComponentChildren;
}

/** A figure with its name, and something small beside it. */
export function Fact({ name, value, tone, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={tone}>{value}</dd>
      <dd class="beside">{children}</dd>
    </div>
  );
}

/** Reasons are written with marks of Markdown, for pages. */
export function plain(text: string): string {
  return text.replaceAll("`", "");
}

/** What is shown is a sample, where the proxy is too busy to be watched in full. */
export function Missed({ missed }: { readonly missed: number }) {
  if (missed === 0) return null;
  return (
    <p class="warn table-note">
      This proxy is too busy to be watched in full: {missed.toLocaleString("en")} events were left out. Sums are
      complete; single exchanges, and times by phase, are a sample.
    </p>
  );
}
