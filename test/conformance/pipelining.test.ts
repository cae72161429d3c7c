import { pipelining } from "./cases/pipelining.ts";
import { testGroup } from "./run-group.ts";

testGroup(pipelining);
