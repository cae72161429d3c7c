/**
 * The showroom's page: both proxies' counts side by side, and buttons that break things, each with what to watch.
 *
 * Plain HTML that works without its script: each button is a form. The script keeps figures fresh and the page where it is. Deliberately
 * absent: a framework, anything from elsewhere, and styles or scripts within the page, which its policy forbids.
 */
import { version } from "../../index.ts";
import { colours, fonts } from "../../lab/drawing/style.ts";
import { type Deed, deeds, type OriginState, type ShowroomState } from "./breaking.ts";

export function pageOf(state: ShowroomState): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>hopwise: the showroom</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/showroom.css">
<script src="/showroom.js" defer></script>
</head>
<body>
<header>
<h1>hopwise <span class="soft">${version} · the showroom</span></h1>
${state.dashboard === null ? "" : `<a class="go" href="${state.dashboard}/" target="dashboard">Open the dashboard</a>`}
</header>
<main>
${comparisonSection(state)}
<section aria-labelledby="break">
<h2 id="break">Break something, and watch the dashboard</h2>
<p id="watch" class="watch" role="status" data-text="watch">${state.watch}</p>
<ul class="deeds">
${wholeDeed("flood", state.gateways === "serving")}
${wholeDeed("drain", state.gateways === "serving")}
${wholeDeed("begin", state.gateways === "drained")}
</ul>
</section>
<section aria-labelledby="origins">
<h2 id="origins">The five origins</h2>
<ul class="origins">
${state.origins.map(originItem).join("\n")}
</ul>
<dl class="watches">
${(["stop-origin", "start-origin", "shorten-origin", "restore-origin"] as const)
  .map((deed) => `<dt>${deeds[deed].button}</dt><dd>${deeds[deed].watch}</dd>`)
  .join("\n")}
</dl>
</section>
</main>
</body>
</html>
`;
}

interface Side {
  readonly requests: number;
  readonly failed: number;
  readonly reasons: readonly string[];
}

function comparisonSection({
  comparison,
  gateways,
  exchanges,
  retries,
  clients,
  evicted,
  reusedPercent,
}: ShowroomState) {
  const sides = comparison as { readonly hopwise: Side; readonly naive: Side } | null;
  const side = (key: "hopwise" | "naive", name: string) => `<div class="side" data-side="${key}">
<h3>${name}</h3>
<p class="failed" data-failed="${sides?.[key].failed ?? 0}"><strong data-text="${key}.failed">${sides?.[key].failed ?? 0}</strong> failed</p>
<p class="soft">of <span data-text="${key}.requests">${sides?.[key].requests ?? 0}</span> requests</p>
<p class="reasons" data-text="${key}.reasons">${escaped(sides?.[key].reasons.join(", ") ?? "")}</p>
</div>`;
  return `<section aria-labelledby="sides">
<h2 id="sides">${sides === null ? "No traffic but yours" : "The same requests through both"}</h2>
${sides === null ? "" : `<div class="sides">\n${side("hopwise", "through hopwise")}\n${side("naive", "through a naive proxy")}\n</div>`}
<dl class="figures">
<div><dt>gateways</dt><dd data-text="gateways">${gateways}</dd></div>
<div><dt>exchanges</dt><dd data-text="exchanges">${exchanges}</dd></div>
<div><dt>client connections</dt><dd data-text="clients">${clients}</dd></div>
<div><dt>evicted</dt><dd data-text="evicted">${evicted}</dd></div>
<div><dt>retried</dt><dd data-text="retries">${retries}</dd></div>
<div><dt>reused</dt><dd data-text="reused">${reusedPercent === null ? "-" : `${reusedPercent}%`}</dd></div>
</dl>
</section>`;
}

function wholeDeed(deed: Deed, isShown: boolean): string {
  return `<li${isShown ? "" : " hidden"} data-deed="${deed}">
${button(deed)}
<p>${deeds[deed].watch}</p>
</li>`;
}

function originItem(origin: OriginState): string {
  const { name, temper, isUp, isShort, closesAlways } = origin;
  return `<li data-origin="${name}">
<h3>${name}</h3>
<p class="soft">${temper}</p>
<p class="state" data-state="${isUp ? "up" : "down"}">${stateText(origin)}</p>
<div class="buttons">
${button("stop-origin", name, isUp)}
${button("start-origin", name, !isUp)}
${closesAlways ? "" : button("shorten-origin", name, !isShort)}
${closesAlways ? "" : button("restore-origin", name, isShort)}
</div>
</li>`;
}

function stateText({ isUp, isShort }: OriginState): string {
  if (!isUp) return "stopped";
  return isShort ? "up, closes after 1s idle" : "up";
}

function button(deed: Deed, origin?: string, isShown = true): string {
  const field = origin === undefined ? "" : `<input type="hidden" name="origin" value="${origin}">`;
  const label = origin === undefined ? "" : ` aria-label="${deeds[deed].button}: ${origin}"`;
  const hidden = isShown ? "" : " hidden";
  return `<form method="post" action="/do/${deed}" data-button="${deed}"${hidden}>${field}<button${label}>${deeds[deed].button}</button></form>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

