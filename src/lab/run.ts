/**
 * Plays what was asked for, and shows it: live as a diagram, or afterwards as data, Mermaid or a page.
 *
 * Deliberately absent: where the words go; a screen is handed in.
 */
import { HopwiseError } from "../config/error.ts";
import { listenError } from "../config/listen-error.ts";
import { dialer } from "../net/runtime.ts";
import { type Middle, middleOf } from "./actors/middles.ts";
import { mermaidOf } from "./drawing/mermaid.ts";
import { LOOPBACK } from "./network/lab-network.ts";
import { type LabRequest, portOf } from "./options.ts";
import { pageOf } from "./page/page.ts";
import { checkPageFile, writePage } from "./page/page-file.ts";
import type { NarratedStep, Play } from "./play.ts";
import { toldAt_ms } from "./recording/telling.ts";
import type { Performance, Scenario } from "./scenario.ts";
import { scenarios as allScenarios } from "./scenarios/all.ts";
import { humanPace, quickPace, type Stage, timeText } from "./stage.ts";
import { cut } from "./terminal/columns.ts";
import { Diagram } from "./terminal/diagram.ts";
import { listOf, moralOf, tableOf, titleOf, verdictOf } from "./terminal/report.ts";

/** Where the lab speaks. */
export interface Screen {
  readonly columns: number;
  /** Somebody watches, and lines can be rewritten. */
  readonly isLive: boolean;
  /** A result. */
  print(line: string): void;
  /** What must be known. */
  warn(line: string): void;
  setLive(...lines: readonly string[]): void;
}

/** How long a proxy may take to accept a connection before it counts as absent. */
const REACH_MS = 3_000;
/** How often a play on sockets is drawn on, and who still waits. */
const DRAW_MS = 100;
/** A pause in a simulated play is shown no longer than this. */
const SHOWN_PAUSE_MS_MAX = 3_000;

/** Returns whether every claim held. */
export async function runLab(request: LabRequest, screen: Screen): Promise<boolean> {
  const { language, target, middle } = request;
  if (request.scenarios.length === 0) {
    for (const line of listOf(allScenarios, language, screen.columns)) screen.print(line);
    return true;
  }
  if (request.htmlFile !== undefined) await checkPageFile(request.htmlFile);
  if (target !== undefined) await reach(target);
  if (middle !== undefined && middle.originPort > 0) {
    screen.warn(`point ${middle.name} at http://${LOOPBACK}:${middle.originPort}, where the lab's server is to listen`);
  }
  const performances: Performance[] = [];
  for (const scenario of request.scenarios) {
    const isShown = request.output === "diagram" && !request.isAll;
    for (const cast of castOf(scenario, request)) performances.push(await perform(scenario, cast, request, screen));
    if (isShown) for (const line of moralOf(scenario, language, screen.columns)) screen.print(line);
  }
  const plays = performances.map(({ play }) => play);
  await show(plays, request, screen);
  return tellBroken(performances, screen);
}

interface Cast {
  readonly middle: Middle;
  readonly network: Play["network"];
}

function castOf(scenario: Scenario, { middle, isAll, network }: LabRequest): Cast[] {
  if (middle !== undefined) return [{ middle, network: middle.needsSockets ? "sockets" : network }];
  const casts: Cast[] = scenario.proxies.map((kind) => ({ middle: middleOf(kind), network }));
  // What has sockets of its own takes its time, and only then there is something to see.
  if (isAll) for (const kind of scenario.alsoWith ?? []) casts.push({ middle: middleOf(kind), network: "sockets" });
  return casts;
}

async function perform(scenario: Scenario, cast: Cast, request: LabRequest, screen: Screen): Promise<Performance> {
  const { language, rtt_ms, isAll, output } = request;
  const { middle, network } = cast;
  const isShown = output === "diagram" && !isAll;
  const isLive = isShown && network === "sockets";
  const show = isShown ? new LiveDiagram(request, screen) : undefined;
  if (isShown) {
    const billing = { proxy: middle.name, network, rtt_ms: rtt_ms ?? scenario.rtt_ms };
    for (const line of titleOf(scenario, billing, language, screen.columns)) screen.print(line);
  } else if (isAll && screen.isLive) {
    screen.setLive(`${scenario.name}: ${middle.name} …`);
  }
  try {
    const performance = await scenario.perform({
      middle,
      network,
      rtt_ms,
      pace: isAll && network === "sockets" ? quickPace : humanPace,
      onBegin: isLive ? (stage, tell) => show?.begin(stage, tell) : undefined,
      onStep: isLive ? (step, at_ms, stage) => show?.step(step, at_ms, stage) : undefined,
    });
    if (show !== undefined && !isLive) await show.replay(performance.play, request.speed ?? (screen.isLive ? 1 : 0));
    if (isShown) for (const line of verdictOf(performance.play, language, screen.columns)) screen.print(line);
    return performance;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    throw listenError(error, { host: LOOPBACK, port: middle.originPort }, "originPort");
  } finally {
    show?.end();
    screen.setLive();
  }
}

