/**
 * Plays as one HTML page that needs nothing else: no request leaves it, and its policy allows none.
 *
 * Everything that came with a play is text, escaped; the page's data are numbers only. Its one script is the player
 * (player.ts), allowed by its hash. Deliberately absent: anything that is made in the browser.
 */
import { createHash } from "node:crypto";
import { beatsOf, clockOf } from "../drawing/beats.ts";
import { aligned, type Drawing, drawingOf } from "../drawing/layout.ts";
import { octetLines } from "../drawing/octets.ts";
import { castOf, directionOf, eventOf, inBoth, outcomeWords, sentenceOf } from "../drawing/sentences.ts";
import {
  AXIS_WIDTH,
  axisColumn,
  axisInside,
  bothLanguages,
  HEAD_HEIGHT,
  headOf,
  panelOf,
  svgElement,
} from "../drawing/svg.ts";
import { duration, escaped } from "../drawing/text.ts";
import { figureText } from "../figures.ts";
import type { Language, Measure, NarratedStep, Outcome, Play, Text } from "../play.ts";
import { pageStyle } from "./page-style.ts";
import { Player, type ScenarioData } from "./player.ts";
import { pageWords } from "./words.ts";

/** The plays of one scenario, to be seen side by side. */
interface Scenario {
  readonly name: string;
  readonly plays: readonly Play[];
  readonly drawing: Drawing;
}

/** @param language in which it opens; undefined: that of whoever reads it */
export function pageOf(plays: readonly Play[], language?: Language): string {
  const names = [...new Set(plays.map(({ scenario }) => scenario))];
  const scenarios = names.map((name): Scenario => {
    const ofName = inOrder(plays.filter(({ scenario }) => scenario === name)).map(aligned);
    return { name, plays: ofName, drawing: drawingOf(ofName) };
  });
  const script = `${Player.toString()}\nnew Player(globalThis, ${JSON.stringify(scenarios.map(dataOf))});`;
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(pageStyle)}; base-uri 'none'; form-action 'none'`;
  return [
    "<!doctype html>",
    language === undefined ? '<html lang="en">' : `<html lang="${language}" data-language="asked">`,
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(pageWords.name.en)}</title>`,
    `<style>${pageStyle}</style>`,
    "</head>",
    "<body>",
    top(),
    `<div class="frame">${list(scenarios)}<main>${scenarios.map(section).join("\n")}</main></div>`,
    dock(),
    help(),
    `<div hidden><div class="card" id="begin"><p class="says">${said(pageWords.begin)}</p></div></div>`,
    '<div id="live" class="unseen" aria-live="polite"></div>',
    `<script>${script}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** What goes wrong comes first, hopwise last. */
function inOrder(plays: readonly Play[]): Play[] {
  return [...plays.filter(({ proxy }) => proxy !== "hopwise"), ...plays.filter(({ proxy }) => proxy === "hopwise")];
}

function dataOf({ plays, drawing }: Scenario): ScenarioData {
  return {
    height: Math.round(drawing.height),
    beats: beatsOf(plays, drawing),
    clock: clockOf(drawing),
    plays: plays.length,
  };
}

const each = (write: (language: Language) => string) => bothLanguages.map(write).join("");

/** In both languages, one of which is shown; what stands in backticks is code. */
function said(text: Text): string {
  const marked = (words: string) => escaped(words).replace(/`([^`]+)`/g, "<code>$1</code>");
  return each((language) => `<span lang="${language}">${marked(text[language])}</span>`);
}

function top(): string {
  return (
    `<header class="top"><span class="name">${said(pageWords.name)}</span><span class="tagline">${said(pageWords.tagline)}</span>` +
    `<button class="quiet" data-do="language">${languageName()}</button>` +
    `<button class="quiet glyph" data-do="theme"><span aria-hidden="true">◐</span><span class="unseen">${said(pageWords.theme)}</span></button>` +
    `<button class="quiet glyph" data-do="help"><span aria-hidden="true">?</span><span class="unseen">${said(pageWords.help)}</span></button></header>`
  );
}

/** The name of the other language is written in that language, and is to be read so. */
function languageName(): string {
  return '<span lang="en"><span class="other">한국어</span></span><span lang="ko"><span class="other">English</span></span>';
}

function list(scenarios: readonly Scenario[]): string {
  const items = scenarios.map(
    ({ plays }, index) =>
      `<button data-do="scenario" data-scenario="${index}">${said(plays[0]?.title ?? pageWords.name)}</button>`,
  );
  const options = scenarios.map(({ plays }, index) => {
    const title = plays[0]?.title ?? pageWords.name;
    return `<option value="${index}">${escaped(title.en)} · ${escaped(title.ko)}</option>`;
  });
  return `<nav><h2>${said(pageWords.scenarios)}</h2><div class="list">${items.join("")}</div><select id="choose" aria-label="Scenario · 시나리오">${options.join("")}</select></nav>`;
}