export const pageStyles = `
${colours(":root")}
* { box-sizing: border-box }
[hidden] { display: none !important }
:root { background: var(--paper); color: var(--ink); font: 16px/1.5 ${fonts.sans}; font-variant-numeric: tabular-nums }
body { margin: 0 auto; max-width: 1080px; padding: 0 20px 48px }
h1, h2, h3, p, dl, dd, ul { margin: 0; padding: 0 }
ul { list-style: none }
header { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; justify-content: space-between; padding: 20px 0 }
h1 { font-size: 20px; letter-spacing: -.015em }
h2 { font-size: 17px; margin: 28px 0 12px }
h3 { font-size: 15px }
.soft, dt { color: var(--soft); font-weight: 400 }
a { color: var(--c0); text-underline-offset: 3px }
:focus-visible { outline: 2.5px solid var(--c0); outline-offset: 2px; border-radius: 4px }
.go, button { display: inline-block; font: inherit; font-weight: 600; min-height: 40px; padding: 6px 16px; border-radius: 8px; cursor: pointer }
.go { background: var(--c0); color: var(--on-colour); text-decoration: none }
button { background: none; color: var(--ink); border: 1px solid var(--line) }
button:hover { border-color: var(--ink) }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 16px }
.side { border-top: 3px solid var(--c0); padding-top: 10px; min-width: 0 }
.side[data-side=naive] { border-color: var(--line) }
.failed { font-size: 18px }
.failed strong { font-size: 44px; line-height: 1.15; letter-spacing: -.03em; margin-right: 6px; color: var(--hang) }
.failed[data-failed="0"] strong { color: var(--good) }
.reasons { color: var(--soft); font-size: 14px; min-height: 1.5em; overflow-wrap: anywhere }
.figures { display: flex; flex-wrap: wrap; gap: 8px 32px; margin-top: 14px; padding-top: 12px; border-top: 1px solid var(--faint) }
.figures div { display: flex; flex-direction: column-reverse; min-width: 72px }
.figures dd { font-size: 18px; font-weight: 600 }
.figures dt, .watches { font-size: 14px }
.watch { min-height: 1.5em; border-left: 4px solid var(--c0); padding-left: 12px; margin-bottom: 16px; font-weight: 600 }
.watch:empty { border-color: transparent }
.deeds { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 20px }
.deeds p { margin-top: 8px; font-size: 14px; color: var(--soft) }
.origins li { display: grid; grid-template-columns: 80px minmax(0, 1fr) 220px 310px; gap: 4px 20px; align-items: center; padding: 10px 0; border-top: 1px solid var(--faint) }
.origins .state { font-size: 14px; font-weight: 600; color: var(--good) }
.origins .state::before { content: "\\25CF"; margin-right: 6px }
.origins .state[data-state=down] { color: var(--hang) }
.origins .state[data-state=down]::before { content: "\\25CB" }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; justify-content: flex-end }
.watches { display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; margin-top: 16px; padding-top: 12px; border-top: 1px solid var(--faint); color: var(--soft) }
.watches dt { color: var(--ink); white-space: nowrap }
@media (max-width: 760px) {
  .origins li { grid-template-columns: 1fr }
  .buttons { justify-content: flex-start }
  .watches { grid-template-columns: 1fr; gap: 0 }
  .watches dd { margin-bottom: 8px }
}
@media (max-width: 430px) {
  .side h3 { font-size: 14px }
  .figures { gap: 8px 20px }
}
`;

/** Runs in the browser. */
export const pageScript = `"use strict";
const EVERY_MS = 1000;
const number = (value) => value.toLocaleString("en-US");
const say = (name, text) => {
  for (const place of document.querySelectorAll('[data-text="' + name + '"]')) {
    if (place.textContent !== text) place.textContent = text;
  }
};
function show(element, isShown) {
  if (element === null || element.hidden === !isShown) return;
  const hadFocus = element.contains(document.activeElement);
  element.hidden = !isShown;
  // What takes its place takes the keyboard, too.
  if (hadFocus) element.parentElement.querySelector("form:not([hidden]) button, li:not([hidden]) button")?.focus();
}
function render(state) {
  for (const side of ["hopwise", "naive"]) {
    const counts = state.comparison?.[side];
    if (counts === undefined) continue;
    say(side + ".failed", number(counts.failed));
    say(side + ".requests", number(counts.requests));
    say(side + ".reasons", counts.reasons.join(", "));
    document.querySelector('[data-side="' + side + '"] .failed').dataset.failed = counts.failed;
  }
  say("gateways", state.gateways);
  for (const name of ["exchanges", "clients", "evicted", "retries"]) say(name, number(state[name]));
  say("reused", state.reusedPercent === null ? "-" : state.reusedPercent + "%");
  say("watch", state.watch);
  const deed = (name) => document.querySelector('[data-deed="' + name + '"]');
  show(deed("begin"), state.gateways === "drained");
  show(deed("flood"), state.gateways === "serving");
  show(deed("drain"), state.gateways === "serving");
  for (const { name, isUp, isShort } of state.origins) {
    const item = document.querySelector('[data-origin="' + name + '"]');
    const button = (which) => item.querySelector('[data-button="' + which + '"]');
    const told = item.querySelector(".state");
    told.dataset.state = isUp ? "up" : "down";
    told.textContent = isUp ? (isShort ? "up, closes after 1s idle" : "up") : "stopped";
    show(button("start-origin"), !isUp);
    show(button("stop-origin"), isUp);
    show(button("restore-origin"), isShort);
    show(button("shorten-origin"), !isShort);
  }
}
async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(response.status);
  render(await response.json());
}
document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  ask(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form)) })
    .catch((problem) => say("watch", "That did not work: " + problem.message));
});
setInterval(() => {
  if (!document.hidden) ask("/state").catch(() => say("gateways", "ended"));
}, EVERY_MS);
`;
