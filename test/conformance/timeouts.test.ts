import { timeouts } from "./cases/timeouts.ts";
import { testGroup } from "./run-group.ts";

testGroup(timeouts);