function section(scenario: Scenario, index: number): string {
  const { name, plays } = scenario;
  const [first] = plays;
  if (first === undefined) return "";
  const pair = plays.length === 1 ? "one" : plays.length === 2 ? "yes" : "no";
  const rtt = first.rtt_ms > 0 ? ` · ${duration(first.rtt_ms)} ${said(pageWords.rtt)}` : "";
  return [
    `<section class="scenario" data-name="${escaped(encodeURIComponent(name))}" data-pair="${pair}">`,
    `<header><h1>${said(first.title)}</h1><p class="setup">${said(pageWords[first.network])}${rtt}</p></header>`,
    castButtons(plays),
    stage(scenario, index),
    after(plays),
    transcript(plays, index),
    "</section>",
  ].join("\n");
}

function castButtons(plays: readonly Play[]): string {
  const buttons = plays.map(
    (play, index) =>
      `<button data-do="look" data-play="${index}" aria-pressed="false"><span class="${outcomeClass(play.outcome)}" aria-hidden="true">${sign(play.outcome)}</span> ${said(castOf(play))}</button>`,
  );
  return `<div class="cast" role="group"><span class="unseen">${said(pageWords.which)}</span>${buttons.join("")}</div>`;
}

function stage({ drawing, plays }: Scenario, index: number): string {
  const panels = drawing.panels.map((panel, play) => {
    const { width, play: played } = panel;
    const { height } = drawing;
    const moving =
      `<g class="moves"><rect class="veil" width="${width}" height="${Math.ceil(height)}"/></g>` +
      `<g class="moves playhead"><path d="M0 0H${width}"/></g><g class="now" data-play="${play}"></g>`;
    const id = `s${index}p${play}`;
    const body = panelOf(panel, drawing, bothLanguages, id) + axisInside(drawing) + moving;
    const label = `role="img" aria-label="${escaped(played.verdict.en)}"`;
    return (
      `<figure class="panel" data-play="${play}"><figcaption>${said(castOf(played))}</figcaption>` +
      `<div class="heads">${svgElement(width, HEAD_HEIGHT, headOf(panel, bothLanguages), 'aria-hidden="true"')}</div>` +
      `<div class="body">${svgElement(width, height, body, label)}</div></figure>`
    );
  });
  const clock =
    `<g class="moves playhead on-axis"><rect x="2" y="-9" width="${AXIS_WIDTH - 4}" height="18" rx="4"/>` +
    `<text class="clock" x="${AXIS_WIDTH / 2}" y="4" text-anchor="middle"></text></g>`;
  const axis = svgElement(AXIS_WIDTH, drawing.height, axisColumn(drawing) + clock, 'aria-hidden="true"');
  const axisHead = svgElement(AXIS_WIDTH, HEAD_HEIGHT, "", 'aria-hidden="true"');
  return `<div class="stage" data-plays="${plays.length}">${panels.join("")}<div class="axis-column"><div class="axis-head">${axisHead}</div>${axis}</div></div>`;
}

function after(plays: readonly Play[]): string {
  const last = plays.at(-1);
  if (last === undefined) return "";
  const verdicts = plays.map(
    (play) =>
      `<div class="verdict"><span class="sign ${outcomeClass(play.outcome)}" aria-hidden="true">${sign(play.outcome)}</span>` +
      `<p><b>${said(castOf(play))}: <span class="${outcomeClass(play.outcome)}">${said(outcomeWords[play.outcome])}</span></b>${said(play.verdict)}</p></div>`,
  );
  const sources = [...new Set(plays.flatMap((play) => play.sources))].map((source) => `<li>${sourceLink(source)}</li>`);
  return (
    `<div class="after"><div><h2>${said(pageWords.verdict)}</h2>${verdicts.join("")}</div><div>${measures(plays)}</div>` +
    `<div><h2>${said(pageWords.moral)}</h2><p class="moral">${said(last.moral)}</p></div>` +
    `<div><h2>${said(pageWords.sources)}</h2><ul class="sources">${sources.join("")}</ul></div></div>`
  );
}

/** "RFC 9110 section 7.6.1" is a link; what is written otherwise stays text. */
function sourceLink(source: string): string {
  const rfc = /^RFC (\d{3,5})(?: section (\d+(?:\.\d+)*))?/i.exec(source);
  if (rfc === null) return escaped(source);
  const [, number, section] = rfc;
  const address = `https://www.rfc-editor.org/rfc/rfc${number}${section === undefined ? "" : `#section-${section}`}`;
  return `<a href="${address}" rel="noreferrer noopener" target="_blank">${escaped(source)}</a>`;
}

function measures(plays: readonly Play[]): string {
  const names = new Map(plays.flatMap((play) => play.measures.map(({ name }) => [name.en, name] as const)));
  if (names.size === 0) return "";
  const heads = plays.map((play) => `<th scope="col">${said(castOf(play))}</th>`);
  const rows = [...names].map(([key, name]) => {
    const values = plays.map(
      (play) => `<td>${figureOf(play.measures.find((measure) => measure.name.en === key))}</td>`,
    );
    return `<tr><th scope="row">${said(name)}</th>${values.join("")}</tr>`;
  });
  return `<h2>${said(pageWords.measures)}</h2><table><thead><tr><th></th>${heads.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>${comparisonOf(plays)}`;
}

