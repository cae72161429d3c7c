/** Figures over time: requests, how long they took and where, connections, and why those closed. */
import { ms, perSecondText, span } from "../../src/cli/figures-text.ts";
import type { Seen } from "../feed/feed.ts";
import { type LatencyPhase, percentiles, phases } from "../feed/latency.ts";
import { exchangesOf, failuresOf } from "../feed/samples.ts";
import { fragmentOf, type Place, replacePlace } from "../shell/place.ts";
import type { Theme } from "../shell/theme.ts";
import { Chart } from "./chart.tsx";
import { busyOf, type CloseRow, closesOf, idleOf, latencies, levels, rates } from "./number-series.ts";
import { Missed } from "./parts.tsx";

const spansOfTime = [
  { seconds: 60, title: "1 minute" },
  { seconds: 300, title: "5 minutes" },
  { seconds: 900, title: "15 minutes" },
] as const;

const phaseTitles: Readonly<Record<LatencyPhase, string>> = {
  whole: "whole exchange",
  queued: "waiting for a connection",
  connect: "connecting",
  tls: "TLS handshake",
  origin: "origin, to its first byte",
  rest: "rest of the response",
};
const phaseColours: Readonly<Record<LatencyPhase, string>> = {
  whole: "--ink",
  queued: "--c3",
  connect: "--c2",
  tls: "--c4",
  origin: "--c1",
  rest: "--c0",
};
const dashes: Readonly<Record<LatencyPhase, readonly number[]>> = {
  whole: [],
  queued: [2, 2],
  connect: [6, 3],
  tls: [1, 3],
  origin: [],
  rest: [8, 2, 2, 2],
};

interface NumbersProps {
  readonly seen: Seen;
  readonly place: Place;
  readonly theme: Theme;
}

export function NumbersView({ seen, place, theme }: NumbersProps) {
  const seconds = spansOfTime.find((one) => String(one.seconds) === place.query.last)?.seconds ?? 60;
  const percentile = percentiles.find((one) => String(one) === place.query.percentile) ?? 90;
  const choose = (some: Place["query"]) => replacePlace(fragmentOf("numbers", [], { ...place.query, ...some }));
  const last = seen.samples.at(-1);
  if (last === undefined) return null;
  const until_s = last.at_ms / 1_000;
  const range_s = [until_s - seconds, until_s] as const;
  const samples = seen.samples.filter(({ at_ms }) => at_ms / 1_000 >= range_s[0]);
  const chart = { range_s, theme };
  const count = (value: number) => String(Math.round(value * 100) / 100);

  const requests = rates(samples, [exchangesOf, failuresOf]);
  const open = levels(samples, [
    ({ connections }) => busyOf(connections.downstream),
    ({ connections }) => idleOf(connections.downstream),
    ({ connections }) => busyOf(connections.upstream),
    ({ connections }) => idleOf(connections.upstream),
  ]);
  const whole = latencies(
    seen.latencies,
    percentiles.map((one) => ({ phase: "whole", percentile: one })),
    seen.clockAhead_ms,
  );
  const parts = phases.filter((phase) => phase !== "whole" && seen.latencies.some(({ of }) => of[phase] !== undefined));
  const byPhase = latencies(
    seen.latencies,
    parts.map((phase) => ({ phase, percentile })),
    seen.clockAhead_ms,
  );

  return (
    <>
      <fieldset class="kinds">
        <legend class="unseen">Time that is shown</legend>
        {spansOfTime.map(({ seconds: one, title }) => (
          <button key={one} type="button" aria-pressed={one === seconds} onClick={() => choose({ last: String(one) })}>
            {title}
          </button>
        ))}
      </fieldset>
      <Missed missed={seen.missed} />
      <div class="charts">
        <Chart
          {...chart}
          title="Requests a second"
          times_s={requests.times_s}
          text={perSecondText}
          series={[
            { name: "all", colour: "--c0", values: requests.values[0] ?? [] },
            { name: "5xx", colour: "--hang", dash: [4, 3], values: requests.values[1] ?? [] },
          ]}
        />
        <Chart
          {...chart}
          title="Connections"
          times_s={open.times_s}
          text={count}
          isWhole
          series={[
            { name: "clients busy", colour: "--c0", values: open.values[0] ?? [] },
            { name: "clients idle", colour: "--c0", dash: [2, 3], values: open.values[1] ?? [] },
            { name: "origins busy", colour: "--c1", values: open.values[2] ?? [] },
            { name: "origins idle", colour: "--c1", dash: [2, 3], values: open.values[3] ?? [] },
          ]}
        />
        {seen.exchanges !== undefined && (
          <>
            <Chart
              {...chart}
              title="How long exchanges take"
              times_s={whole.times_s}
              text={ms}
              series={[
                { name: "p50", colour: "--c0", values: whole.values[0] ?? [] },
                { name: "p90", colour: "--c2", dash: [6, 3], values: whole.values[1] ?? [] },
                { name: "p99", colour: "--c3", dash: [2, 2], values: whole.values[2] ?? [] },
              ]}
            />
            <div class="chart-with-choice">
              <Chart
                {...chart}
                title={`Where the time goes, p${percentile}`}
                times_s={byPhase.times_s}
                text={ms}
                series={parts.map((phase, index) => ({
                  name: phaseTitles[phase],
                  colour: phaseColours[phase],
                  dash: dashes[phase],
                  values: byPhase.values[index] ?? [],
                }))}
              />
              <fieldset class="kinds small">
                <legend class="unseen">Percentile</legend>
                {percentiles.map((one) => (
                  <button
                    key={one}
                    type="button"
                    aria-pressed={one === percentile}
                    onClick={() => choose({ percentile: String(one) })}
                  >
                    p{one}
                  </button>
                ))}
              </fieldset>
            </div>
          </>
        )}
      </div>
      <SinceStart seen={seen} />
      <Closes rows={closesOf(samples)} seconds={seconds} isWhole={samples.length < seen.samples.length} />
    </>
  );
}

