import { requestBodies } from "./cases/request-bodies.ts";
import { testGroup } from "./run-group.ts";

testGroup(requestBodies);
