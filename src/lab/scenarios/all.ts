/** Every scenario, in the order of the story. */
import type { Scenario } from "../scenario.ts";
import { closeRaces } from "./close-races.ts";
import { connectionless } from "./connectionless.ts";
import { desync } from "./desync.ts";
import { dumbProxy } from "./dumb-proxy.ts";
import { fullHouse } from "./full-house.ts";
import { gracefulClose } from "./graceful-close.ts";
import { keepAlive } from "./keep-alive.ts";
import { noAgreement } from "./no-agreement.ts";
import { persistent } from "./persistent.ts";
import { pipelining } from "./pipelining.ts";
import { proxyConnection } from "./proxy-connection.ts";

export const scenarios: readonly Scenario[] = [
  connectionless,
  keepAlive,
  noAgreement,
  fullHouse,
  dumbProxy,
  proxyConnection,
  persistent,
  pipelining,
  closeRaces,
  gracefulClose,
  desync,
];
