/** What h2load says of a load, as the figures of all loads. */

/**
 * @param report what it wrote
 * @param log a line for each request: when it began, its status, and how many microseconds it took
 * @param terms what TLS must have agreed on: everything else is not compared with the others'
 * @throws Error if something else was spoken than HTTP/2 on these terms
 */
export function figuresOfH2load(report, log, { version, cipher }) {
  const protocol = /^Application protocol: (.*)$/m.exec(report)?.[1];
  const agreed = [/^TLS Protocol: (.*)$/m, /^Cipher: (.*)$/m].map((line) => line.exec(report)?.[1]);
  if (protocol !== "h2" || agreed[0] !== version || agreed[1] !== cipher)
    throw new Error(`h2load spoke ${protocol} over ${agreed.join(", ")}, not h2 over ${version}, ${cipher}`);
  const [, succeeded, failed, errored, timeout] =
    /requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(
      report,
    ) ?? [];
  const rate = /^finished in .*?, ([\d.]+) req\/s/m.exec(report)?.[1];
  if (succeeded === undefined || rate === undefined) throw new Error(`h2load says nothing of its requests: ${report}`);
  const took_us = log
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [Number(line.split("\t")[2])]))
    .sort((a, b) => a - b);
  const at_ms = (share) => (took_us[Math.min(took_us.length - 1, Math.floor(took_us.length * share))] ?? 0) / 1_000;
  return {
    ...{ requests: Number(succeeded), rate: Number(rate) },
    // A request that failed because of an error is counted as both.
    failed: Math.max(Number(failed), Number(errored)) + Number(timeout),
    ...{ p50_ms: at_ms(0.5), p90_ms: at_ms(0.9), p99_ms: at_ms(0.99), p999_ms: at_ms(0.999) },
  };
}
