/** The colours of the drawing, as the style sheet has them now (lanes.css); they change with the theme. */
import type { CapKind } from "../model/caps.ts";
import type { Hop } from "../model/model.ts";
import type { Tone } from "../model/tones.ts";

export interface Colours {
  readonly paper: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly faint: string;
  readonly chosen: string;
  readonly idle: string;
  readonly hop: Readonly<Record<Hop, string>>;
  readonly tones: Readonly<Record<Exclude<Tone, "well" | "busy">, string>>;
  readonly caps: Readonly<Record<CapKind, string>>;
  readonly sans: string;
  readonly mono: string;
}

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(`--lane-${name}`).trim();
  return {
    ...{ paper: value("paper"), ink: value("ink"), soft: value("soft"), line: value("line"), faint: value("faint") },
    ...{ chosen: value("chosen"), idle: value("idle"), sans: value("sans"), mono: value("mono") },
    hop: { downstream: value("downstream"), upstream: value("upstream") },
    tones: {
      ...{ refused: value("refused"), failed: value("failed"), gone: value("gone") },
      ...{ tunnel: value("tunnel"), lost: value("lost") },
    },
    caps: {
      ...{ fin: value("fin"), reset: value("reset"), timeout: value("timeout"), evicted: value("evicted") },
      ...{ drained: value("drained"), fault: value("fault"), unknown: value("lost") },
    },
  };
}

/** What went well, and what goes on, has the colour of its hop. */
export function toneColour(colours: Colours, tone: Tone, hop: Hop): string {
  return tone === "well" || tone === "busy" ? colours.hop[hop] : colours.tones[tone];
}
