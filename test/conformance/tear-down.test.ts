import { tearDown } from "./cases/tear-down.ts";
import { testGroup } from "./run-group.ts";

testGroup(tearDown);
