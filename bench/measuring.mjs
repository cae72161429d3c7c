/**
 * Measuring proxies in turn, round after round, so that what disturbs the machine disturbs all of them.
 *
 * Deliberately absent: what is measured (scenarios.mjs), and what the figures say.
 */
import { startPeer } from "./peers.mjs";
import { stop } from "./programs.mjs";

/** @returns the measurements of each of `peers`, by its name, one for each round */
export async function measureScenario(scenario, peers, context, roundsWanted) {
  const { name, title, unit } = scenario;
  const rounds = Math.min(roundsWanted, scenario.roundsMax ?? roundsWanted);
  const measurements = Object.fromEntries(peers.map((peer) => [peer.name, []]));
  const standing = new Map();
  try {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < peers.length; i++) {
        if (context.signal.aborted) return { name, title, unit, measurements };
        // Nobody is always the first.
        const peer = peers[(i + round) % peers.length];
        const figures = await measureOnce(scenario, peer, context, standing);
        measurements[peer.name].push(figures);
        context.progress.measured(scenario, round, peer, figures);
      }
    }
  } finally {
    for (const { child } of standing.values()) await stop(child);
  }
  return { name, title, unit, measurements };
}

/** One measurement; a proxy that fails it is no reason to lose the others' figures. */
async function measureOnce(scenario, peer, context, standing) {
  let running = standing.get(peer);
  try {
    if (running === undefined) {
      running = await startPeer(peer, context.directory, context.origin.port);
      standing.set(peer, running);
      await scenario.warmUp?.({ ...context, running });
    }
    return await scenario.measure({ ...context, running });
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    if (scenario.needsFresh && running !== undefined) {
      standing.delete(peer);
      await stop(running.child);
    }
  }
}
