/**
 * A run as a bar chart in SVG, by hand: one panel per scenario, one bar per proxy, as long as its CPU relative to nginx.
 * Colours follow the reader's light or dark preference.
 */
import { REFERENCE } from "../peers.mjs";
import { ratio } from "./summary.mjs";

/** Scenarios where CPU is the question. */
const SHOWN = ["small", "connectionless", "16k", "1m", "upload", "chunked", "tls-small", "tls-handshakes", "tls-1m"];
const COLUMNS = 2;
const PANEL_WIDTH = 460;
const NAME_WIDTH = 112;
const VALUE_WIDTH = 52;
const BAR_HEIGHT = 14;
const BAR_STEP = 19;
const TITLE_HEIGHT = 44;
const MARGIN = 16;
const HEAD_HEIGHT = 40;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .page { fill: #ffffff; }
  .title { font-weight: 600; font-size: 15px; }
  .panel { font-weight: 600; }
  .name { text-anchor: end; }
  .value { font-variant-numeric: tabular-nums; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  .hopwise { fill: #0969da; }
  .native { fill: #57606a; }
  .node-library { fill: #b6bcc4; }
  .floor { fill: none; stroke: #57606a; stroke-dasharray: 3 2; }
  .one { stroke: #cf222e; stroke-width: 1; stroke-dasharray: 2 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .value { stroke: #0d1117; }
    .page { fill: #0d1117; }
    .hopwise { fill: #4493f8; }
    .native { fill: #9198a1; }
    .node-library { fill: #484f58; }
    .floor { stroke: #9198a1; }
    .one { stroke: #f85149; }
  }`;

export function chartOf(result) {
  const panels = SHOWN.flatMap((name) => panelOf(result, name) ?? []);
  const panelHeight = TITLE_HEIGHT + result.peers.length * BAR_STEP;
  const width = COLUMNS * PANEL_WIDTH + 2 * MARGIN;
  const height = HEAD_HEIGHT + Math.ceil(panels.length / COLUMNS) * panelHeight + MARGIN;
  const drawn = panels.map((panel, index) => {
    const x = MARGIN + (index % COLUMNS) * PANEL_WIDTH;
    const y = HEAD_HEIGHT + Math.floor(index / COLUMNS) * panelHeight;
    return `<g transform="translate(${x} ${y})">${drawPanel(panel)}</g>`;
  });
  const title = `CPU for the same work, relative to ${REFERENCE} (shorter is cheaper)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>${STYLE}
</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="${MARGIN}" y="26">${title}</text>
${drawn.join("\n")}
</svg>
`;
}

function panelOf(result, name) {
  const scenario = result.scenarios.find((it) => it.name === name);
  if (scenario === undefined) return undefined;
  const bars = result.peers.flatMap((peer) => {
    const value = ratio(result, name, peer.name)?.median;
    return value === undefined ? [] : [{ name: peer.name, kind: peer.kind, value }];
  });
  return bars.length === 0 ? undefined : { title: scenario.title, bars };
}

function drawPanel({ title, bars }) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const room = PANEL_WIDTH - NAME_WIDTH - VALUE_WIDTH - 2 * MARGIN;
  const lengthOf = (value) => Math.max(1, (value / most) * room);
  const left = NAME_WIDTH + 6;
  const lines = bars.map(({ name, kind, value }, index) => {
    const y = 30 + index * BAR_STEP;
    const length = lengthOf(value).toFixed(1);
    const textY = y + BAR_HEIGHT - 3;
    return (
      `<text class="name" x="${NAME_WIDTH}" y="${textY}">${name}</text>` +
      `<rect class="${kind}" x="${left}" y="${y}" width="${length}" height="${BAR_HEIGHT}" rx="2"/>` +
      `<text class="value" x="${left + Number(length) + 6}" y="${textY}">${value.toFixed(2)}</text>`
    );
  });
  const one = (left + lengthOf(1)).toFixed(1);
  const bottom = 30 + bars.length * BAR_STEP - 4;
  return (
    `<text class="panel" x="0" y="18">${title}</text>` +
    `<line class="one" x1="${one}" x2="${one}" y1="26" y2="${bottom}"/>${lines.join("\n")}`
  );
}
