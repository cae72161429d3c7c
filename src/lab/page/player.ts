/**
 * The player of the page: where in the play one is, and everything that moves with it.
 *
 * This is the page's only script. It is one class without imports: `pageOf` writes `Player.toString()` into the page, so
 * what runs in the browser is what `tsc` checked and built, with no bundler and no second compilation. So it may use only
 * what stands in this class and what is handed in, and knows the DOM through the types of dom.ts. It makes no markup: all
 * words are in the page already, escaped, and are shown, hidden or cloned. Deliberately absent: layout (heights and beats
 * come ready), storage, network.
 */
import type { PageElement, PageEvent, PageWindow } from "./dom.ts";

/** What the player must know of one scenario. */
export interface ScenarioData {
  readonly height: number;
  readonly beats: readonly {
    readonly y: number;
    readonly at_ms: number;
    readonly steps: readonly (readonly number[])[];
  }[];
  readonly clock: readonly (readonly number[])[];
  readonly plays: number;
}

export class Player {
  readonly #window: PageWindow;
  readonly #scenarios: readonly ScenarioData[];
  #scenario = 0;
  /** Of all beats, whether in sight or not, so that it stays when plays come into sight; -1 is before the first. */
  #beat = -1;
  /** The two plays side by side; where there is room for one only, the one looked at. */
  #left = 0;
  #right = 0;
  #solo = 0;
  #y = 0;
  #frame = 0;
  #timer: number | undefined;
  #isPlaying = false;

  constructor(window: PageWindow, scenarios: readonly ScenarioData[]) {
    this.#window = window;
    this.#scenarios = scenarios;
    const root = window.document.documentElement;
    // Whoever made the page may have asked for a language; otherwise it is the reader's.
    if (root.dataset.language === undefined) {
      root.setAttribute("lang", window.navigator.language.startsWith("ko") ? "ko" : "en");
    }
    root.dataset.live = "";
    window.document.addEventListener("keydown", (event) => this.#key(event));
    for (const button of this.#all("[data-do]")) {
      button.addEventListener("click", () => this.#do(button.dataset.do ?? "", button));
    }
    this.#one("#scrub").addEventListener("input", () => this.#scrub());
    this.#one("#choose").addEventListener("change", () => this.#choose(Number(this.#one("#choose").value)));
    window.matchMedia("(max-width: 900px)").addEventListener("change", () => this.#reflow());
    const [name, beat] = window.location.hash.slice(1).split("/");
    const named = [...this.#all(".scenario")].findIndex((section) => section.dataset.name === name);
    this.#choose(Math.max(0, named));
    if (beat !== undefined && beat !== "") this.#go(Math.min(Number(beat) || 0, this.#data().beats.length) - 1, false);
  }

  #all(selector: string): PageElement[] {
    return [...this.#window.document.querySelectorAll(selector)];
  }

  #one(selector: string): PageElement {
    const found = this.#window.document.querySelector(selector);
    if (found === null) throw new Error(`the page has no ${selector}`);
    return found;
  }

  #data(): ScenarioData {
    const data = this.#scenarios[this.#scenario];
    if (data === undefined) throw new Error(`there is no scenario ${this.#scenario}`);
    return data;
  }

  #isNarrow(): boolean {
    return this.#window.matchMedia("(max-width: 900px)").matches;
  }

  #isStill(): boolean {
    return this.#window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** Which plays are in sight. */
  #shown(): number[] {
    return this.#isNarrow() || this.#left === this.#right ? [this.#solo] : [this.#left, this.#right];
  }

