/** Every scenario, in the order of the story. */
import type { Scenario } from "../scenario.ts";
import { dumbProxy } from "./dumb-proxy.ts";

export const scenarios: readonly Scenario[] = [dumbProxy];