/** Draws steps as they come, and says who waits meanwhile. */
class LiveDiagram {
  private readonly request: LabRequest;
  private readonly screen: Screen;
  private diagram: Diagram | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(request: LabRequest, screen: Screen) {
    this.request = request;
    this.screen = screen;
  }

  begin(stage: Stage, tell: () => void): void {
    this.timer = setInterval(() => {
      tell();
      if (!this.screen.isLive) return;
      const { language } = this.request;
      const lines = [...stage.waiting].map(([actor, since_ms]) => {
        const waited = timeText(stage.clock.now() - since_ms);
        const who = stage.titleOf(actor)[language];
        const line =
          language === "ko" ? `… ${who}: ${waited.ko}째 기다리는 중` : `… ${who} has waited for ${waited.en}`;
        return cut(line, this.screen.columns - 1);
      });
      this.screen.setLive(...lines);
    }, DRAW_MS);
  }

  step(step: NarratedStep, at_ms: number, stage: Stage): void {
    this.diagram ??= this.open(stage, (id) => stage.recorder.connections.find((it) => it.id === id));
    this.draw(step, at_ms);
  }

  async replay(play: Play, speed: number): Promise<void> {
    this.diagram = this.open(play, (id) => play.connections.find((it) => it.id === id));
    const steps = play.steps.toSorted((a, b) => toldAt_ms(a) - toldAt_ms(b));
    let shown_ms = 0;
    for (const step of steps) {
      const pause_ms = speed === 0 ? 0 : Math.min(SHOWN_PAUSE_MS_MAX, (toldAt_ms(step) - shown_ms) / speed);
      if (pause_ms > 0) await new Promise((resolve) => setTimeout(resolve, pause_ms));
      shown_ms = Math.max(shown_ms, toldAt_ms(step));
      this.draw(step, toldAt_ms(step));
    }
  }

  end(): void {
    clearInterval(this.timer);
  }

  private open(
    { actors }: Pick<Play, "actors">,
    connectionOf: (id: string) => Play["connections"][number] | undefined,
  ) {
    const { language } = this.request;
    const diagram = new Diagram({ actors, connectionOf, language, width: this.screen.columns });
    for (const line of diagram.header()) this.screen.print(line);
    return diagram;
  }

  private draw(step: NarratedStep, at_ms: number): void {
    for (const line of this.diagram?.linesOf(step, at_ms) ?? []) this.screen.print(line);
  }
}

async function show(plays: readonly Play[], request: LabRequest, screen: Screen): Promise<void> {
  const { output, language, isLanguageAsked, htmlFile, isAll } = request;
  if (output === "json") screen.print(JSON.stringify(plays, undefined, 1));
  else if (output === "mermaid") for (const play of plays) screen.print(mermaidOf(play, language));
  else if (isAll) for (const line of tableOf(plays, language, screen.columns)) screen.print(line);
  if (htmlFile === undefined) return;
  await writePage(htmlFile, pageOf(plays, isLanguageAsked ? language : undefined));
  screen.warn(language === "ko" ? `${htmlFile}에 썼습니다` : `written to ${htmlFile}`);
}

/** What the lab promises and this machine did not keep: it was too busy, or something is wrong. */
function tellBroken(performances: readonly Performance[], screen: Screen): boolean {
  const broken = performances.flatMap(({ play, claims }) =>
    claims.filter(({ holds }) => !holds).map(({ says }) => `${play.scenario} (${play.proxy}): not so here: ${says}`),
  );
  for (const line of broken) screen.warn(line);
  for (const { play } of performances) {
    if (play.proxy.startsWith("http:") && !play.connections.some(({ to }) => to === "server")) {
      screen.warn(`${play.scenario}: ${play.proxy} never connected to the lab's server; is it pointed at it?`);
    }
  }
  return broken.length === 0;
}

/** @throws HopwiseError `target-unreachable` */
function reach(url: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (fault: string) => {
      const problem = `${url.origin} cannot be reached (${fault}): is the proxy running, and is this its address?`;
      reject(new HopwiseError("target-unreachable", problem, "proxy"));
    };
    const address = { kind: "tcp", host: url.hostname, port: portOf(url) } as const;
    const giveUp = dialer.dial(address, {
      onConnected: (socket) => {
        clearTimeout(timer);
        socket.destroy();
        resolve();
      },
      onFailed: (fault) => {
        clearTimeout(timer);
        fail(fault);
      },
    });
    const timer = setTimeout(() => {
      giveUp();
      fail(`no answer within ${REACH_MS / 1_000} s`);
    }, REACH_MS);
  });
}
