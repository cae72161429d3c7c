/**
 * Whether B differs from A by more than noise.
 *
 * Nothing is assumed about how noise is distributed. The rounds' ratios, sorted, bound their median: so many below it and so
 * many above it happen with a probability that the binomial distribution gives. Since a process keeps what it was compiled
 * to, rounds of one start resemble each other; so every start must say the same, too.
 */
import { median } from "./summary.mjs";

/** Several figures of several scenarios are judged at once: each must rarely be called different by chance. */
const CONFIDENCE = 0.99;

const FIGURES = [
  { name: "cpu", what: (unit) => `CPU µs/${unit}`, digits: 2 },
  { name: "userCpu", what: (unit) => `user µs/${unit}`, digits: 2 },
  { name: "p50_ms", what: () => "p50 ms", digits: 3 },
  { name: "p99_ms", what: () => "p99 ms", digits: 3 },
  { name: "idle_bytes", what: () => "bytes/idle conn.", digits: 0 },
];

/** @param starts what `measureScenario` returned for peers A and B, once for each time they were started */
export function comparisonOf({ unit }, starts) {
  const lines = FIGURES.flatMap((figure) => {
    const pairs = starts.map((start) => pairsOf(start, figure.name)).filter((rounds) => rounds.length > 0);
    return pairs.length === 0 ? [] : [lineOf(figure, unit, pairs)];
  });
  const failed = starts.flatMap(({ measurements }) => Object.values(measurements).flat());
  const errors = failed.flatMap(({ error }) => (error === undefined ? [] : [`not measured: ${error}`]));
  const failures = failed.reduce((sum, { failed = 0 }) => sum + failed, 0);
  if (failures > 0) errors.push(`${failures} requests or connections failed`);
  return [`${"".padEnd(18)}${"A".padStart(9)}${"B".padStart(9)}    B/A (least-most)    `, ...lines, ...errors].join(
    "\n",
  );
}

/** Rounds in which both have the figure. */
function pairsOf({ measurements }, name) {
  return measurements.A.flatMap((figures, round) => {
    const [a, b] = [figures[name], measurements.B[round]?.[name]];
    return a > 0 && b > 0 ? [{ a, b, ratio: b / a }] : [];
  });
}

function lineOf({ what, digits }, unit, starts) {
  const rounds = starts.flat();
  const ratios = rounds.map(({ ratio }) => ratio);
  const of = (name) => median(rounds.map((round) => round[name])).toFixed(digits);
  const spread = `(${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`;
  return (
    `${what(unit).padEnd(18)}${of("a").padStart(9)}${of("b").padStart(9)}` +
    `    ${median(ratios).toFixed(3)} ${spread}  ${verdictOf(starts.map((start) => start.map(({ ratio }) => ratio)))}`
  );
}

/** @param starts the ratios of the rounds of each start */
export function verdictOf(starts) {
  const interval = medianInterval(starts.flat());
  if (interval === undefined) return "too few rounds to tell noise";
  const [from, to] = interval;
  const range = `${percent(from)} to ${percent(to)}`;
  const medians = starts.map(median);
  if (to < 1 && medians.every((value) => value < 1)) return `B needs less: ${range}`;
  if (from > 1 && medians.every((value) => value > 1)) return `B needs more: ${range}`;
  return `no difference beyond noise: ${range}`;
}

/** Bounds that hold the median of what `values` were drawn from, with the confidence above; too few: undefined. */
export function medianInterval(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  // The probability that at most `rank` of them lie below the median; as many may lie above it.
  let outside = 0;
  let term = 0.5 ** length;
  let rank = -1;
  while (outside + term <= (1 - CONFIDENCE) / 2) {
    outside += term;
    rank++;
    term *= (length - rank) / (rank + 1);
  }
  return rank < 0 ? undefined : [sorted[rank], sorted[length - 1 - rank]];
}

function percent(ratio) {
  const value = (ratio - 1) * 100;
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)} %`;
}
