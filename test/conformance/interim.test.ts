import { interim } from "./cases/interim.ts";
import { testGroup } from "./run-group.ts";

testGroup(interim);
