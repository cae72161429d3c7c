/** What shapes mean, drawn by the functions that draw them in the lanes. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type CapKind, capKinds, capWords } from "../model/caps.ts";
import type { Activity } from "../model/phases.ts";
import { type Tone, toneWords } from "../model/tones.ts";
import { type Colours, coloursOf, toneColour } from "./colours.ts";
import { drawCap, drawFlag, drawPart, Hatch } from "./shapes.ts";

type Draw = (pen: CanvasRenderingContext2D, colours: Colours) => void;
const WIDTH = 34;
const HEIGHT = 22;
const MIDDLE = HEIGHT / 2;

const bars: readonly (readonly [string, Draw])[] = [
  ["waits for a connection, then connects", (pen, colours) => barOf(pen, colours, "queued", "connecting")],
  ["the origin works, then its response passes", (pen, colours) => barOf(pen, colours, "asking", "answering")],
  [
    "idle; right of now: the time it has left",
    (pen, { idle }) => new Hatch(pen, idle, devicePixelRatio).fill(pen, 2, 30, MIDDLE),
  ],
];
const outcomes: readonly Tone[] = ["refused", "failed", "gone", "tunnel"];

export function Legend() {
  const theme = useColourChanges();
  const caps = capKinds.filter((kind) => kind !== "unknown");
  return (
    <details class="lane-legend">
      <summary>What the shapes mean</summary>
      <div class="lane-legend-groups">
        <Group title="Exchanges" items={bars} theme={theme} />
        <Group title="Outcomes" items={outcomes.map((tone) => [toneWords[tone], outcome(tone)])} theme={theme} />
        <Group title="How connections end" items={caps.map((kind) => [capWords[kind], cap(kind)])} theme={theme} />
      </div>
      <p class="soft">
        Hollow: the other end began it. A small cross beside another sign: it ended with a reset (RST). Well answered
        exchanges have the colour of their hop.
      </p>
    </details>
  );
}

interface GroupProps {
  readonly title: string;
  readonly items: readonly (readonly [string, Draw])[];
  readonly theme: number;
}

function Group({ title, items, theme }: GroupProps) {
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {items.map(([words, draw]) => (
          <li key={words}>
            <Sample draw={draw} theme={theme} />
            {words}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sample({ draw, theme }: { readonly draw: Draw; readonly theme: number }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    const pen = canvas?.getContext("2d");
    if (canvas === null || pen === null || pen === undefined) return;
    canvas.width = WIDTH * devicePixelRatio;
    canvas.height = HEIGHT * devicePixelRatio;
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    draw(pen, coloursOf(canvas));
  }, [draw, theme]);
  return <canvas ref={ref} class="lane-sample" />;
}

function barOf(pen: CanvasRenderingContext2D, colours: Colours, first: Activity, second: Activity): void {
  const colour = colours.hop.downstream;
  drawPart(pen, first, { x: 2, width: 15, y: MIDDLE, colour });
  drawPart(pen, second, { x: 17, width: 15, y: MIDDLE, colour });
}

function outcome(tone: Tone): Draw {
  return (pen, colours) => {
    const colour = toneColour(colours, tone, "downstream");
    drawPart(pen, "asking", { x: 2, width: 12, y: MIDDLE, colour });
    drawPart(pen, "answering", { x: 14, width: 14, y: MIDDLE, colour });
    if (tone === "failed" || tone === "gone") drawFlag(pen, 27, MIDDLE, colour);
  };
}

function cap(kind: CapKind): Draw {
  return (pen, colours) => {
    pen.fillStyle = colours.line;
    pen.fillRect(2, MIDDLE - 0.5, 18, 1);
    drawCap(pen, { kind, isPeers: false, isReset: kind === "reset" }, 20, MIDDLE, colours);
  };
}

/** Grows whenever the colours change. */
function useColourChanges(): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const onChange = () => setChanges((before) => before + 1);
    const observer = new MutationObserver(onChange);
    observer.observe(document.documentElement, { attributes: true });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", onChange);
    return () => {
      observer.disconnect();
      dark.removeEventListener("change", onChange);
    };
  }, []);
  return changes;
}
