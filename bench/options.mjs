/** The command line of the bench, and its help. */
import { parseArgs } from "node:util";

export const HELP = `npm run bench -- [options]

Measures reverse proxies side by side on this machine. See docs/benchmarks.md for what the figures mean.

  --rounds N            measurements of each proxy in each scenario, alternating (default 4)
  --seconds S           length of one measurement (default 2)
  --only NAME,...       these scenarios only
  --peers NAME,...      these proxies only; nginx is what the others are compared with
  --quick               one round of one second
  --out DIR             where the result goes (default: bench/results)
  --write-docs          also write docs/benchmarks.md and its chart
  --from FILE           measure nothing: report on an earlier run's result.json
  --list                name scenarios and proxies, and what is missing on this machine
  --help                print this`;

/** @throws Error with a sentence that says what to write */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string" },
      seconds: { type: "string" },
      only: { type: "string" },
      peers: { type: "string" },
      quick: { type: "boolean", default: false },
      out: { type: "string", default: "bench/results" },
      "write-docs": { type: "boolean", default: false },
      from: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    rounds: readNumber("rounds", values.rounds ?? (values.quick ? "1" : "4"), 1, 50),
    seconds: readNumber("seconds", values.seconds ?? (values.quick ? "1" : "2"), 1, 60),
    only: values.only?.split(","),
    peers: values.peers?.split(","),
    out: values.out,
    writesDocs: values["write-docs"],
    from: values.from,
    isList: values.list,
    isHelp: values.help,
  };
}

/** Loads are bounded: nobody wants to find a forgotten bench the next morning. */
export function readNumber(name, text, min, max) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} ${text}: write a whole number from ${min} to ${max}`);
}

/** Those of `all` that were asked for by name; none named: all but those that want to be named. */
export function chosen(all, names, what) {
  if (names === undefined) return all.filter(({ wantsNaming }) => !wantsNaming);
  const unknown = names.filter((name) => !all.some((it) => it.name === name));
  if (unknown.length > 0) {
    throw new Error(`${unknown.join(", ")}: no such ${what}; there are ${all.map(({ name }) => name).join(", ")}`);
  }
  return all.filter(({ name }) => names.includes(name));
}
