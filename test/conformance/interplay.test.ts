import { interplay } from "./cases/interplay.ts";
import { testGroup } from "./run-group.ts";

testGroup(interplay);
