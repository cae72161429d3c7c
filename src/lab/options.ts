/**
 * What the reader wants to see: read from the command line's flags, with an answer for everything that is wrong.
 *
 * Deliberately absent: playing it.
 */
import { HopwiseError } from "../config/error.ts";
import { nearest } from "../config/nearest.ts";
import { invalid, readCount, readDuration_ms, shown } from "../config/values.ts";
import { type Middle, type MiddleKind, middleAt, middleKinds, middleOf } from "./actors/middles.ts";
import type { Language, Play } from "./play.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/all.ts";

export interface LabRequest {
  /** None: list them. */
  readonly scenarios: readonly Scenario[];
  readonly isAll: boolean;
  /** None: each scenario's own. */
  readonly middle: Middle | undefined;
  /** The URL of a real proxy. */
  readonly target: URL | undefined;
  readonly network: Play["network"];
  readonly rtt_ms: number | undefined;
  /** How many times as fast as it was a simulated play is drawn; 0: at once; none: as is best for the reader. */
  readonly speed: number | undefined;
  readonly language: Language;
  /** Whether the language was asked for, and not taken from the locale. */
  readonly isLanguageAsked: boolean;
  readonly output: "diagram" | "json" | "mermaid";
  readonly htmlFile: string | undefined;
}

export type LabFlags = Readonly<Record<string, unknown>>;

/** Where the lab's server listens for a reverse proxy, so that it can be configured beforehand. */
const ORIGIN_PORT = 9_080;
const HTTP_PORT = 80;

/** @throws HopwiseError `option-invalid`, with a sentence that says what to write */
export function readLabRequest(names: readonly string[], flags: LabFlags, locale: string): LabRequest {
  const isAll = flags.all === true;
  if (isAll && names.length > 0) throw invalid(`--all plays every scenario: leave out ${shown(String(names[0]))}`);
  if (!isAll && names.length === 0) refuseUnplayed(flags);
  const { proxy } = flags;
  const target = typeof proxy === "string" && !isKind(proxy) ? readProxyUrl(proxy) : undefined;
  const isForward = flags.forward === true;
  for (const name of ["forward", "originPort"]) {
    if (target !== undefined || flags[name] === undefined) continue;
    const where = name === "forward" ? "http://127.0.0.1:3128" : "http://127.0.0.1:8080";
    throw new HopwiseError("option-invalid", `it concerns real proxies: write --proxy ${where} with it`, name);
  }
  if (flags.json === true && flags.mermaid === true) throw invalid("--json and --mermaid are two forms: choose one");
  return {
    scenarios: isAll ? scenarios : names.map(scenarioNamed),
    isAll,
    middle:
      target !== undefined
        ? middleAt(target, isForward, readOriginPort(flags.originPort, isForward))
        : typeof proxy === "string"
          ? middleOf(proxy as MiddleKind)
          : undefined,
    target,
    ...readNetwork(flags, proxy, isAll),
    rtt_ms: flags.rtt === undefined ? undefined : reading("rtt", () => readDuration_ms(String(flags.rtt), 0)),
    language: readLanguage(flags.lang, locale),
    isLanguageAsked: flags.lang !== undefined,
    output: flags.json === true ? "json" : flags.mermaid === true ? "mermaid" : "diagram",
    htmlFile: typeof flags.html === "string" ? flags.html : undefined,
  };
}

/** Without a scenario there is only their list, which nothing of this concerns. */
function refuseUnplayed(flags: LabFlags): void {
  const asked = Object.keys(flags).find((name) => name !== "lang" && flags[name] !== undefined);
  if (asked === undefined) return;
  throw new HopwiseError("option-invalid", "nothing is played without a scenario: write its name, or --all", asked);
}

function isKind(text: string): text is MiddleKind {
  return (middleKinds as readonly string[]).includes(text);
}

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((it) => it.name === name);
  if (found !== undefined) return found;
  const names = scenarios.map((it) => it.name);
  const near = nearest(name, names);
  const hint = near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${near}?`;
  throw invalid(`"${shown(name)}" is not a scenario of the lab; ${hint}`);
}

function readProxyUrl(text: string): URL {
  const near = nearest(text, middleKinds);
  const kinds = `${middleKinds.join(", ")}, or the URL of a real proxy like http://127.0.0.1:8080`;
  if (!text.includes("://")) {
    const hint = near === undefined ? `write one of: ${kinds}` : `did you mean ${near}?`;
    throw new HopwiseError("option-invalid", `"${shown(text)}" is not a proxy of the lab; ${hint}`, "proxy");
  }
  if (!URL.canParse(text))
    throw new HopwiseError("option-invalid", `"${shown(text)}" is not a URL: write one of: ${kinds}`, "proxy");
  const url = new URL(text);
  if (url.protocol !== "http:") {
    throw new HopwiseError(
      "option-invalid",
      `the lab speaks http, not ${url.protocol.slice(0, -1)}: write ${kinds}`,
      "proxy",
    );
  }
  return url;
}

function readOriginPort(value: unknown, isForward: boolean): number {
  if (value === undefined) return isForward ? 0 : ORIGIN_PORT;
  const port = reading("originPort", () => readCount(String(value), 1));
  if (port > 65_535)
    throw new HopwiseError("option-invalid", `${port} is not a port: write one from 1 to 65535`, "originPort");
  return port;
}

/** Which network, and how fast a simulated play is drawn. */
function readNetwork(flags: LabFlags, proxy: unknown, isAll: boolean): Pick<LabRequest, "network" | "speed"> {
  const { network, speed } = flags;
  const needsSockets = proxy === "naive" || (typeof proxy === "string" && !isKind(proxy));
  if (network !== undefined && network !== "sockets" && network !== "simulated") {
    throw new HopwiseError(
      "option-invalid",
      `"${shown(String(network))}" is not a kind of network: write sockets or simulated`,
      "network",
    );
  }
  const isPaced = speed !== undefined;
  if (network === "sockets" && isPaced) {
    throw new HopwiseError(
      "option-invalid",
      "real sockets take their time: write --network simulated with it",
      "speed",
    );
  }
  if (needsSockets && (network === "simulated" || isPaced)) {
    const surplus = network === "simulated" ? "--network simulated" : "--speed";
    throw new HopwiseError(
      "option-invalid",
      `${shown(String(proxy))} plays on real sockets only, which take their time: leave out ${surplus}`,
      "proxy",
    );
  }
  const byDefault = isPaced || (isAll && !needsSockets) ? "simulated" : "sockets";
  return { network: network ?? byDefault, speed: isPaced ? readSpeed(String(speed)) : undefined };
}

function readSpeed(text: string): number {
  const speed = Number(text);
  if (text.trim() === "" || !Number.isFinite(speed) || speed < 0) {
    throw new HopwiseError(
      "option-invalid",
      `"${shown(text)}" is not a factor: write a number like 2 or 0.5; 0 is at once`,
      "speed",
    );
  }
  return speed;
}

function readLanguage(value: unknown, locale: string): Language {
  if (value === undefined) return /^ko\b/i.test(locale.replace("_", "-")) ? "ko" : "en";
  if (value === "en" || value === "ko") return value;
  throw new HopwiseError("option-invalid", `"${shown(String(value))}" is not spoken here: write en or ko`, "lang");
}

/** Says which option it was. */
function reading<Value>(option: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof HopwiseError) throw new HopwiseError(error.code, error.problem, option, error);
    throw error;
  }
}

export function portOf(url: URL): number {
  return Number(url.port || HTTP_PORT);
}
