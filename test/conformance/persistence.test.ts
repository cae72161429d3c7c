import { persistence } from "./cases/persistence.ts";
import { testGroup } from "./run-group.ts";

testGroup(persistence);
