/**
 * What a run says: medians over its rounds, and the median of the ratios to nginx that were measured in the same round.
 */
import { REFERENCE } from "../peers.mjs";

/** The measurements of one proxy in one scenario; those that failed are left out. */
function goodOf(scenario, peerName) {
  return (scenario?.measurements[peerName] ?? []).filter(({ error }) => error === undefined);
}

export function scenarioOf(result, name) {
  return result.scenarios.find((scenario) => scenario.name === name);
}

/** The median of a figure; never measured: undefined. */
export function figure(result, scenarioName, peerName, name) {
  return median(
    goodOf(scenarioOf(result, scenarioName), peerName)
      .map((figures) => figures[name])
      .filter((value) => value !== undefined && value !== null),
  );
}

/** A figure of `peerName` over that of `other` in the same round: median, least and most. */
export function ratio(result, scenarioName, peerName, other = REFERENCE, name = "cpu") {
  const scenario = scenarioOf(result, scenarioName);
  if (scenario === undefined) return undefined;
  const theirs = scenario.measurements[other] ?? [];
  const ratios = (scenario.measurements[peerName] ?? [])
    .map((figures, round) => figures[name] / theirs[round]?.[name])
    .filter(Number.isFinite);
  if (ratios.length === 0) return undefined;
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios), rounds: ratios.length };
}

export function failures(result, scenarioName, peerName) {
  const all = scenarioOf(result, scenarioName)?.measurements[peerName] ?? [];
  const errors = all.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return { errors, failed: all.reduce((sum, { failed = 0 }) => sum + failed, 0) };
}

export function median(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
