/** Every check, in the order of the ids. */
import type { Check } from "../check.ts";
import { closingChecks } from "./closing.ts";
import { errorChecks } from "./errors.ts";
import { idleChecks } from "./idle.ts";
import { limitChecks } from "./limits.ts";
import { loadChecks } from "./load.ts";
import { messageChecks } from "./messages.ts";
import { persistenceChecks } from "./persistence.ts";
import { reachChecks } from "./reach.ts";
import { strictnessChecks } from "./strictness.ts";
import { uploadChecks } from "./uploads.ts";

export const checks: readonly Check[] = [
  ...reachChecks,
  ...persistenceChecks,
  ...idleChecks,
  ...limitChecks,
  ...closingChecks,
  ...messageChecks,
  ...uploadChecks,
  ...errorChecks,
  ...loadChecks,
  ...strictnessChecks,
].toSorted((one, other) => (one.id < other.id ? -1 : 1));
