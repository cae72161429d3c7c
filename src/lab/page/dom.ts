/**
 * The little of the DOM that the player touches, as types of our own.
 *
 * TypeScript's DOM library would make `window`, `document` and hundreds of other names known to the whole package, which
 * runs on a server, where none of them exists.
 */
export interface PageEvent {
  readonly key?: string;
  readonly target: PageElement | null;
  readonly altKey?: boolean;
  readonly ctrlKey?: boolean;
  readonly metaKey?: boolean;
  preventDefault(): void;
}

export interface PageElement {
  hidden: boolean;
  open?: boolean;
  value: string;
  textContent: string | null;
  readonly id: string;
  readonly lang: string;
  readonly dataset: Record<string, string | undefined>;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  removeAttribute(name: string): void;
  addEventListener(type: string, heard: (event: PageEvent) => void): void;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  cloneNode(isDeep: boolean): PageElement;
  replaceChildren(...children: PageElement[]): void;
  matches(selector: string): boolean;
  getBoundingClientRect(): { readonly top: number; readonly height: number };
  showModal?(): void;
  close?(): void;
}

export interface PageWindow {
  readonly innerHeight: number;
  readonly scrollY: number;
  readonly navigator: { readonly language: string };
  readonly location: { hash: string };
  readonly history: { replaceState(data: null, unused: string, url: string): void };
  readonly document: {
    readonly documentElement: PageElement;
    querySelector(selector: string): PageElement | null;
    querySelectorAll(selector: string): Iterable<PageElement>;
    addEventListener(type: string, heard: (event: PageEvent) => void): void;
  };
  matchMedia(query: string): { readonly matches: boolean; addEventListener(type: string, heard: () => void): void };
  scrollTo(where: { top: number; behavior: string }): void;
  requestAnimationFrame(run: (now_ms: number) => void): number;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number | undefined): void;
}
