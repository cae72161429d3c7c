import { hopByHop } from "./cases/hop-by-hop.ts";
import { testGroup } from "./run-group.ts";

testGroup(hopByHop);
