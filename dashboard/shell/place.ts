/**
 * Where one is: the view, what is chosen in it and its filters, all in the URL's fragment, so that any place can be linked to and the
 * browser's back button works. `#/table/exchanges?status=5xx`
 *
 * A fragment is never sent to a server. Deliberately absent: what the views make of it.
 */
import { useEffect, useState } from "preact/hooks";

export const views = ["connections", "origins", "failures", "numbers", "table"] as const;
export type ViewName = (typeof views)[number];

export interface Place {
  readonly view: ViewName;
  /** What is chosen in the view; nothing: empty. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

export function placeOf(fragment: string): Place {
  const [path = "", query = ""] = fragment.replace(/^#?\/?/, "").split("?", 2);
  const [view = "", ...rest] = path.split("/").map(decoded);
  return {
    view: isView(view) ? view : "connections",
    path: isView(view) ? rest.filter((part) => part !== "") : [],
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** @param query empty values are left out */
export function fragmentOf(view: ViewName, path: readonly string[] = [], query: Place["query"] = {}): string {
  const told = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${[view, ...path].map(encodeURIComponent).join("/")}${told === "" ? "" : `?${told}`}`;
}

/** Typing into a filter is no step that one goes back to. */
export function replacePlace(fragment: string): void {
  history.replaceState(null, "", fragment);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const onChange = () => setPlace(placeOf(location.hash));
    window.addEventListener("hashchange", onChange);
    return () => window.removeEventListener("hashchange", onChange);
  }, []);
  return place;
}

function isView(name: string): name is ViewName {
  return (views as readonly string[]).includes(name);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
