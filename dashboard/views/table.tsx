/** Exchanges and connections as tables, for people who prefer text: filters, sorting, and the story of what is chosen beside them. */
import { useState } from "preact/hooks";
import { endpointOf } from "../../src/ledger/explained.ts";
import { type ExchangeEntry, keyOf } from "../feed/api-types.ts";
import type { Seen } from "../feed/feed.ts";
import { NotTold } from "../shell/empty.tsx";
import { fragmentOf, type Place, replacePlace } from "../shell/place.ts";
import { ConnectionCard } from "./connection-card.tsx";
import { type ConnectionFacts, closedFacts, openFacts } from "./connection-facts.ts";
import { ExchangeStory } from "./exchange-story.tsx";
import { Choice, Filters, Text } from "./filters.tsx";
import { Missed } from "./parts.tsx";
import {
  type Column,
  choices,
  connectionColumns,
  connectionFilters,
  emptyText,
  exchangeColumns,
  exchangeFilters,
  filtered,
  reasonOf,
  sorted,
} from "./rows.ts";
import { ConnectionCells, ExchangeCells } from "./table-cells.tsx";

const ROWS = 200;

export function Table({ seen, place }: { readonly seen: Seen; readonly place: Place }) {
  if (seen.exchanges === undefined || seen.connections === undefined) return <NotTold problem={seen.problem} />;
  const [kind = "exchanges", key] = place.path;
  const isConnections = kind === "connections";
  return (
    <>
      <nav class="kinds" aria-label="What the table shows">
        <a href={fragmentOf("table", ["exchanges"])} aria-current={isConnections ? undefined : "page"}>
          Exchanges
        </a>
        <a href={fragmentOf("table", ["connections"])} aria-current={isConnections ? "page" : undefined}>
          Connections
        </a>
      </nav>
      <Missed missed={seen.missed} />
      <div class="split" data-detail={key === undefined ? undefined : ""}>
        <div>
          {isConnections ? <ConnectionTable seen={seen} place={place} /> : <ExchangeTable seen={seen} place={place} />}
        </div>
        {key !== undefined && (
          <section class="detail" aria-label={isConnections ? "The connection" : "The exchange"}>
            <a class="back" href={fragmentOf("table", [kind], place.query)}>
              ← Back to the table
            </a>
            <a class="close" href={fragmentOf("table", [kind], place.query)} aria-label="Close the story">
              ✕
            </a>
            {isConnections ? <ConnectionCard connection={key} seen={seen} /> : <Chosen seen={seen} exchange={key} />}
          </section>
        )}
      </div>
    </>
  );
}

function Chosen({ seen, exchange }: { readonly seen: Seen; readonly exchange: string }) {
  const entry = seen.exchanges?.find((one) => keyOf(one) === exchange);
  if (entry === undefined) return <p class="quiet-note">This exchange is not remembered any more.</p>;
  return <ExchangeStory entry={entry} seen={seen} />;
}

function ExchangeTable({ seen, place }: { readonly seen: Seen; readonly place: Place }) {
  const all = seen.exchanges ?? [];
  const rows = sorted(filtered(all, exchangeFilters, place.query), exchangeColumns, place.query.sort ?? "");
  return (
    <>
      <Filters place={place} names={Object.keys(exchangeFilters)} shown={rows.length} all={all.length}>
        <Text place={place} name="status" label="Status" hint="404, 5xx" isFirst />
        <Choice place={place} name="reason" label="Reason" choices={choices(all, reasonOf)} />
        <Choice place={place} name="method" label="Method" choices={choices(all, ({ method }) => method)} />
        <Text place={place} name="host" label="Host" hint="any" />
        <Text place={place} name="path" label="Path has" hint="any" />
        <Choice place={place} name="endpoint" label="Origin" choices={choices(all, endpointOf)} />
        <Text place={place} name="connection" label="Connection" hint="#12" />
      </Filters>
      <Rows
        place={place}
        columns={exchangeColumns}
        rows={rows}
        keyOf={keyOf}
        cells={(entry: ExchangeEntry) => <ExchangeCells entry={entry} place={place} />}
      />
    </>
  );
}

function ConnectionTable({ seen, place }: { readonly seen: Seen; readonly place: Place }) {
  const now_ms = Date.now() + seen.clockAhead_ms;
  const open = seen.connections?.map((view) => openFacts(view, now_ms)) ?? [];
  const openKeys = new Set(open.map(({ key }) => key));
  const closed = seen.closed.map(closedFacts);
  // What an event told last counts: a snapshot may be older.
  const closedKeys = new Set(closed.map(({ key }) => key));
  const all = [...open.filter(({ key }) => !closedKeys.has(key)), ...closed];
  const rows = sorted(filtered(all, connectionFilters, place.query), connectionColumns, place.query.sort ?? "");
  return (
    <>
      <Filters place={place} names={Object.keys(connectionFilters)} shown={rows.length} all={all.length}>
        <Choice
          place={place}
          name="hop"
          label="Hop"
          choices={["downstream", "upstream"]}
          titles={{ downstream: "from clients", upstream: "to origins" }}
        />
        <Choice place={place} name="state" label="State" choices={choices(all, ({ state }) => state)} />
        <Choice place={place} name="reason" label="Closes" choices={choices(all, ({ closes }) => closes)} />
        <Text place={place} name="peer" label="Other end has" hint="any" isFirst />
        <Text place={place} name="connection" label="Number" hint="#12" />
      </Filters>
      <p class="soft table-note">
        {openKeys.size} open; {closed.length} closed since this page was opened.
      </p>
      <Rows
        place={place}
        columns={connectionColumns}
        rows={rows}
        keyOf={({ key }: ConnectionFacts) => key}
        cells={(facts: ConnectionFacts) => <ConnectionCells facts={facts} place={place} now_ms={now_ms} />}
      />
    </>
  );
}

interface RowsProps<Row> {
  readonly place: Place;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly cells: (row: Row) => preact.ComponentChildren;
}

function Rows<Row>({ place, columns, rows, keyOf: key, cells }: RowsProps<Row>) {
  const [max, setMax] = useState(ROWS);
  const [, chosen] = place.path;
  const { sort = "" } = place.query;
  if (rows.length === 0) return <p class="quiet-note">{emptyText(place.query)}</p>;
  return (
    <>
      <div class="table-frame">
        <table class="rows data">
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.name} column={column} place={place} sort={sort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, max).map((row) => (
              <tr key={key(row)} aria-current={key(row) === chosen ? "true" : undefined}>
                {cells(row)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > max && (
        <button type="button" class="tool more" onClick={() => setMax(max + ROWS)}>
          Show {Math.min(ROWS, rows.length - max)} more
        </button>
      )}
    </>
  );
}

interface HeadingProps<Row> {
  readonly column: Column<Row>;
  readonly place: Place;
  readonly sort: string;
}

function Heading<Row>({ column: { name, title, isNumber }, place, sort }: HeadingProps<Row>) {
  const isUp = sort === name;
  const isDown = sort === `-${name}`;
  // From the greatest to the least first, then the other way, then as they come.
  const next = isDown ? name : isUp ? "" : `-${name}`;
  return (
    <th
      scope="col"
      class={isNumber === true ? "number" : undefined}
      aria-sort={isUp ? "ascending" : isDown ? "descending" : undefined}
    >
      <button
        type="button"
        class="sort"
        onClick={() => replacePlace(fragmentOf("table", place.path, { ...place.query, sort: next }))}
      >
        {title}
        <span aria-hidden="true">{isUp ? " ↑" : isDown ? " ↓" : ""}</span>
      </button>
    </th>
  );
}
