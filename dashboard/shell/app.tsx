/**
 * The page: a header that says how the proxy is, tabs, and the view that is chosen.
 *
 * Pausing freezes what is drawn, not what is gathered. Deliberately absent: what the views show.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Feed, Seen } from "../feed/feed.ts";
import { hasFailed } from "../feed/history.ts";
import { Failures } from "../views/failures.tsx";
import { ModelContext } from "../views/model-context.ts";
import { NumbersView } from "../views/numbers.tsx";
import { Origins } from "../views/origins.tsx";
import { Table } from "../views/table.tsx";
import { Connections, modelOf } from "./connections-slot.tsx";
import { EmptyState, Refused } from "./empty.tsx";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { fragmentOf, type Place, usePlace, type ViewName, views } from "./place.ts";
import { Tabs } from "./tabs.tsx";
import { useTheme } from "./theme.ts";

export interface ViewProps {
  readonly seen: Seen;
  readonly place: Place;
}

const titles: Readonly<Record<ViewName, string>> = {
  connections: "Connections",
  origins: "Origins",
  failures: "Failures",
  numbers: "Numbers",
  table: "Table",
};

export function App({ feed }: { readonly feed: Feed }) {
  const place = usePlace();
  const [theme, turnTheme] = useTheme();
  const [live, setLive] = useState(feed.now);
  const [frozen, setFrozen] = useState<Seen | undefined>(undefined);
  const help = useRef<HTMLDialogElement>(null);
  useEffect(() => feed.subscribe(setLive), [feed]);
  const togglePause = useCallback(() => setFrozen((seen) => (seen === undefined ? feed.now : undefined)), [feed]);
  useShortcuts({ p: togglePause, t: turnTheme, "?": () => help.current?.showModal(), "/": focusFilter });
  const seen = frozen ?? live;
  const failures = seen.exchanges?.filter(hasFailed).length ?? 0;
  useEffect(() => {
    document.title = `${titles[place.view]} · hopwise`;
  }, [place.view]);

  return (
    <ModelContext.Provider value={modelOf(feed)}>
      <Header
        seen={live}
        isPaused={frozen !== undefined}
        onPause={togglePause}
        theme={theme}
        onTheme={turnTheme}
        onHelp={() => help.current?.showModal()}
      />
      <Tabs titles={titles} chosen={place.view} counts={{ failures }} />
      <main>
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${place.view}`} tabIndex={-1} data-view={place.view}>
          {live.link === "refused" && live.problem?.kind === "refused" ? (
            <Refused problem={live.problem} />
          ) : (
            <View feed={feed} seen={seen} place={place} isPaused={frozen !== undefined} theme={theme} />
          )}
        </div>
      </main>
      <Notice seen={live} />
      <Help dialog={help} />
    </ModelContext.Provider>
  );
}

interface ViewChoice extends ViewProps {
  readonly feed: Feed;
  readonly isPaused: boolean;
  readonly theme: "light" | "dark";
}

function View({ feed, seen, place, isPaused, theme }: ViewChoice) {
  const total = seen.samples.at(-1)?.stats.exchanges.total;
  if (total === undefined) return <p class="quiet-note">Asking hopwise …</p>;
  const isEmpty = total === 0 && (seen.connections?.length ?? 0) === 0 && (seen.exchanges?.length ?? 0) === 0;
  if (isEmpty && place.view !== "origins" && place.view !== "numbers") return <EmptyState config={seen.config} />;
  switch (place.view) {
    case "connections":
      return <Connections feed={feed} seen={seen} place={place} isPaused={isPaused} />;
    case "origins":
      return <Origins seen={seen} />;
    case "failures":
      return <Failures seen={seen} place={place} />;
    case "numbers":
      return <NumbersView seen={seen} place={place} theme={theme} />;
    case "table":
      return <Table seen={seen} place={place} />;
  }
}

/** What is wrong now, at the bottom, where it moves nothing. */
function Notice({ seen }: { readonly seen: Seen }) {
  const { link, problem, samples } = seen;
  const last = samples.at(-1);
  if (problem === undefined || link !== "lost") return <div class="notice" role="status" hidden />;
  const since = last === undefined ? "" : ` What you see is of ${new Date(last.at_ms).toLocaleTimeString()}.`;
  return (
    <div class="notice" role="status">
      <strong>{problem.what}</strong> <span>{problem.todo + since}</span>
    </div>
  );
}

/** Keys that work wherever nothing is being written. */
function useShortcuts(actions: Readonly<Record<string, () => void>>): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      const view = views[Number(event.key) - 1];
      const action = view === undefined ? latest.current[event.key] : () => goTo(view);
      if (action === undefined || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function goTo(view: ViewName): void {
  location.hash = fragmentOf(view);
  document.getElementById(`tab-${view}`)?.focus();
}

function focusFilter(): void {
  document.querySelector<HTMLElement>("[data-filter]")?.focus();
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, select, textarea") || target.isContentEditable);
}
