/** One exchange: what went wrong, where the time went, and the two connections it happened on. */

import { ms } from "../../src/cli/figures-text.ts";
import { explained } from "../../src/ledger/explained.ts";
import { type ExchangeEntry, keyOf } from "../feed/api-types.ts";
import type { Seen } from "../feed/feed.ts";
import { ConnectionCard } from "./connection-card.tsx";
import { connectionKey, EndTime, HopRef, requestText, Status } from "./parts.tsx";
import { spansOf } from "./phase-spans.ts";

interface StoryProps {
  readonly entry: ExchangeEntry;
  readonly seen: Seen;
}

export function ExchangeStory({ entry, seen }: StoryProps) {
  const about = explained(entry);
  const { downstream, upstream, lost = [], retries } = entry;
  return (
    <article class="exchange-story">
      <h2 class="mono">{requestText(entry)}</h2>
      <p class="soft">
        <Status entry={entry} /> after {ms(entry.duration_ms)}, ended at <EndTime entry={entry} />, for {entry.client}
        {entry.user === undefined ? "" : ` (${entry.user})`}
      </p>
      {about !== undefined && (
        <div class="cause">
          <p>
            <strong>{about.cause}</strong> {about.detail}
          </p>
          <p>{about.todo}</p>
          <p class="soft mono">
            {about.word}
            {about.fault === undefined ? "" : ` ${about.fault}`}
          </p>
        </div>
      )}
      {lost.map((attempt) => (
        <p key={attempt.id} class="lost">
          An earlier attempt on{" "}
          <HopRef hop="upstream" connection={connectionKey(entry, attempt.id)} exchange={attempt.exchange} /> was lost
          after {ms(attempt.after_ms)}
          {attempt.fault === undefined ? "" : ` (${attempt.fault})`}; the request was sent again.
        </p>
      ))}
      {retries > 0 && lost.length === 0 && (
        <p class="lost">The request was sent again {retries === 1 ? "once" : `${retries} times`}.</p>
      )}
      <Spans entry={entry} />
      <div class="hops">
        <ConnectionCard
          connection={connectionKey(entry, downstream.id)}
          hop="downstream"
          seen={seen}
          marked={keyOf(entry)}
        />
        {upstream === undefined ? (
          <section class="connection-card upstream-edge">
            <h3>To the origin</h3>
            {entry.endpoint === undefined ? (
              <p>No connection to an origin was used.</p>
            ) : (
              <p>
                There was no connection to <span class="mono">{entry.endpoint}</span> for it.
              </p>
            )}
          </section>
        ) : (
          <ConnectionCard
            connection={connectionKey(entry, upstream.id)}
            hop="upstream"
            seen={seen}
            marked={keyOf(entry)}
          />
        )}
      </div>
    </article>
  );
}

function Spans({ entry }: { readonly entry: ExchangeEntry }) {
  const spans = spansOf(entry);
  if (spans.length === 0) return null;
  return (
    <figure class="spans">
      <figcaption class="unseen">Where the time went</figcaption>
      <div class="span-bar" aria-hidden="true">
        {spans.map(({ name, share }) => (
          <span key={name} data-phase={name} style={{ flexGrow: Math.max(share, 0.004) }} />
        ))}
      </div>
      <dl class="span-names">
        {spans.map(({ name, label, duration_ms }) => (
          <div key={name} data-phase={name}>
            <dt>{label}</dt>
            <dd>{ms(duration_ms)}</dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}
