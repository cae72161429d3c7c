/**
 * Failures: hopwise's own errors and those of origins, grouped by cause, each with what to do; from a group to its exchanges, and from
 * there to the two connections.
 */
import { type ExchangeEntry, keyOf } from "../feed/api-types.ts";
import type { Seen } from "../feed/feed.ts";
import { NotTold } from "../shell/empty.tsx";
import { fragmentOf, type Place } from "../shell/place.ts";
import { ExchangeStory } from "./exchange-story.tsx";
import { countsOver, type FailureGroup, groupsOf } from "./failure-groups.ts";
import { ago, clock, EndTime, HopPair, requestText, Status } from "./parts.tsx";

const EXCHANGES_SHOWN = 50;
const BARS = 40;
const BAR_MS = 15_000;

export function Failures({ seen, place }: { readonly seen: Seen; readonly place: Place }) {
  if (seen.exchanges === undefined) return <NotTold problem={seen.problem} />;
  const groups = groupsOf(seen.exchanges);
  const [key, exchangeKey] = place.path;
  const now_ms = Date.now() + seen.clockAhead_ms;
  if (groups.length === 0) {
    return (
      <section class="empty">
        <h2>Nothing has failed.</h2>
        <p>
          Errors that hopwise answers itself, 5xx of origins, responses that were cut short and clients that left appear
          here, with their cause. The last {seen.exchanges.length} exchanges went well.
        </p>
      </section>
    );
  }
  const chosen = groups.find((group) => group.key === key);
  return (
    <div class="split" data-detail={key === undefined ? undefined : ""}>
      <ul class="causes" aria-label="Failures by cause">
        {groups.map((group) => (
          <Cause key={group.key} group={group} isChosen={group === chosen} now_ms={now_ms} />
        ))}
      </ul>
      {key !== undefined && (
        <section class="detail" aria-label="Exchanges of this cause">
          <a class="back" href={fragmentOf("failures")}>
            ← All failures
          </a>
          {chosen === undefined ? (
            <p class="quiet-note">No failure of this cause is remembered any more.</p>
          ) : (
            <GroupDetail group={chosen} exchangeKey={exchangeKey} seen={seen} />
          )}
        </section>
      )}
    </div>
  );
}

interface CauseProps {
  readonly group: FailureGroup;
  readonly isChosen: boolean;
  readonly now_ms: number;
}

function Cause({ group, isChosen, now_ms }: CauseProps) {
  const { key, about, exchanges, lastAt_ms, firstAt_ms, endpoints } = group;
  return (
    <li class="cause-row">
      <a href={fragmentOf("failures", [key])} aria-current={isChosen ? "true" : undefined}>
        <span class="cause-count">{exchanges.length}</span>
        <span class="cause-text">
          <strong>{about.cause}</strong>
          {about.detail !== "" && <span> {about.detail}</span>}
          <span class="cause-todo">{about.todo}</span>
          <span class="cause-facts">
            <span class="mono">{key}</span>
            {endpoints.length > 0 && <span class="mono upstream">{shortList(endpoints)}</span>}
            <span>
              {clock(firstAt_ms) === clock(lastAt_ms)
                ? `at ${clock(lastAt_ms)}`
                : `${clock(firstAt_ms)} to ${clock(lastAt_ms)}`}
              , {ago(now_ms - lastAt_ms)}
            </span>
          </span>
        </span>
        <Bars counts={countsOver(group, now_ms, BAR_MS, BARS)} />
      </a>
    </li>
  );
}

function shortList(names: readonly string[]): string {
  return names.length <= 2 ? names.join(", ") : `${names[0]} and ${names.length - 1} more`;
}

/** The last ten minutes. */
function Bars({ counts }: { readonly counts: readonly number[] }) {
  const most = Math.max(1, ...counts);
  return (
    <svg class="bars" viewBox={`0 0 ${BARS * 3} 24`} preserveAspectRatio="none" aria-hidden="true">
      <title>The last ten minutes</title>
      <path class="ground" d={`M0 23.5H${BARS * 3}`} />
      {counts.map((count, index) => {
        const height = count === 0 ? 0 : Math.max(3, (count / most) * 22);
        return <rect key={index} x={index * 3} y={23 - height} width={2} height={height} />;
      })}
    </svg>
  );
}

interface DetailProps {
  readonly group: FailureGroup;
  readonly exchangeKey: string | undefined;
  readonly seen: Seen;
}

function GroupDetail({ group, exchangeKey, seen }: DetailProps) {
  const { key, about, exchanges } = group;
  const chosen = exchanges.find((entry) => keyOf(entry) === exchangeKey);
  return (
    <>
      {chosen !== undefined && <ExchangeStory entry={chosen} seen={seen} />}
      {exchangeKey !== undefined && chosen === undefined && (
        <p class="quiet-note">This exchange is not remembered any more.</p>
      )}
      {chosen === undefined && (
        <div class="cause">
          <p>
            <strong>{about.cause}</strong> {about.detail}
          </p>
          <p>{about.todo}</p>
        </div>
      )}
      <h3 class="list-title">
        {exchanges.length === 1
          ? "The one exchange"
          : `The last ${Math.min(exchanges.length, EXCHANGES_SHOWN)} exchanges`}{" "}
        of this cause
      </h3>
      <div class="table-frame">
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">Ended</th>
              <th scope="col">Status</th>
              <th scope="col">Request</th>
              <th scope="col">Connections</th>
            </tr>
          </thead>
          <tbody>
            {exchanges.slice(0, EXCHANGES_SHOWN).map((entry) => (
              <FailedRow key={keyOf(entry)} entry={entry} group={key} isChosen={entry === chosen} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function FailedRow({
  entry,
  group,
  isChosen,
}: {
  readonly entry: ExchangeEntry;
  readonly group: string;
  readonly isChosen: boolean;
}) {
  return (
    <tr aria-current={isChosen ? "true" : undefined}>
      <td>
        <EndTime entry={entry} />
      </td>
      <td>
        <Status entry={entry} />
      </td>
      <td class="clip-cell">
        <a class="clip mono" href={fragmentOf("failures", [group, keyOf(entry)])}>
          {requestText(entry)}
        </a>
      </td>
      <td>
        <HopPair entry={entry} />
      </td>
    </tr>
  );
}
