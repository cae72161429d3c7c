/** Figures as people read them, in a terminal and in the dashboard: the unit stands beside each. Deliberately absent: colours. */

/** `12/s`; not known yet: `…/s` */
export function perSecondText(rate: number | undefined): string {
  if (rate === undefined) return "…/s";
  return `${rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10}/s`;
}

/** `1.8 ms`, `250 ms`, `12s` */
export function ms(value: number): string {
  if (value >= 10_000) return span(value);
  return `${value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ms`;
}

/** 950ms, 12s, 3m 5s, 2h 4m, 3d 1h */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  let left = seconds;
  const parts = units.slice(first, first + 2).map(([name, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? "" : `${count}${name}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}