  #isShown(beat: ScenarioData["beats"][number]): boolean {
    const shown = this.#shown();
    return beat.steps.some(([play = -1]) => shown.includes(play));
  }

  /** The next beat of the plays in sight; behind the last one it stays there. */
  #next(): number {
    const next = this.#data().beats.findIndex((beat, index) => index > this.#beat && this.#isShown(beat));
    return next === -1 ? this.#beat : next;
  }

  /** The last beat in sight before this one; -1 where there is none. */
  #before(beat: number): number {
    const { beats } = this.#data();
    for (let index = beat - 1; index >= 0; index -= 1) {
      const found = beats[index];
      if (found !== undefined && this.#isShown(found)) return index;
    }
    return -1;
  }

  #choose(scenario: number): void {
    const isAnother = scenario !== this.#scenario || this.#right === 0;
    this.#scenario = scenario;
    if (isAnother) {
      this.#left = 0;
      this.#right = this.#data().plays - 1;
      this.#solo = 0;
    }
    for (const [index, section] of this.#all(".scenario").entries()) section.hidden = index !== scenario;
    for (const [index, item] of this.#all("nav button").entries()) {
      if (index === scenario) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
    this.#one("#choose").value = String(scenario);
    this.#showPlays();
    this.#pause();
    this.#beat = -1;
    if (isAnother) this.#window.scrollTo({ top: 0, behavior: "instant" });
    this.#go(-1, false);
  }

  #showPlays(): void {
    const shown = this.#shown();
    for (const section of this.#all(".scenario:not([hidden])")) {
      section.dataset.columns = String(shown.length);
      for (const panel of section.querySelectorAll(".panel"))
        panel.hidden = !shown.includes(Number(panel.dataset.play));
      for (const button of section.querySelectorAll(".cast button")) {
        button.setAttribute("aria-pressed", String(shown.includes(Number(button.dataset.play))));
      }
    }
    for (const [index, pane] of this.#all(".pane").entries()) {
      pane.hidden = index >= shown.length;
      pane.replaceChildren();
    }
  }

  #look(play: number): void {
    if (!this.#shown().includes(play)) {
      if (play > this.#right) this.#right = play;
      else this.#left = play;
    }
    this.#solo = play;
    this.#reflow();
  }

  /** Other plays come into sight: the position stays, and what plays goes on. */
  #reflow(): void {
    this.#showPlays();
    this.#mark();
    this.#tell();
    this.#draw(this.#y);
    this.#follow(this.#y, false);
  }

  #key(event: PageEvent): void {
    const target = event.target;
    if (event.altKey || event.ctrlKey || event.metaKey || this.#one("#help").open) return;
    const isField = target?.matches?.("input, select") ?? false;
    const isButton = target?.matches?.("button, summary, a") ?? false;
    const key = event.key ?? "";
    if (isField && (key.startsWith("Arrow") || key === "Home" || key === "End" || target?.matches("select"))) return;
    if (isButton && (key === " " || key === "Enter")) return;
    const names: Record<string, string> = {
      ArrowRight: "forward",
      ArrowLeft: "back",
      Home: "first",
      End: "last",
      " ": "play",
      "[": "before",
      "]": "after",
      l: "language",
      t: "theme",
      o: "octets",
      "?": "help",
    };
    const name = names[key.length === 1 ? key.toLowerCase() : key];
    if (name === undefined) return;
    event.preventDefault();
    this.#do(name);
  }

  #do(name: string, button?: PageElement): void {
    const root = this.#window.document.documentElement;
    if (name !== "play" && name !== "language" && name !== "theme" && name !== "octets") this.#pause();
    if (name === "forward") this.#go(this.#next(), true);
    else if (name === "back") this.#go(this.#before(this.#beat), true);
    else if (name === "first") this.#go(-1, true);
    else if (name === "last") this.#go(this.#before(this.#data().beats.length), true);
    else if (name === "play") this.#isPlaying ? this.#pause() : this.#start();
    else if (name === "scenario") this.#choose(Number(button?.dataset.scenario));
    else if (name === "before") this.#choose(Math.max(0, this.#scenario - 1));
    else if (name === "after") this.#choose(Math.min(this.#scenarios.length - 1, this.#scenario + 1));
    else if (name === "look") this.#look(Number(button?.dataset.play));
    else if (name === "help") this.#one("#help").showModal?.();
    else if (name === "close") this.#one("#help").close?.();
    else if (name === "octets") root.dataset.octets = this.#hasOctets() ? "no" : "yes";
    else if (name === "theme") root.dataset.theme = this.#isDark() ? "light" : "dark";
    else if (name === "language") {
      root.setAttribute("lang", root.lang === "ko" ? "en" : "ko");
      this.#tell();
    }
  }

  #hasOctets(): boolean {
    const asked = this.#window.document.documentElement.dataset.octets;
    return asked === undefined ? !this.#isNarrow() : asked === "yes";
  }

  #isDark(): boolean {
    const asked = this.#window.document.documentElement.dataset.theme;
    return asked === undefined ? this.#window.matchMedia("(prefers-color-scheme: dark)").matches : asked === "dark";
  }

  #start(): void {
    this.#isPlaying = true;
    this.#window.document.documentElement.dataset.playing = "";
    if (this.#next() === this.#beat) this.#beat = -1;
    this.#go(this.#next(), true);
  }

  #pause(): void {
    this.#isPlaying = false;
    this.#window.clearTimeout(this.#timer);
    this.#window.document.documentElement.removeAttribute("data-playing");
  }

  /** Long enough to read what is said. */
  #wait(): void {
    if (!this.#isPlaying) return;
    if (this.#next() === this.#beat) return this.#pause();
    const { length } = this.#said();
    const perCharacter_ms = this.#window.document.documentElement.lang === "ko" ? 95 : 48;
    this.#window.clearTimeout(this.#timer);
    this.#timer = this.#window.setTimeout(() => this.#go(this.#next(), true), 700 + length * perCharacter_ms);
  }

  #go(beat: number, isMoving: boolean): void {
    this.#beat = beat;
    const y = this.#data().beats[beat]?.y ?? 0;
    this.#mark();
    this.#tell();
    this.#follow(y, isMoving);
    const name = this.#all(".scenario")[this.#scenario]?.dataset.name ?? "";
    this.#window.history.replaceState(null, "", `#${name}/${beat + 1}`);
    this.#frame += 1;
    if (!isMoving || this.#isStill()) {
      this.#draw(y);
      this.#wait();
      return;
    }
    const frame = this.#frame;
    const from = this.#y;
    const duration_ms = Math.min(1600, 260 + Math.abs(y - from) * 5);
    let began_ms: number | undefined;
    const move = (now_ms: number) => {
      if (frame !== this.#frame) return;
      began_ms ??= now_ms;
      const share = Math.min(1, (now_ms - began_ms) / duration_ms);
      this.#draw(from + (y - from) * share);
      if (share < 1) this.#window.requestAnimationFrame(move);
      else this.#wait();
    };
    this.#window.requestAnimationFrame(move);
  }

  #scrub(): void {
    this.#pause();
    const y = Number(this.#one("#scrub").value);
    this.#frame += 1;
    this.#beat = this.#before(this.#data().beats.filter((beat) => beat.y <= y).length);
    this.#mark();
    this.#tell();
    this.#draw(y);
    this.#follow(y, false);
  }

  /** Everything that has a height. */
  #draw(y: number): void {
    this.#y = y;
    for (const mover of this.#all(".scenario:not([hidden]) .moves")) {
      // At the very beginning the time would be cut in half; it stands where it begins to count.
      const at = mover.matches(".on-axis") ? Math.max(y, this.#data().clock[0]?.[0] ?? 0) : y;
      mover.setAttribute("transform", `translate(0 ${at})`);
    }
    const at = this.#time(y);
    for (const clock of this.#all(".clock")) clock.textContent = at;
    const scrub = this.#one("#scrub");
    scrub.setAttribute("max", String(this.#data().height));
    scrub.value = String(y);
    scrub.setAttribute("aria-valuetext", at);
  }

  #time(y: number): string {
    let [beforeY = 0, before_ms = 0] = this.#data().clock[0] ?? [];
    let at_ms = before_ms;
    for (const [nextY = 0, next_ms = 0] of this.#data().clock) {
      if (nextY >= y && nextY > beforeY) {
        at_ms = before_ms + ((next_ms - before_ms) * Math.max(0, y - beforeY)) / (nextY - beforeY);
        break;
      }
      [beforeY, before_ms, at_ms] = [nextY, next_ms, next_ms];
    }
    return at_ms < 1000 ? `${at_ms.toFixed(at_ms < 10 ? 1 : 0)} ms` : `${(at_ms / 1000).toFixed(2)} s`;
  }

  /** The step of a play that is told now: that of this beat, or the last one before it. */
  #stepOf(play: number): number | undefined {
    const told = this.#data().beats.slice(0, this.#beat + 1);
    return told.flatMap(({ steps }) => steps.filter(([of]) => of === play)).at(-1)?.[1];
  }

  /** Lifts the current steps above the veil. */
  #mark(): void {
    for (const now of this.#all(".scenario:not([hidden]) .now")) {
      const play = Number(now.dataset.play);
      const isNow = this.#data().beats[this.#beat]?.steps.some(([of]) => of === play) ?? false;
      const step = this.#window.document.querySelector(`#s${this.#scenario}p${play}-${this.#stepOf(play)}`);
      const copy = isNow ? step?.cloneNode(true) : undefined;
      copy?.removeAttribute("id");
      now.replaceChildren(...(copy === undefined ? [] : [copy]));
    }
  }

  #tell(): void {
    const beat = this.#data().beats[this.#beat];
    for (const [index, play] of this.#shown().entries()) {
      const pane = this.#all(".pane")[index];
      const step = this.#stepOf(play);
      const card = this.#window.document.querySelector(
        step === undefined && index === 0 ? "#begin" : `#card-${this.#scenario}-${play}-${step}`,
      );
      pane?.replaceChildren();
      if (pane === undefined || card === null) continue;
      const copy = card.cloneNode(true);
      copy.removeAttribute("id");
      pane.replaceChildren(copy);
      pane.dataset.now = beat?.steps.some(([of]) => of === play) ? "yes" : "no";
    }
    this.#one("#live").textContent = this.#said();
  }

  /** What the narrator says now, in the language that is shown. */
  #said(): string {
    const { lang } = this.#window.document.documentElement;
    return this.#all(`.pane:not([hidden])[data-now=yes] .says [lang=${lang}]`)
      .map(({ textContent }) => textContent ?? "")
      .join(" ");
  }

  /** Keeps the playhead in sight, above the narration. */
  #follow(y: number, isMoving: boolean): void {
    const drawing = this.#all(".scenario:not([hidden]) .panel:not([hidden]) .body")[0];
    if (drawing === undefined || this.#beat < 0) return;
    const { top, height } = drawing.getBoundingClientRect();
    const seen = top + (y / this.#data().height) * height;
    const dock = this.#one("#dock").getBoundingClientRect();
    const lowest = dock.top - 90;
    if (seen > 190 && seen < lowest) return;
    const behavior = isMoving && !this.#isStill() ? "smooth" : "instant";
    this.#window.scrollTo({ top: Math.max(0, this.#window.scrollY + seen - lowest * 0.55), behavior });
  }
}
