/** Where requests go: each endpoint of each group with its pool, how long it lets connections idle, and how well it is. */
import { ms, span } from "../../src/cli/figures-text.ts";
import { type ReuseRefusal, reuseRefusals } from "../../src/connection/reasons.ts";
import { type Explained, failingEndpoints } from "../../src/ledger/explained.ts";
import type { EndpointStats } from "../feed/api-types.ts";
import type { EndpointNews } from "../feed/endpoint-watch.ts";
import type { Seen } from "../feed/feed.ts";
import { fragmentOf } from "../shell/place.ts";
import { healthOf, type Lately, latelyByEndpoint } from "./endpoint-facts.ts";
import { Fact, plain } from "./parts.tsx";

/** Of a forward proxy there may be thousands. */
const ENDPOINTS_SHOWN = 200;
const SQUARES_MAX = 32;

export function Origins({ seen }: { readonly seen: Seen }) {
  const stats = seen.samples.at(-1)?.stats;
  const endpoints = stats?.endpoints ?? [];
  if (stats === undefined || endpoints.length === 0) {
    return (
      <section class="empty">
        <h2>No origin is known yet.</h2>
        <p>A forward proxy learns of origins as clients name them.</p>
      </section>
    );
  }
  const lately = latelyByEndpoint(seen.exchanges ?? []);
  const failing = failingEndpoints(seen.exchanges ?? []);
  const shown = endpoints.slice(0, ENDPOINTS_SHOWN);
  return (
    <>
      <p class="soft table-note">
        {seen.exchanges === undefined
          ? "Sums of all processes."
          : `Reuse, losses and times are of the last ${seen.exchanges.length.toLocaleString("en")} exchanges; what was not lent, since this page was opened.`}
        {stats.waiting > 0 && <strong class="warn"> {stats.waiting} requests wait for a connection.</strong>}
      </p>
      {grouped(shown).map(([name, members]) => (
        <section key={name} class="group" aria-label={name === "" ? "Origins" : `Group ${name}`}>
          {name !== "" && <h2>{name}</h2>}
          <ul>
            {members.map((endpoint) => (
              <Endpoint
                key={endpoint.endpoint}
                endpoint={endpoint}
                news={seen.endpoints.get(endpoint.endpoint)}
                lately={lately.get(endpoint.endpoint)}
                failing={failing.get(endpoint.endpoint)}
                isAlone={members.length === 1}
                hasShare={members.some(({ weight }) => weight !== endpoint.weight)}
              />
            ))}
          </ul>
        </section>
      ))}
      {endpoints.length > shown.length && <p class="soft">{endpoints.length - shown.length} more are not shown.</p>}
    </>
  );
}

/** In the order of the configuration; one that several groups have stands in each. */
function grouped(endpoints: readonly EndpointStats[]): readonly (readonly [string, EndpointStats[]])[] {
  const groups = new Map<string, EndpointStats[]>();
  for (const endpoint of endpoints) {
    const { group = "" } = endpoint;
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [endpoint]);
    else members.push(endpoint);
  }
  return [...groups];
}

interface EndpointProps {
  readonly endpoint: EndpointStats;
  readonly news: EndpointNews | undefined;
  readonly lately: Lately | undefined;
  readonly failing: Explained | undefined;
  readonly isAlone: boolean;
  /** Others of its group have another weight. */
  readonly hasShare: boolean;
}

function Endpoint({ endpoint, news, lately, failing, isAlone, hasShare }: EndpointProps) {
  const { endpoint: name, weight, backup, connections, lifetime_ms, advertised_ms, failures, version } = endpoint;
  const { tone, word, why } = healthOf(endpoint, news, isAlone, failing);
  const { idle, bound, inUse, dialing } = connections;
  return (
    <li class="endpoint">
      <div class="endpoint-head">
        <span class={`mark ${tone}`}>{word}</span>
        <a class="mono endpoint-name" href={fragmentOf("table", ["exchanges"], { endpoint: name })}>
          {name}
        </a>
        {hasShare && <span class="tag">weight {weight}</span>}
        {backup && <span class="tag">backup</span>}
        {version !== undefined && <span class="tag">HTTP/{version}</span>}
        <span class={tone === "good" ? "soft" : tone}>{why}</span>
      </div>
      <dl class="facts">
        <Fact name="Pool" value={`${inUse} busy, ${idle + bound} idle`}>
          <Squares busy={inUse} idle={idle + bound} dialing={dialing} />
          {dialing > 0 && <span> {dialing} connecting</span>}
          {bound > 0 && <span title="Authentication has bound them to one client each"> {bound} bound</span>}
        </Fact>
        <Fact name="Reused" value={shareText(lately)}>
          {lately === undefined ? "" : `of ${lately.exchanges.toLocaleString("en")} exchanges`}
        </Fact>
        <Fact name="Lets idle" value={lifetime_ms === undefined ? "not learned" : span(lifetime_ms)}>
          {advertised_ms === undefined ? "says nothing" : `says ${span(advertised_ms)}`}
        </Fact>
        <Refusals refusals={news?.refusals ?? {}} />
        <Fact
          name="Lost to a close"
          value={lately === undefined ? "–" : String(lately.racesLost)}
          tone={(lately?.racesLost ?? 0) > 0 ? "bad" : undefined}
        >
          {lately === undefined ? (
            ""
          ) : (
            <span title="They were sent again, and answered">{lately.racesSaved} saved</span>
          )}
        </Fact>
        <Fact name="To its first byte" value={lately?.firstByte === undefined ? "–" : ms(lately.firstByte[50])}>
          {lately?.firstByte === undefined ? "" : `p90 ${ms(lately.firstByte[90])}`}
        </Fact>
        <Fact name="Failed" value={failures.toLocaleString("en")} tone={failures > 0 ? "bad" : undefined}>
          since the start
          {lately !== undefined && lately.failed > 0 && ", "}
          {lately !== undefined && lately.failed > 0 && (
            <a href={fragmentOf("table", ["exchanges"], { endpoint: name, status: "5xx" })}>
              {lately.failed} {lately.failed === 1 ? "answer" : "answers"} 5xx lately
            </a>
          )}
        </Fact>
      </dl>
    </li>
  );
}

function shareText(lately: Lately | undefined): string {
  if (lately === undefined) return "–";
  return `${Math.round((lately.reused / lately.exchanges) * 1_000) / 10} %`;
}

function Refusals({ refusals }: { readonly refusals: EndpointNews["refusals"] }) {
  const all = (Object.entries(refusals) as [ReuseRefusal, number][]).sort(([, one], [, other]) => other - one);
  const sum = all.reduce((total, [, count]) => total + count, 0);
  return (
    <Fact name="Idle, not lent" value={sum.toLocaleString("en")}>
      {all.slice(0, 2).map(([reason, count]) => (
        <span key={reason} class="mono refusal" title={plain(reuseRefusals[reason])}>
          {reason} {all.length > 1 ? count : ""}
        </span>
      ))}
    </Fact>
  );
}

/** A square for each connection, as long as there are few: busy ones full, idle ones hatched. */
function Squares({ busy, idle, dialing }: { readonly busy: number; readonly idle: number; readonly dialing: number }) {
  const all = [
    ...Array.from({ length: busy }, () => "busy"),
    ...Array.from({ length: idle }, () => "idle"),
    ...Array.from({ length: dialing }, () => "dialing"),
  ].slice(0, SQUARES_MAX);
  return (
    <span class="squares" aria-hidden="true">
      {all.map((kind, index) => (
        <i key={index} class={kind} />
      ))}
    </span>
  );
}
