/**
 * The lanes with a proxy that does not exist, for development, browser tests and measurements; no part of what is shipped.
 *
 *   workbench.html?seed=1&clients=1000&rate=2000     goes on by itself, as a page with an admin port does
 *   workbench.html?seed=1&clients=8&rate=5&still     stands still until `workbench.pass(ms)` is called
 *
 * `limit=1000` events a second arrive at the most, as from an admin port, and what is left out is told. In milliseconds,
 * `workbench.frames` has the times between frames, `drawn` what each took to be drawn, `applied` what each batch of events took.
 */
import "hopwise:colours.css";
import "../styles/page.css";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { createModel, type Key } from "../model/model.ts";
import { SyntheticProxy } from "../model/synthetic.fixture.ts";
import { Connections } from "./connections.tsx";

const wanted = new URLSearchParams(location.search);
const figure = (name: string, usual: number) => Number(wanted.get(name) ?? usual);
const isStill = wanted.has("still");
const proxy = new SyntheticProxy({
  ...{ seed: figure("seed", 1), clients: figure("clients", 24), exchangesPerSecond: figure("rate", 30) },
  failuresPercent: figure("failures", 3),
});
const begin_ms = performance.now();
const proxyBegin_ms = proxy.now_ms;
// A real page knows the proxy's time between its events, too.
const model = createModel(() => (isStill ? proxy.now_ms : proxyBegin_ms + performance.now() - begin_ms));
const perSecond = figure("limit", 1_000);
let left = perSecond;
let missed = 0;

/** Milliseconds of work by the page for each batch of events. */
const applied: number[] = [];
const frames: number[] = [];
const drawn: number[] = [];
const nextFrame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) =>
  nextFrame((at) => {
    const from = performance.now();
    callback(at);
    drawn.push(performance.now() - from);
  });

function pass(ms: number): void {
  const events = proxy.pass(ms);
  const from = performance.now();
  for (const event of events) {
    if (left-- > 0) model.apply(event);
    else missed++;
  }
  applied.push(performance.now() - from);
}

function snapshot(): void {
  model.snapshot(proxy.snapshot(), isStill ? proxy.now_ms : model.now());
}

function everySecond(): void {
  left = perSecond;
  if (missed > 0) model.apply({ type: "missed", missed });
  missed = 0;
  if (model.needsSnapshot) snapshot();
}

function Workbench() {
  const [chosen, setChosen] = useState<Key | undefined>(undefined);
  const [isPaused, setPaused] = useState(false);
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <button type="button" id="pause" aria-pressed={isPaused} onClick={() => setPaused((was) => !was)}>
        Pause
      </button>
      <Connections model={model} chosen={chosen} onChoose={setChosen} isPaused={isPaused} />
    </>
  );
}

if (wanted.has("theme")) document.documentElement.dataset.theme = wanted.get("theme") ?? "";
if (!wanted.has("empty")) {
  if (isStill) {
    for (let passed_ms = 0; passed_ms < figure("before", 12_000); passed_ms += 100) {
      pass(100);
      left = perSecond;
    }
  }
  snapshot();
}
render(<Workbench />, document.getElementById("workbench") as HTMLElement);

if (!isStill) {
  let at = performance.now();
  setInterval(() => {
    const now = performance.now();
    pass(now - at);
    at = now;
  }, 16);
  setInterval(everySecond, 1_000);
}
let lastFrame = performance.now();
const onFrame = (at: number) => {
  frames.push(at - lastFrame);
  lastFrame = at;
  nextFrame(onFrame);
};
nextFrame(onFrame);

Object.assign(window, { workbench: { model, proxy, pass, snapshot, everySecond, frames, drawn, applied } });
