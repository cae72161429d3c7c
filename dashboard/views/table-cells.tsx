/** The cells of one row of the tables. The first thing that names the row leads to its story. */
import { ms, span } from "../../src/cli/figures-text.ts";
import { closeReasons, openReasons } from "../../src/connection/reasons.ts";
import { endpointOf } from "../../src/ledger/explained.ts";
import { type ExchangeEntry, keyOf } from "../feed/api-types.ts";
import { fragmentOf, type Place } from "../shell/place.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import { EndTime, HopPair, plain, requestText, Status } from "./parts.tsx";
import { reasonOf } from "./rows.ts";

export function ExchangeCells({ entry, place }: { readonly entry: ExchangeEntry; readonly place: Place }) {
  const { duration_ms } = entry;
  const endpoint = endpointOf(entry);
  return (
    <>
      <td>
        <EndTime entry={entry} />
      </td>
      <td>
        <Status entry={entry} />
      </td>
      <td class="number">{ms(duration_ms)}</td>
      <td class="clip-cell">
        <a class="clip mono" href={fragmentOf("table", ["exchanges", keyOf(entry)], place.query)}>
          {requestText(entry)}
        </a>
      </td>
      <td class="mono">{reasonOf(entry)}</td>
      <td>
        <HopPair entry={entry} />
      </td>
      <td class="name-cell">
        <span class="clip mono" title={endpoint}>
          {endpoint}
        </span>
      </td>
    </>
  );
}

interface ConnectionCellsProps {
  readonly facts: ConnectionFacts;
  readonly place: Place;
  readonly now_ms: number;
}

export function ConnectionCells({ facts, place, now_ms }: ConnectionCellsProps) {
  const { key, hop, state, peer, exchangeCount, openedAt_ms, closedAt_ms, opened, closes, idle_ms } = facts;
  return (
    <>
      <td>
        <a class={`hop ${hop}`} href={fragmentOf("table", ["connections", key], place.query)}>
          #{key}
        </a>
      </td>
      <td>
        {state}
        {idle_ms === undefined ? "" : ` ${span(idle_ms)}`}
      </td>
      <td class="clip-cell">
        <span class="clip mono">{peer}</span>
      </td>
      <td class="number">{exchangeCount.toLocaleString("en")}</td>
      <td class="number">{openedAt_ms === undefined ? "" : span((closedAt_ms ?? now_ms) - openedAt_ms)}</td>
      <td class="mono" title={opened === undefined ? undefined : plain(openReasons[opened])}>
        {opened}
      </td>
      <td class="mono" title={closes === undefined ? undefined : plain(closeReasons[closes])}>
        {closes}
      </td>
    </>
  );
}
