/** Light or dark: as the system has it, until one is chosen here. Deliberately absent: colours (the lab's, and styles/). */
import { useEffect, useState } from "preact/hooks";

const KEY = "hopwise-theme";
export type Theme = "light" | "dark";

const system = window.matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | undefined {
  // A browser may refuse to store anything.
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : undefined;
  } catch {
    return undefined;
  }
}

function current(): Theme {
  return chosen() ?? (system.matches ? "dark" : "light");
}

/** What is drawn follows `data-theme`, see src/lab/drawing/style.ts; what is as the system has it says nothing. */
export function applyTheme(): void {
  const theme = chosen();
  if (theme === undefined) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The theme, and how to turn to the other one. */
export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState(current);
  useEffect(() => {
    const onChange = () => setTheme(current());
    system.addEventListener("change", onChange);
    return () => system.removeEventListener("change", onChange);
  }, []);
  const turn = () => {
    const other = current() === "dark" ? "light" : "dark";
    try {
      // As the system has it is the better choice to remember: it changes with the day.
      if (other === (system.matches ? "dark" : "light")) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, other);
      applyTheme();
    } catch {
      // It is not remembered.
      document.documentElement.dataset.theme = other;
    }
    setTheme(other);
  };
  return [theme, turn];
}
