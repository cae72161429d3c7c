/**
 * Measuring proxies in turn, round after round, so that what disturbs the machine disturbs all of them.
 *
 * Deliberately absent: what is measured (scenarios.mjs), and what the figures say.
 */
import { startPeer } from "./peers.mjs";
import { stop } from "./programs.mjs";
import { peersFor } from "./setups.mjs";

/** @returns the measurements of each of `peers` that can be set up so, by its name, one for each round */
export async function measureScenario(scenario, all, context, roundsWanted) {
  const { name, title, unit, besideTitle } = scenario;
  const peers = peersFor(scenario, all);
  const rounds = Math.min(roundsWanted, scenario.roundsMax ?? roundsWanted);
  const measurements = Object.fromEntries(peers.map((peer) => [peer.name, []]));
  const standing = new Map();
  try {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < peers.length; i++) {
        if (context.signal.aborted) return { name, title, unit, besideTitle, measurements };
        // Nobody is always the first.
        const peer = peers[(i + round) % peers.length];
        const figures = await measureOnce(scenario, peer, context, standing);
        measurements[peer.name].push(figures);
        context.progress.measured(scenario, round, peer, figures);
      }
    }
  } finally {
    for (const running of standing.values()) await stopBoth(running);
  }
  return { name, title, unit, besideTitle, measurements };
}

/** One measurement; a proxy that fails it is no reason to lose the others' figures. */
async function measureOnce(scenario, peer, context, standing) {
  let running = standing.get(peer);
  try {
    if (running === undefined) {
      running = await startBoth(scenario, peer, context);
      standing.set(peer, running);
      await scenario.warmUp?.({ ...context, running });
    }
    return await scenario.measure({ ...context, running });
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    if (scenario.needsFresh && running !== undefined) {
      standing.delete(peer);
      await stopBoth(running);
    }
  }
}

/** The proxy as it is measured, and where the scenario compares it with itself, as it is set up otherwise. */
async function startBoth({ setup, beside }, peer, { directory, origin }) {
  const running = await startPeer(peer, directory, origin.port, { setup });
  if (beside !== undefined) running.beside = await startPeer(peer, directory, origin.port, { setup: beside });
  return running;
}

async function stopBoth({ child, beside }) {
  await Promise.all([stop(child), beside && stop(beside.child)]);
}
