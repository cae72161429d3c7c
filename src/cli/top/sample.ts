/**
 * What `hopwise top` asks an admin server for, and what follows from two answers: rates.
 *
 * Deliberately absent: drawing, see screen.ts.
 */
import { type ConnectionView, type ExchangeEntry, HopwiseError, type ProxyStats } from "../../index.ts";

/** An admin server answers at once, unless its process is too busy for anything. */
const ANSWER_MS_MAX = 3_000;
/** Exchanges that are looked at for the slowest ones and for failures. */
const EXCHANGES_MAX = 1_200;

export interface Sample {
  readonly at_ms: number;
  readonly stats: ProxyStats;
  /** Several processes do not tell of single ones: undefined. */
  readonly exchanges: readonly ExchangeEntry[] | undefined;
  readonly connections: readonly ConnectionView[] | undefined;
}

/** Where it is asked, and with which token for reading; none is asked for: undefined. */
export interface Source {
  readonly url: URL;
  readonly token: string | undefined;
}

/** A port of this machine, `host:port` or a URL. @throws HopwiseError `option-invalid` */
export function adminUrl(target: string): URL {
  const text = /^[0-9]+$/.test(target) ? `http://127.0.0.1:${target}` : target;
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (URL.canParse(url)) return new URL("/", url);
  throw new HopwiseError("option-invalid", `"${target}" is neither a port nor a URL: write one like 9901`, "target");
}

/** @throws HopwiseError `target-unreachable`, with what to look at */
export async function takeSample(source: Source, now: () => number): Promise<Sample> {
  const stats = await ask<ProxyStats>(source, "/stats");
  if (stats?.connections === undefined || stats.exchanges === undefined) {
    throw unreachable(source.url, "that is no hopwise");
  }
  const [connections, exchanges] = await Promise.all([
    ask<{ connections: ConnectionView[] }>(source, "/api/connections?limit=10000"),
    ask<{ exchanges: ExchangeEntry[] }>(source, `/api/exchanges?limit=${EXCHANGES_MAX}`),
  ]);
  return { at_ms: now(), stats, connections: connections?.connections, exchanges: exchanges?.exchanges };
}

/** Undefined: there is no such thing there. */
async function ask<Answer>({ url, token }: Source, path: string): Promise<Answer | undefined> {
  let response: Response;
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    response = await fetch(new URL(path, url), { headers, signal, redirect: "error" });
    if (response.ok) return (await response.json()) as Answer;
  } catch (error) {
    throw unreachable(url, faultOf(error));
  }
  await response.body?.cancel();
  if (response.status === 501 || response.status === 404) return undefined;
  if (response.status === 401) throw forbidden(url, token);
  throw unreachable(url, `it answers ${response.status} for ${path}`);
}

function forbidden({ host }: URL, token: string | undefined): HopwiseError {
  const how = "name the file that the proxy was started with";
  const problem = token === undefined ? `asks for a token: ${how}` : `does not take this token: ${how}`;
  return new HopwiseError("option-invalid", `the admin server at ${host} ${problem}`, "adminReadTokenFile");
}

function unreachable({ host }: URL, why: string): HopwiseError {
  const problem = `there is no admin server of hopwise at ${host} (${why}): hopwise says at its start where that is`;
  return new HopwiseError("target-unreachable", problem);
}

function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${ANSWER_MS_MAX / 1_000} s`;
  if (error instanceof SyntaxError) return "it does not answer in JSON";
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause ? String(cause.code) : cause.message;
}

/** How much more there is, for each second between two samples; only one: undefined. */
export function perSecond(
  now: Sample,
  before: Sample | undefined,
  count: (stats: ProxyStats) => number,
): number | undefined {
  if (before === undefined || now.at_ms <= before.at_ms) return undefined;
  // It was started anew.
  if (count(now.stats) < count(before.stats)) return undefined;
  return ((count(now.stats) - count(before.stats)) * 1_000) / (now.at_ms - before.at_ms);
}
