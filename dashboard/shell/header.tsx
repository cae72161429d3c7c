/** How the proxy is, at a glance: always there, always in the same place. */
import { perSecondText, span } from "../../src/cli/figures-text.ts";
import type { Seen } from "../feed/feed.ts";
import { exchangesOf, failuresOf, rateOf } from "../feed/samples.ts";
import type { Theme } from "./theme.ts";

interface HeaderProps {
  readonly seen: Seen;
  readonly isPaused: boolean;
  readonly onPause: () => void;
  readonly theme: Theme;
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

export function Header({ seen, isPaused, onPause, theme, onTheme, onHelp }: HeaderProps) {
  const stats = seen.samples.at(-1)?.stats;
  const failing = rateOf(seen.samples, failuresOf);
  const workers = stats?.workers === undefined ? "" : `, ${stats.workers.running} workers`;
  return (
    <header class="top">
      <div class="brand">
        <h1>hopwise</h1>
        <span class="version">{stats === undefined ? " " : `${stats.version}${workers}`}</span>
        <StateMark seen={seen} isPaused={isPaused} />
      </div>
      <dl class="vitals">
        <Figure name="requests" value={perSecondText(rateOf(seen.samples, exchangesOf))} />
        <Figure name="failing" value={perSecondText(failing)} tone={(failing ?? 0) > 0 ? "bad" : undefined} />
        <Figure name="in progress" value={stats === undefined ? "…" : String(stats.exchanges.inProgress)} />
        <Figure name="up" value={stats === undefined ? "…" : span(stats.uptime_ms)} />
      </dl>
      <div class="tools">
        <button type="button" class="tool" aria-pressed={isPaused} onClick={onPause} aria-keyshortcuts="p">
          {isPaused ? "Resume" : "Pause"}
        </button>
        <button type="button" class="tool" onClick={onTheme} aria-keyshortcuts="t">
          {theme === "dark" ? "Light" : "Dark"}
        </button>
        <button
          type="button"
          class="tool glyph"
          onClick={onHelp}
          aria-label="Help: keys and signs"
          aria-keyshortcuts="?"
        >
          ?
        </button>
      </div>
    </header>
  );
}

function Figure({
  name,
  value,
  tone,
}: {
  readonly name: string;
  readonly value: string;
  readonly tone?: string | undefined;
}) {
  return (
    <div data-tone={tone}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** One word that says whether what is shown is true now. */
function StateMark({ seen, isPaused }: { readonly seen: Seen; readonly isPaused: boolean }) {
  const { state, word } = stateOf(seen, isPaused);
  return (
    <span class="state" data-state={state} role="status">
      {word}
    </span>
  );
}

function stateOf(
  { link, problem, samples }: Seen,
  isPaused: boolean,
): { readonly state: string; readonly word: string } {
  if (link === "lost") return { state: "bad", word: "not connected" };
  if (link === "refused" && samples.length === 0) return { state: "bad", word: "refused" };
  if (isPaused) return { state: "warn", word: "paused" };
  if (samples.at(-1)?.stats.isDraining === true) return { state: "warn", word: "draining" };
  switch (link) {
    case "beginning":
      return { state: "quiet", word: "connecting" };
    case "stream":
      return { state: "good", word: "live" };
    default:
      return { state: "good", word: problem?.kind === "figures-alone" ? "sums only" : "polled" };
  }
}
