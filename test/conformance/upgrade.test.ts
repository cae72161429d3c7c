import { upgrade } from "./cases/upgrade.ts";
import { testGroup } from "./run-group.ts";

testGroup(upgrade);
