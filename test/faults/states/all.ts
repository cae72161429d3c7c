/** All states of the fault table, in the order of an exchange. */
import type { State } from "../cell.ts";
import { awaiting } from "./awaiting.ts";
import { connecting } from "./connecting.ts";
import { ending } from "./ending.ts";
import { requesting } from "./request.ts";
import { responding } from "./responding.ts";
import { resting } from "./resting.ts";

export const states: readonly State[] = [
  ...resting,
  ...connecting,
  ...requesting,
  ...awaiting,
  ...responding,
  ...ending,
];
