/**
 * What would end a race, for each side of a pair: the exact setting, with an amount that leaves a margin.
 *
 * Either is enough. Raising the server's time keeps more connections open there; lowering the client's costs some reuse.
 */
import type { Fix } from "../finding.ts";
import { settingText } from "../products/all.ts";
import { concerns, type Setting } from "../products/product.ts";
import { decisiveIdle, type Hop } from "./hop.ts";
import type { Pair } from "./pairs.ts";
import { hopTitle, timeText } from "./words.ts";

/** What makers ask for and what timers need: so much longer the server waits than its client. */
const MARGIN_MS = 5_000;

export function remediesFor(pair: Pair): Fix[] {
  return [longerServer(pair), shorterClient(pair)].filter((fix) => fix !== undefined);
}

function longerServer({ server, client, clientTerms, judgement, latency }: Pair): Fix | undefined {
  const { client_ms } = judgement;
  const product = server.product.name;
  if (clientTerms.idle_ms === "purged") {
    return {
      product,
      text: `Let ${hopTitle(server)} keep idle connections for longer than ${hopTitle(client)} leaves them unused`,
    };
  }
  if (client_ms === undefined) return undefined;
  const margin_ms = Math.max(MARGIN_MS, Math.ceil((latency.rtt_ms + latency.slack_ms) / 1_000) * 2_000);
  const amount = Math.ceil(client_ms / 1_000) * 1_000 + margin_ms;
  const setting = settingToChange(server, "clients");
  const title = hopTitle(server);
  if (setting === undefined)
    return {
      product,
      text: server.product.fixed?.clients ?? `Let ${title} keep idle connections for ${timeText(amount)} or longer`,
    };
  if (setting.max_ms !== undefined && amount > setting.max_ms)
    return { product, text: `${title} takes no more than ${timeText(setting.max_ms)}` };
  return {
    product,
    text: `Let ${title} keep idle connections for ${timeText(amount)}, in ${setting.where}`,
    setting: settingText(setting, amount),
  };
}

function shorterClient({ client, server, judgement, latency }: Pair): Fix | undefined {
  const { server_ms } = judgement;
  if (server_ms === undefined) return undefined;
  const product = client.product.name;
  const [title, other] = [hopTitle(client), hopTitle(server)];
  const amount = below(server_ms, latency.rtt_ms + latency.slack_ms);
  if (amount === undefined)
    return { product, text: `Let ${title} use each connection to ${other} once: it closes too soon for a pool` };
  const setting = settingToChange(client, "origins");
  if (setting === undefined)
    return {
      product,
      text: client.product.fixed?.origins ?? `Let ${title} give idle connections up after ${timeText(amount)}`,
    };
  return {
    product,
    text: `Let ${title} give idle connections up after ${timeText(amount)}, in ${setting.where}`,
    setting: settingText(setting, amount),
  };
}

/** Whole seconds that leave the server's time a margin; less than one: undefined. */
function below(server_ms: number, late_ms: number): number | undefined {
  for (const margin_ms of [MARGIN_MS, 2_000, 1_000]) {
    const amount = Math.floor((server_ms - margin_ms) / 1_000) * 1_000;
    if (amount >= 2 * margin_ms && amount + late_ms < server_ms) return amount;
  }
  return 1_000 + late_ms < server_ms ? 1_000 : undefined;
}

/** The one that counts already, else the product's first. */
function settingToChange(hop: Hop, side: "clients" | "origins"): Setting | undefined {
  const own = hop.product.settings.filter((setting) => concerns(setting, side) && setting.sets === "idle");
  const decisive = decisiveIdle(hop, side)?.setting;
  return own.find((setting) => setting.name === decisive?.name) ?? own[0];
}
