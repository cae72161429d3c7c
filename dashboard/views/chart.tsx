/**
 * One chart over time (uPlot), with a legend that has the figures: those of now, or of the moment that is pointed at.
 *
 * Hue never stands alone: series differ in their dashes, too. Charts of the page share their cursor. Deliberately absent: what the
 * figures are.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Theme } from "../shell/theme.ts";

export interface Series {
  readonly name: string;
  /** A variable of the style sheet: `--c0`. */
  readonly colour: string;
  readonly dash?: readonly number[];
  /** As many as there are times; nothing was there: null. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  /** Seconds since 1970. */
  readonly times_s: readonly number[];
  readonly series: readonly Series[];
  readonly range_s: readonly [number, number];
  /** A figure with its unit. */
  readonly text: (value: number) => string;
  readonly theme: Theme;
  /** Halves mean nothing. */
  readonly isWhole?: boolean;
}

const HEIGHT = 170;
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((step) => [0, 1, 2, 3, 4, 5].map((power) => step * 10 ** power))
  .sort((a, b) => a - b);
const cursorKey = "hopwise";

export function Chart({ title, times_s, series, range_s, text, theme, isWhole = false }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const range = useRef(range_s);
  range.current = range_s;
  const [pointed, setPointed] = useState<number | undefined>(undefined);
  const names = series.map(({ name }) => name).join();

  // Drawn anew for another theme, and for other series; data come below.
  useEffect(() => {
    const { current } = frame;
    if (current === null) return;
    const made = new uPlot(
      optionsOf(series, text, isWhole, () => range.current, current.clientWidth, setPointed),
      [[], ...series.map(() => [])],
      current,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height: HEIGHT }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [theme, names]);

  useEffect(() => {
    plot.current?.setData([[...times_s], ...series.map(({ values }) => [...values])] as uPlot.AlignedData);
  });

  const at = pointed ?? times_s.length - 1;
  const shown = (values: readonly (number | null)[]) => {
    const value = values[at];
    return value === null || value === undefined ? "–" : text(value);
  };
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <dl class="legend">
          {series.map(({ name, colour, dash, values }) => (
            <div key={name}>
              <dt>
                <Swatch colour={colour} dash={dash} />
                {name}
              </dt>
              <dd>{shown(values)}</dd>
            </div>
          ))}
        </dl>
      </figcaption>
      <div class="plot" ref={frame} aria-hidden="true" />
    </figure>
  );
}

function Swatch({ colour, dash = [] }: { readonly colour: string; readonly dash?: readonly number[] | undefined }) {
  return (
    <svg class="swatch" width="18" height="8" aria-hidden="true">
      <path d="M0 4H18" stroke={`var(${colour})`} stroke-width="2" stroke-dasharray={dash.join(" ")} />
    </svg>
  );
}

function optionsOf(
  series: readonly Series[],
  text: (value: number) => string,
  isWhole: boolean,
  range: () => readonly [number, number],
  width: number,
  onPoint: (index: number | undefined) => void,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--soft"),
    font: `11px ${style.getPropertyValue("--sans")}`,
    grid: { stroke: colour("--faint"), width: 1 },
    ticks: { stroke: colour("--faint"), width: 1, size: 4 },
  };
  return {
    width: Math.max(width, 100),
    height: HEIGHT,
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: cursorKey }, y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { range: () => [...range()] as [number, number] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 26, space: 90, values: (_plot, times) => times.map(timeText) },
      {
        ...axis,
        size: 58,
        space: 30,
        values: (_plot, values) => values.map(text),
        ...(isWhole ? { incrs: [...WHOLE_STEPS] } : {}),
      },
    ],
    series: [
      {},
      ...series.map(({ name, colour: variable, dash }) => ({
        label: name,
        stroke: colour(variable),
        width: 1.5,
        ...(dash === undefined ? {} : { dash: [...dash] }),
        points: { size: 4 },
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
  };
}

function timeText(at_s: number): string {
  return new Date(at_s * 1_000).toLocaleTimeString("en-GB");
}
