/** The views, to choose one: with a click, its number, or the arrow keys (WAI-ARIA tabs pattern, roving focus). */
import { fragmentOf, type ViewName, views } from "./place.ts";

interface TabsProps {
  readonly titles: Readonly<Record<ViewName, string>>;
  readonly chosen: ViewName;
  /** How many there are of what the view shows; none, or not counted: absent. */
  readonly counts: Partial<Readonly<Record<ViewName, number>>>;
}

export function Tabs({ titles, chosen, counts }: TabsProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    const next = neighbour(chosen, event.key);
    if (next === undefined) return;
    event.preventDefault();
    location.hash = fragmentOf(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={onKeyDown}>
      {views.map((view, index) => {
        const count = counts[view] ?? 0;
        return (
          <button
            key={view}
            type="button"
            role="tab"
            id={`tab-${view}`}
            aria-selected={view === chosen}
            aria-controls="panel"
            aria-keyshortcuts={String(index + 1)}
            tabIndex={view === chosen ? 0 : -1}
            onClick={() => {
              location.hash = fragmentOf(view);
            }}
          >
            <span class="tab-number" aria-hidden="true">
              {index + 1}
            </span>
            {titles[view]}
            {count > 0 && <span class="tab-count">{count > 999 ? "999+" : count}</span>}
          </button>
        );
      })}
    </div>
  );
}

function neighbour(chosen: ViewName, key: string): ViewName | undefined {
  const at = views.indexOf(chosen);
  switch (key) {
    case "ArrowRight":
      return views[(at + 1) % views.length];
    case "ArrowLeft":
      return views[(at - 1 + views.length) % views.length];
    case "Home":
      return views[0];
    case "End":
      return views.at(-1);
    default:
      return undefined;
  }
}
