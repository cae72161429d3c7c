/**
 * `hopwise top`: what a running hopwise does, once a second, until `q`. Into a pipe: once.
 *
 * Deliberately absent: what is shown, see screen.ts; changing anything.
 */
import { tokenIn } from "../../admin/token.ts";
import { nodeClock } from "../../net/node-clock.ts";
import { ExitCode } from "../exit.ts";
import { type Terminal, withoutControls } from "../terminal.ts";
import { adminUrl, type Sample, type Source, takeSample } from "./sample.ts";
import { type ListKey, lists, screen, type View } from "./screen.ts";

/** Where `hopwise proxy` listens for its operators unless told otherwise. */
const USUAL_TARGET = "9901";
const EVERY_MS = 1_000;
/** Rates are those of so many samples. */
const SAMPLES_KEPT = 5;
/** Who reads it can cut it. */
const SIZE_WITHOUT_TERMINAL = { columns: 1_000, rows: 200 };

const OTHER_SCREEN = "\u001b[?1049h\u001b[?25l";
const SCREEN_AS_BEFORE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_REST_OF_LINE = "\u001b[K";
const CLEAR_REST = "\u001b[J";

/** @throws HopwiseError `target-unreachable` where there is nothing at the beginning */
export async function runTop(
  target: string = USUAL_TARGET,
  { adminReadTokenFile: file }: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<ExitCode> {
  const token = typeof file === "string" ? tokenIn(file, "adminReadTokenFile") : undefined;
  const source: Source = { url: adminUrl(target), token };
  const first = await takeSample(source, nodeClock.now);
  const view: View = {
    ...{ source: source.url.host, list: "f", filter: "", isFiltering: false, isPaused: false, fault: undefined },
  };
  const { stdin, stdout } = process;
  if (stdout.isTTY !== true || stdin.isTTY !== true) {
    const { columns, rows } = SIZE_WITHOUT_TERMINAL;
    for (const line of screen(first, undefined, view, columns, rows).slice(0, -1)) terminal.print(line);
    return ExitCode.well;
  }
  await new Promise<void>((resolve) => new LiveTop(source, first, view, resolve).start());
  return ExitCode.well;
}

class LiveTop {
  private readonly source: Source;
  private samples: Sample[];
  private view: View;
  private readonly onQuit: () => void;
  private timer: NodeJS.Timeout | undefined;
  private isAsking = false;
  private isOver = false;

  constructor(source: Source, first: Sample, view: View, onQuit: () => void) {
    this.source = source;
    this.samples = [first];
    this.view = view;
    this.onQuit = onQuit;
  }

  start(): void {
    const { stdin, stdout } = process;
    stdout.write(OTHER_SCREEN);
    process.once("exit", this.leave);
    stdin.setRawMode(true);
    stdin.setEncoding("utf8");
    stdin.on("data", (keys: string) => this.onKeys(keys));
    stdout.on("resize", () => this.draw());
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => this.quit());
    this.timer = setInterval(() => void this.onTime(), EVERY_MS);
    this.draw();
  }

  private readonly leave = (): void => {
    process.stdin.setRawMode(false);
    process.stdout.write(SCREEN_AS_BEFORE);
  };

  private quit(): void {
    this.isOver = true;
    clearInterval(this.timer);
    process.removeListener("exit", this.leave);
    this.leave();
    process.stdin.pause();
    this.onQuit();
  }

  private async onTime(): Promise<void> {
    if (this.view.isPaused || this.isAsking) return;
    this.isAsking = true;
    try {
      const sample = await takeSample(this.source, nodeClock.now);
      this.samples = [...this.samples, sample].slice(-SAMPLES_KEPT);
      this.view = { ...this.view, fault: undefined };
    } catch {
      // It may come back: a restart, or a moment of too much work.
      this.view = { ...this.view, fault: "not there now" };
    }
    this.isAsking = false;
    this.draw();
  }

  private onKeys(keys: string): void {
    for (const key of keys) this.onKey(key);
    this.draw();
  }

  private onKey(key: string): void {
    const { view } = this;
    if (key === "\u0003") return this.quit();
    if (view.isFiltering) {
      if (key === "\r" || key === "\n") this.view = { ...view, isFiltering: false };
      else if (key === "\u001b") this.view = { ...view, isFiltering: false, filter: "" };
      else if (key === "\u007f" || key === "\b") this.view = { ...view, filter: view.filter.slice(0, -1) };
      else if (key >= " ") this.view = { ...view, filter: view.filter + key };
      return;
    }
    if (key === "q") this.quit();
    else if (key === "/") this.view = { ...view, isFiltering: true };
    else if (key === "\u001b") this.view = { ...view, filter: "" };
    else if (key === " ") this.view = { ...view, isPaused: !view.isPaused };
    else if (Object.hasOwn(lists, key)) this.view = { ...view, list: key as ListKey };
  }

  private draw(): void {
    if (this.isOver) return;
    const { columns = 80, rows = 24 } = process.stdout;
    const now = this.samples.at(-1);
    if (now === undefined) return;
    const lines = screen(now, this.samples.length > 1 ? this.samples[0] : undefined, this.view, columns, rows);
    process.stdout.write(
      HOME + lines.map((line) => withoutControls(line) + CLEAR_REST_OF_LINE).join("\r\n") + CLEAR_REST,
    );
  }
}
