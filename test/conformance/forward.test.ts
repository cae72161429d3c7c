import { forward } from "./cases/forward.ts";
import { testGroup } from "./run-group.ts";

testGroup(forward);
