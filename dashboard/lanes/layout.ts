/**
 * Where things stand in the drawing of the lanes: which moment at which x, which lane at which y.
 *
 * Time runs from right to left: `now` is at the right edge of the plot, behind which the countdowns stand. Pure: no canvas, no DOM.
 */

export interface Layout {
  readonly width: number;
  /** Names stand left of it. */
  readonly plotLeft: number;
  /** Where now is; countdowns stand right of it. */
  readonly plotRight: number;
  readonly rowHeight: number;
  readonly window_ms: number;
}

/** How much time is shown, from the least to the most. */
export const windows_ms = [5_000, 10_000, 20_000, 60_000, 120_000] as const;

const NARROW_PX = 620;

/** @param window_ms what is chosen; nothing is: undefined */
export function layoutOf(width: number, window_ms?: number): Layout {
  const isNarrow = width < NARROW_PX;
  const [left, right] = isNarrow ? [86, 60] : [206, 84];
  return {
    width,
    plotLeft: left,
    plotRight: Math.max(left + 40, width - right),
    rowHeight: isNarrow ? 26 : 22,
    window_ms: window_ms ?? (isNarrow ? 10_000 : 20_000),
  };
}

export function pixelsPerMs({ plotLeft, plotRight, window_ms }: Layout): number {
  return (plotRight - plotLeft) / window_ms;
}

export function xOf(layout: Layout, at_ms: number, now_ms: number): number {
  return layout.plotRight - (now_ms - at_ms) * pixelsPerMs(layout);
}

/** The moment that stands at `x`; right of now: now. */
export function timeAt(layout: Layout, x: number, now_ms: number): number {
  return now_ms - Math.max(0, layout.plotRight - x) / pixelsPerMs(layout);
}

/** The earliest moment that is shown. */
export function beginsAt(layout: Layout, now_ms: number): number {
  return now_ms - layout.window_ms;
}

/** Marks of the time axis: so many milliseconds ago, from now on, as many as have room. */
export function ticksOf(layout: Layout): readonly number[] {
  const { plotLeft, plotRight, window_ms } = layout;
  const room = Math.max(2, Math.floor((plotRight - plotLeft) / 80));
  const step = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000].find((ms) => window_ms / ms <= room) ?? 60_000;
  const ticks: number[] = [];
  for (let ago = 0; ago <= window_ms; ago += step) ticks.push(ago);
  return ticks;
}

/** How many of the pixels that there are each of two groups of lanes gets: what it needs, or its share. */
export function heightsOf(room: number, needs: readonly [number, number]): readonly [number, number] {
  const [one, other] = needs;
  if (one + other <= room) return needs;
  const half = room / 2;
  if (one <= half) return [one, room - one];
  if (other <= half) return [room - other, other];
  return [half, half];
}
