/** What is seen while it runs: one line per measurement on a terminal, otherwise one per scenario and round. */
export class Progress {
  #done = 0;
  #total;
  #peerCountOf;
  #inRound = 0;
  #startedAt = performance.now();

  /** @param peerCountOf how many proxies a scenario measures in a round */
  constructor(scenarios, peerCountOf, rounds) {
    this.#peerCountOf = peerCountOf;
    this.#total = scenarios.reduce(
      (sum, scenario) => sum + Math.min(rounds, scenario.roundsMax ?? rounds) * peerCountOf(scenario),
      0,
    );
  }

  measured(scenario, round, peer, figures) {
    this.#done++;
    this.#inRound = (this.#inRound + 1) % this.#peerCountOf(scenario);
    const place = `${scenario.name}, round ${round + 1}`;
    if (process.stderr.isTTY) {
      this.#line(`${place.padEnd(26)} ${peer.name.padEnd(15)} ${shown(figures, scenario.unit)}`);
    } else if (figures.error !== undefined) {
      this.#line(`${place}: ${peer.name} failed: ${figures.error}`);
    } else if (this.#inRound === 0) {
      this.#line(place);
    }
  }

  #line(text) {
    const elapsed_s = (performance.now() - this.#startedAt) / 1_000;
    const left_s = (elapsed_s / this.#done) * (this.#total - this.#done);
    const count = `${String(this.#done).padStart(String(this.#total).length)}/${this.#total}`;
    process.stderr.write(`${count} ${`${Math.ceil(left_s / 60)} min left`.padStart(11)}  ${text}\n`);
  }
}

function shown(figures, unit) {
  if (figures.error !== undefined) return `failed: ${figures.error}`;
  const parts = [`${figures.cpu.toFixed(1)} µs/${unit}`];
  if (figures.rate !== undefined) parts.push(`${Math.round(figures.rate)} requests/s`);
  parts.push(`p99 ${figures.p99_ms.toFixed(2)} ms`);
  if (figures.idle_bytes !== undefined) parts.push(`${Math.round(figures.idle_bytes)} bytes/idle connection`);
  if (figures.failed > 0) parts.push(`${figures.failed} FAILED`);
  return parts.join("  ");
}