/** Of all exchanges, not only those that this page heard of. */
function SinceStart({ seen }: { readonly seen: Seen }) {
  const exchanges = seen.samples.at(-1)?.stats.exchanges;
  if (exchanges?.duration === undefined) return null;
  const rows = [
    ["Whole exchange", exchanges.duration],
    ["To the origin's first byte", exchanges.wait],
  ] as const;
  return (
    <section class="block">
      <h2>Since the start</h2>
      <div class="table-frame">
        <table class="narrow">
          <thead>
            <tr>
              <th scope="col">Time</th>
              {["exchanges", "mean", "p50", "p90", "p99"].map((title) => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([title, stats]) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                <td class="number">{stats === undefined ? "–" : stats.count.toLocaleString("en")}</td>
                {(["mean_ms", "p50_ms", "p90_ms", "p99_ms"] as const).map((name) => (
                  <td key={name} class="number">
                    {stats === undefined ? "–" : ms(stats[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface ClosesProps {
  readonly rows: readonly CloseRow[];
  readonly seconds: number;
  /** The page has been open for as long. */
  readonly isWhole: boolean;
}

function Closes({ rows, seconds, isWhole }: ClosesProps) {
  if (rows.length === 0) return null;
  const most = Math.max(1, ...rows.map(({ lately }) => lately));
  return (
    <section class="block">
      <h2>Why connections closed</h2>
      <div class="table-frame">
        <table class="closes">
          <thead>
            <tr>
              <th scope="col">Hop</th>
              <th scope="col">Reason</th>
              <th scope="col">Meaning</th>
              <th scope="col" class="number">
                {isWhole ? `Last ${span(seconds * 1_000)}` : "Since this page was opened"}
              </th>
              <th scope="col" class="bar-cell">
                <span class="unseen">Share</span>
              </th>
              <th scope="col" class="number">
                Since the start
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ hop, reason, meaning, total, lately }) => (
              <tr key={`${hop} ${reason}`}>
                <td class={hop}>{hop === "downstream" ? "client" : "origin"}</td>
                <th scope="row" class="mono">
                  {reason}
                </th>
                <td class="meaning">{meaning}</td>
                <td class="number">{lately.toLocaleString("en")}</td>
                <td class="bar-cell">
                  <span class={`share-bar ${hop}`} style={{ width: `${(lately / most) * 100}%` }} />
                </td>
                <td class="number">{total.toLocaleString("en")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
