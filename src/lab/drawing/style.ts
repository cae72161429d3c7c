/**
 * How a drawing looks, light and dark: its colours as variables, and a class for each kind of thing.
 *
 * Hue never stands alone: the hang is hatched, RST is a cross, a half-closed connection is hollow. Deliberately absent:
 * the page around it.
 */
const light = `--paper:#fcfbf8;--ink:#1c1e22;--soft:#5a606a;--line:#bfbcb3;--faint:#eceae3;--mark:#ffe47d;--mark-ink:#332900;
--hang:#c22f1c;--hang-soft:#fbe6e1;--on-hang:#fff;--good:#176f42;--warn:#8a5700;--on-colour:#fff;
--c0:#2355c9;--c1:#08746f;--c2:#7a3cc2;--c3:#9c4d08;--c4:#ad2873;--c5:#4c680c`;

const dark = `--paper:#15171b;--ink:#ecebe6;--soft:#a5abb6;--line:#4b515b;--faint:#24272d;--mark:#5f4c0d;--mark-ink:#ffeaa3;
--hang:#ff7d69;--hang-soft:#331b18;--on-hang:#1b0a07;--good:#58c98c;--warn:#e4b04a;--on-colour:#101216;
--c0:#82abff;--c1:#4ccac1;--c2:#bd9bff;--c3:#f2a863;--c4:#f78fc4;--c5:#b8d562`;

const sans =
  'Inter,Pretendard,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic",system-ui,"Segoe UI",sans-serif';
const mono = '"JetBrains Mono",ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';

export const fonts = { sans, mono } as const;

/** `scope` is whatever the variables hang on: `.drawing` in a picture, the root of a page. */
export function colours(scope: string): string {
  return [
    `${scope}{${light};color-scheme:light}`,
    `@media(prefers-color-scheme:dark){${scope}:not([data-theme=light]){${dark};color-scheme:dark}}`,
    `${scope}[data-theme=dark]{${dark};color-scheme:dark}`,
  ].join("\n");
}

const connectionColours = [0, 1, 2, 3, 4, 5].map((colour) => `.c${colour}{--c:var(--c${colour})}`).join("");

export const shapesStyle = `
.drawing{font:12px ${sans};display:block}
.drawing text{fill:var(--ink)}
.paper{fill:var(--paper)}
${connectionColours}
.grid{stroke:var(--faint);stroke-width:1;fill:none}
.lifeline{stroke:var(--line);stroke-width:1;fill:none}
.bar{fill:var(--c)}.bar.hollow{fill:var(--paper);stroke:var(--c);stroke-width:1.5}
.arrow .line{stroke:var(--c);stroke-width:1.75;fill:none}
.arrow .tip{stroke:var(--c);stroke-width:1.75;fill:none;stroke-linecap:round;stroke-linejoin:round}
.arrow .tip.filled{fill:var(--c);stroke:none}
.arrow text{font-family:${mono};font-weight:500;paint-order:stroke;stroke:var(--paper);stroke-width:3.5px;stroke-linejoin:round}
.arrow.syn .line,.arrow.syn .tip{stroke-width:1.1;opacity:.75}
.arrow .title{font-size:12px}.arrow .title.small{font-size:10px}
.arrow.syn .title{font-size:10px;fill:var(--soft);letter-spacing:.06em}
.arrow.fin .line{stroke-dasharray:5 4}
.arrow.fin .title,.arrow.reset .title{font-size:11px}
.arrow.reset .line,.arrow.reset .tip{stroke:var(--hang)}.arrow.reset .tip{stroke-width:2.5}
.arrow.reset text{fill:var(--hang);font-weight:700}
.arrow .mark{fill:var(--mark)}
.arrow .marked{font-family:${mono};font-weight:600;fill:var(--mark-ink);stroke:none}
.port rect{fill:var(--c)}.port text{font:600 10.5px ${mono};fill:var(--on-colour)}
.span rect{fill:var(--paper);stroke:none}.span path{stroke-width:1;fill:none}
.span.idle path{stroke:var(--soft);opacity:.75}
.span.hang rect{fill:var(--hang-soft);stroke:var(--hang);stroke-width:1}.span.hang path{stroke:var(--hang);stroke-width:2;opacity:.62}
.band{fill:var(--hang);opacity:.05}
.box rect{fill:var(--paper);stroke:var(--line)}
.box.idle rect{stroke:none;fill:none}.box.idle text{fill:var(--soft);font-style:italic;paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.box.idle text[lang=ko]{font-style:normal}
.box.note rect{stroke:var(--ink);stroke-width:1.1}
.box.hang rect{stroke:var(--hang);stroke-width:1.5}
.box .banner{fill:var(--hang)}.box text.head{fill:var(--on-hang);font-weight:700;font-size:12.5px;letter-spacing:.03em}
.break path{stroke:var(--soft);stroke-width:1.1;fill:none;stroke-linejoin:round}
.break .gap{stroke:var(--paper);stroke-width:7}
.axis text{font:11px ${mono};fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:6px}
.axis .stem{stroke:var(--line);stroke-width:1;stroke-dasharray:1 3;fill:none}
.axis .skip{fill:var(--ink);font-weight:600}
.done .fade{fill:var(--paper);opacity:.78}
.done path{stroke:var(--good);stroke-width:1.5;stroke-dasharray:2 4;fill:none}.done text{fill:var(--good);font-weight:600}
.done.failed path{stroke:var(--hang)}.drawing .done.failed text{fill:var(--hang)}
.actor text{font-weight:600;font-size:12.5px}
.icon{fill:none;stroke:var(--ink);stroke-width:1.4;stroke-linejoin:round;stroke-linecap:round}
.caption{font-size:15px;font-weight:700}
.drawing .caption.works{fill:var(--good)}.drawing .caption.works-at-a-price{fill:var(--warn)}.drawing .caption.fails{fill:var(--hang)}
`;

export const drawingStyle = `${colours(".drawing")}\n${shapesStyle}`;
