/** One connection: what is known of it, its story in sentences, and what it carried last. */
import { useContext } from "preact/hooks";
import { ms } from "../../src/cli/figures-text.ts";
import { type ExchangeEntry, keyOf } from "../feed/api-types.ts";
import type { Seen } from "../feed/feed.ts";
import type { Connection } from "../model/model.ts";
import { storyOf } from "../model/story.ts";
import { fragmentOf } from "../shell/place.ts";
import { asConnection, factsOf } from "./connection-facts.ts";
import { ModelContext } from "./model-context.ts";
import { connectionPlace, EndTime, plain, requestText, Status } from "./parts.tsx";

const EXCHANGES_SHOWN = 8;

interface CardProps {
  readonly connection: string;
  readonly hop?: "downstream" | "upstream";
  readonly seen: Seen;
  /** The exchange from which one comes here. */
  readonly marked?: string;
}

export function ConnectionCard({ connection, hop, seen, marked }: CardProps) {
  const now_ms = Date.now() + seen.clockAhead_ms;
  const model = useContext(ModelContext);
  const facts = factsOf(connection, seen, now_ms);
  if (facts === undefined) {
    return (
      <p class="quiet-note">
        Nothing is known of connection #{connection} any more: it closed before this page was opened.
      </p>
    );
  }
  const side = hop ?? facts.hop;
  const known = model?.connections.get(connection);
  // Of one whose end was missed its last exchange may know more.
  const isStoryKnown = known !== undefined && (known.closedAt_ms === undefined || known.closed !== undefined);
  return (
    <section class={`connection-card ${side}-edge`} aria-label={`Connection ${connection}`}>
      <h3>{side === "downstream" ? "From the client" : "To the origin"}</h3>
      <p class="connection-name">
        <a
          class={`hop ${side}`}
          href={known === undefined ? connectionPlace(connection) : fragmentOf("connections", [connection])}
          title={known === undefined ? undefined : "See it among the others"}
        >
          #{connection}
        </a>{" "}
        <span class="mono">{facts.peer}</span> <span class="tag">{facts.state}</span>
      </p>
      <ol class="story">
        {told(isStoryKnown ? known : asConnection(facts, now_ms), now_ms).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ol>
      {facts.exchanges.length > 0 && (
        <ol class="carried" aria-label="What it carried">
          {around(facts.exchanges, marked).map((entry) => (
            <li key={keyOf(entry)} aria-current={keyOf(entry) === marked ? "true" : undefined}>
              <EndTime entry={entry} />
              <Status entry={entry} />
              <a class="clip" href={fragmentOf("table", ["exchanges", keyOf(entry)])}>
                {requestText(entry)}
              </a>
              <span class="number">{ms(entry.duration_ms)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** What is known of it, but for what failed on it, which stands beside. */
function told(connection: Connection, now_ms: number): readonly string[] {
  const { sentences } = storyOf(connection, { now_ms });
  return sentences.flatMap(({ about, text }) => (about === "failed" || about === "todo" ? [] : [plain(text)]));
}

/** The latest; where one is marked, those before and behind it. @param exchanges the latest first */
function around(exchanges: readonly ExchangeEntry[], marked: string | undefined): readonly ExchangeEntry[] {
  const at = exchanges.findIndex((entry) => keyOf(entry) === marked);
  const from = Math.max(0, Math.min(at - 3, exchanges.length - EXCHANGES_SHOWN));
  return exchanges.slice(from, from + EXCHANGES_SHOWN);
}
