/**
 * How the page looks: a stage of two panels, the narration beneath them as subtitles, and what follows.
 *
 * Without its script the page is a document: all is shown, and the transcript is open. `[data-live]` is set by the player.
 * Deliberately absent: the drawing (drawing/style.ts).
 */
import { colours, fonts, shapesStyle } from "../drawing/style.ts";

export const pageStyle = `
${colours(":root")}
${shapesStyle}
*{box-sizing:border-box}
[hidden]{display:none!important}
:root{background:var(--paper);color:var(--ink);font:16px/1.55 ${fonts.sans};-webkit-text-size-adjust:100%;scrollbar-color:var(--line) transparent}
:root[lang=ko] [lang=en],:root[lang=en] [lang=ko]{display:none}
[lang=ko]{word-break:keep-all;overflow-wrap:anywhere;line-height:1.65}
body{margin:0}
button,select,input{font:inherit;color:inherit}
:focus-visible{outline:2.5px solid var(--c0);outline-offset:2px;border-radius:4px}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
a{color:var(--c0);text-underline-offset:3px}

.top{display:flex;align-items:center;gap:12px;padding:14px 24px;border-bottom:1px solid var(--faint)}
.top .name{font-weight:750;letter-spacing:-.015em;font-size:17px;white-space:nowrap}
.top .tagline{color:var(--soft);font-size:14px;flex:1;min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.quiet{background:none;border:1px solid var(--line);border-radius:8px;padding:4px 12px;min-height:34px;font-size:14px;cursor:pointer;white-space:nowrap}
.quiet:hover{border-color:var(--ink)}
.quiet.glyph{width:34px;padding:0;display:grid;place-items:center}

.frame{display:grid;grid-template-columns:216px minmax(0,1fr);max-width:1480px;margin:0 auto}
nav{padding:22px 8px 22px 24px;position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto}
nav h2{font-size:12px;font-weight:600;color:var(--soft);margin:0 0 8px 10px;letter-spacing:.02em}
nav button{display:flex;gap:8px;width:100%;text-align:left;background:none;border:0;border-left:2px solid transparent;padding:7px 10px;font-size:14px;line-height:1.4;cursor:pointer;color:var(--soft)}
nav button:hover{color:var(--ink)}
nav button[aria-current]{color:var(--ink);font-weight:650;border-left-color:var(--ink)}
#choose{display:none}
main{padding:22px 24px 40px;min-width:0}
[data-live] main{padding-bottom:300px}

.scenario>header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 18px;margin-bottom:14px}
.scenario h1{font-size:26px;line-height:1.25;letter-spacing:-.02em;margin:0;font-weight:720}
.setup{color:var(--soft);font-size:14px;margin:0}
.cast{display:flex;flex-wrap:wrap;gap:6px;margin:0 0 14px}
.cast button{border:1px solid var(--line);background:none;border-radius:999px;padding:3px 14px;min-height:32px;font-size:14px;cursor:pointer;color:var(--soft)}
.cast button[aria-pressed=true]{border-color:var(--ink);color:var(--ink);font-weight:600}
.scenario[data-pair=yes][data-columns="2"] .cast{display:none}
.scenario[data-pair=one] .cast{display:none}

.stage{display:flex;align-items:flex-start}
.panel{margin:0;min-width:0;flex:0 1 auto}
.panel:first-child{order:0}.axis-column{order:1;flex:0 1 auto;min-width:0}.panel~.panel{order:2}
.panel figcaption{text-align:center;font-weight:700;font-size:17px;letter-spacing:-.01em;height:30px}
.heads{position:sticky;top:0;background:var(--paper);z-index:2;border-bottom:1px solid var(--faint)}
.stage svg{width:100%;height:auto;overflow:visible}
.stage .body svg{overflow:hidden}
.axis-head{margin-top:30px;border-bottom:1px solid var(--faint);position:sticky;top:0;background:var(--paper);z-index:2}
.axis.inside{display:none}
.scenario[data-columns="1"] .panel{margin:0 auto 0 0}
.veil,.playhead,.now{display:none}
[data-live] .veil{display:inline;fill:var(--paper);opacity:.86}
[data-live] .now,[data-live] .playhead{display:inline}
.playhead path{stroke:var(--ink);stroke-width:1.25}
.playhead.on-axis rect{fill:var(--ink)}
.playhead.on-axis text{fill:var(--paper);font:600 11px ${fonts.mono};stroke:none}
.now .arrow .line{stroke-width:2.75}.now .arrow.syn .line{stroke-width:1.75;opacity:1}

.after{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,4fr);gap:28px 48px;margin-top:44px;border-top:1px solid var(--line);padding-top:24px}
.after h2{font-size:14px;color:var(--soft);font-weight:600;margin:0 0 10px}
.after p{margin:0 0 10px;max-width:62ch}
.verdict{display:grid;grid-template-columns:20px 1fr;gap:0 10px;margin-bottom:16px}
.verdict .sign{font-weight:800;font-size:17px;line-height:1.5}
.verdict b{display:block}
.works{color:var(--good)}.works-at-a-price{color:var(--warn)}.fails{color:var(--hang)}
.moral{font-size:20px;line-height:1.5;font-weight:600;letter-spacing:-.01em}
.moral [lang=ko]{line-height:1.6}
.sources{list-style:none;padding:0;margin:0;font-size:14px;display:flex;flex-wrap:wrap;gap:4px 18px}
table{border-collapse:collapse;width:100%;font-size:15px}
th,td{padding:7px 12px 7px 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--faint)}
thead th{font-size:13px;color:var(--soft);font-weight:600}
tbody th{font-weight:400}
td,thead th+th{text-align:right;font-variant-numeric:tabular-nums;padding-right:0;padding-left:12px;white-space:nowrap}
td{font-weight:600}
.after .comparison{font-size:15px;color:var(--soft);margin-top:12px}

.transcript{margin-top:32px;border-top:1px solid var(--faint);padding-top:16px}
.transcript summary{cursor:pointer;font-weight:600;font-size:15px}
.transcript .columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:24px 40px}
.transcript h3{font-size:16px;margin:18px 0 8px}
.transcript ol{list-style:none;margin:0;padding:0}
.transcript li{padding:12px 0;border-top:1px solid var(--faint)}
.card .what{font-size:13px;color:var(--soft);display:flex;flex-wrap:wrap;gap:0 12px;margin:0 0 2px}
.card .what time,.card .what .event{font-family:${fonts.mono};font-size:12.5px}
.card .what .event{color:var(--ink);font-weight:600;overflow-wrap:anywhere}
.card .says{margin:0;max-width:64ch}
.octets{margin:8px 0 0;font:12.5px/1.6 ${fonts.mono};white-space:pre-wrap;overflow-wrap:anywhere;border-left:2px solid var(--line);padding-left:12px}
.octets .line{display:block}
.octets mark{background:var(--mark);color:var(--mark-ink);padding:1px 3px;margin-left:-3px;border-radius:3px;font-weight:600}
.octets .end{color:var(--soft);font-size:9.5px;letter-spacing:.04em;margin-left:7px;user-select:none}

#dock{display:none}
[data-live] #dock{display:block;position:fixed;z-index:5;left:0;right:0;bottom:0;background:var(--paper);border-top:1px solid var(--line);box-shadow:0 -6px 24px rgb(0 0 0/.07)}
#scrub{-webkit-appearance:none;appearance:none;position:absolute;left:0;top:-10px;width:100%;height:20px;margin:0;background:none;cursor:pointer}
#scrub::-webkit-slider-runnable-track{height:3px;background:var(--line)}
#scrub::-moz-range-track{height:3px;background:var(--line)}
#scrub::-webkit-slider-thumb{-webkit-appearance:none;width:16px;height:16px;margin-top:-6.5px;border-radius:50%;background:var(--ink);border:3px solid var(--paper);box-shadow:0 0 0 1px var(--ink)}
#scrub::-moz-range-thumb{width:11px;height:11px;border-radius:50%;background:var(--ink);border:3px solid var(--paper)}
.dock-inner{max-width:1480px;margin:0 auto;display:grid;grid-template-columns:216px minmax(0,1fr);align-items:start}
.controls{display:grid;grid-template-columns:repeat(5,34px);gap:4px;padding:16px 0 14px 24px}
.controls button{background:none;border:0;border-radius:8px;width:34px;height:34px;cursor:pointer;display:grid;place-items:center}
.controls button:hover{background:var(--faint)}
.controls svg{fill:currentColor;width:18px;height:18px}
.controls .play{background:var(--ink);color:var(--paper);border-radius:50%}.controls .play:hover{background:var(--ink)}
.controls .pause-sign,[data-playing] .controls .play-sign{display:none}[data-playing] .controls .pause-sign{display:inline}
.controls .clock{grid-column:1/-1;font:600 13px ${fonts.mono};text-align:center;padding-top:4px}
.panes{display:flex;gap:40px;padding:16px 24px 16px;min-height:104px;max-height:min(40vh,262px);overflow:auto}
.pane{flex:1 1 0;min-width:0;transition:opacity .2s}
.pane[data-now=no]{opacity:.72}
.pane .says{font-size:17px;line-height:1.45;letter-spacing:-.005em}
.pane .says [lang=ko]{line-height:1.55}
[data-octets=no] .pane .octets{display:none}

dialog{border:1px solid var(--line);border-radius:12px;background:var(--paper);color:var(--ink);padding:24px 28px;max-width:min(400px,92vw)}
dialog::backdrop{background:rgb(0 0 0/.4)}
dialog dl{display:grid;grid-template-columns:auto 1fr;gap:8px 20px;margin:0 0 20px}
dialog dd{margin:0}
code{font:.92em ${fonts.mono}}
kbd{font:600 13px ${fonts.mono};border:1px solid var(--line);border-bottom-width:2px;border-radius:5px;padding:1px 7px}

@media(max-width:1180px){
.frame,.dock-inner{grid-template-columns:minmax(0,1fr)}
nav{position:static;max-height:none;padding:14px 24px 0}nav h2,nav .list{display:none}
#choose{display:block;width:100%;max-width:520px;min-height:38px;border:1px solid var(--line);border-radius:8px;background:var(--paper);padding:4px 10px}
.dock-inner{grid-template-columns:auto minmax(0,1fr)}
}
@media(max-width:900px){
.dock-inner{grid-template-columns:minmax(0,1fr)}
.controls{grid-template-columns:repeat(5,38px) 1fr;padding:12px 16px 0}
.controls .clock{grid-column:auto;text-align:right;padding:0;align-self:center}
.panes{padding:8px 16px 14px;min-height:96px;max-height:34vh}
.pane .says{font-size:16px}
[data-live]:not([data-octets=yes]) .pane .octets{display:none}
.top{padding:10px 16px;gap:8px}.top .tagline{visibility:hidden}
nav{padding:12px 16px 0}main{padding:16px 16px 32px}
.scenario h1{font-size:22px}
.after{grid-template-columns:minmax(0,1fr);margin-top:32px}
.axis-column{display:none}.axis.inside{display:inline}
.panel{flex:1 1 auto;max-width:560px}
.stage{flex-wrap:wrap;gap:24px}
[data-live] .panel figcaption{display:none}
}
@media(max-width:520px){
.drawing .arrow .title{font-size:14px}.drawing .arrow .title.small{font-size:11px}.drawing .arrow.syn .title{font-size:12px}.drawing .arrow.fin .title{font-size:13px}
.drawing .box text{font-size:13.5px}.drawing .box.idle text{font-size:13px}
.drawing .actor text{font-size:13.5px}.drawing .axis text{font-size:13px}.drawing .done text{font-size:14px}
td,thead th+th{white-space:normal}
}
@media(prefers-reduced-motion:reduce){*{transition:none!important;scroll-behavior:auto!important}}
@media print{
:root{--paper:#fff;font-size:11pt}
.top button,nav,#dock,.cast,.veil,.now,.playhead,.unseen{display:none!important}
.frame{display:block}main{padding:0!important}
.scenario[hidden],.panel[hidden]{display:block!important}
.scenario{break-after:page}.stage,.after,.transcript li{break-inside:avoid}.heads{position:static}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
`;