/** Why the figures differ, where hopwise's are the slower ones. */
function comparisonOf(plays: readonly Play[]): string {
  return plays
    .map(({ comparison }) => (comparison === undefined ? "" : `<p class="comparison">${said(comparison)}</p>`))
    .join("");
}

function figureOf(measure: Measure | undefined): string {
  if (measure === undefined) return "–";
  if (measure.unit === "ms") return duration(measure.value);
  return said({ en: figureText(measure, "en"), ko: figureText(measure, "ko") });
}

function transcript(plays: readonly Play[], scenario: number): string {
  const columns = plays.map((play, index) => {
    const items = play.steps.map(
      (step, number) => `<li>${card(play, step, `card-${scenario}-${index}-${number}`)}</li>`,
    );
    return `<div><h3>${said(castOf(play))}</h3><ol>${items.join("")}</ol></div>`;
  });
  return `<details class="transcript"><summary>${said(pageWords.transcript)}</summary><div class="columns">${columns.join("")}</div></details>`;
}

function card(play: Play, step: NarratedStep, id: string): string {
  const { narration } = step;
  const isEvent = step.kind !== "wait" && step.kind !== "note";
  const what = (language: Language) => {
    const event = isEvent
      ? `<span class="event" lang="${language}">${escaped(eventOf(play, step, language))}</span>`
      : "";
    return `<span lang="${language}">${escaped(directionOf(play, step, language))}</span>${event}`;
  };
  const head = `<p class="what"><time>${duration(step.at_ms)}</time>${narration === undefined ? "" : each(what)}</p>`;
  const words = narration ?? inBoth((language) => sentenceOf(play, step, language));
  const octets = step.kind === "message" ? octetsOf(step) : "";
  return `<div class="card" id="${id}">${head}<p class="says">${said(words)}</p>${octets}</div>`;
}

function octetsOf(step: NarratedStep & { readonly kind: "message" }): string {
  const lines = octetLines(step.octets, step.emphasis).map(({ text, end, isEmphasised }) => {
    const words = escaped(text);
    const sign = end === "" ? "" : `<span class="end">${end}</span>`;
    return `<span class="line">${isEmphasised ? `<mark>${words}</mark>` : words}${sign}</span>`;
  });
  const isCut = step.octetCount > step.octets.length;
  const rest = isCut
    ? `<span class="line end">… ${step.octetCount - step.octets.length} ${said(pageWords.cut)}</span>`
    : "";
  return `<div class="octets" translate="no">${lines.join("")}${rest}</div>`;
}

const outcomeClass = (outcome: Outcome) => outcome.replaceAll(" ", "-");
const sign = (outcome: Outcome) => ({ works: "✓", "works at a price": "≈", fails: "✕" })[outcome];

const icons = {
  first: '<path d="M4 4h2v12H4zM16 4v12l-9-6z"/>',
  back: '<path d="M14 4v12l-9-6z"/>',
  play: '<path class="play-sign" d="M6 4v12l10-6z"/><path class="pause-sign" d="M5 4h3.5v12H5zM11.500 4H15v12h-3.500z"/>',
  forward: '<path d="M6 4v12l9-6z"/>',
  last: '<path d="M14 4h2v12h-2zM4 4v12l9-6z"/>',
} as const;

function dock(): string {
  const buttons = Object.entries(icons).map(
    ([name, icon]) =>
      `<button class="${name}" data-do="${name}"><svg viewBox="0 0 20 20" aria-hidden="true">${icon}</svg><span class="unseen">${said(pageWords[name as keyof typeof icons])}</span></button>`,
  );
  return (
    '<footer id="dock"><input id="scrub" type="range" min="0" max="1" step="any" value="0" aria-label="Time · 시간">' +
    `<div class="dock-inner"><div class="controls">${buttons.join("")}<span class="clock"></span></div>` +
    '<div class="panes"><div class="pane"></div><div class="pane"></div></div></div></footer>'
  );
}

function help(): string {
  const keys: [string[], Text][] = [
    [["←", "→"], pageWords.keyStep],
    [["Home", "End"], pageWords.keyEnds],
    [["Space"], pageWords.keyPlay],
    [["[", "]"], pageWords.keyScenario],
    [["O"], pageWords.keyOctets],
    [["L"], pageWords.keyLanguage],
    [["T"], pageWords.keyTheme],
    [["?"], pageWords.keyHelp],
  ];
  const rows = keys.map(
    ([names, text]) => `<dt>${names.map((name) => `<kbd>${name}</kbd>`).join(" ")}</dt><dd>${said(text)}</dd>`,
  );
  return `<dialog id="help"><dl>${rows.join("")}</dl><button class="quiet" data-do="close">${said(pageWords.close)}</button></dialog>`;
}
