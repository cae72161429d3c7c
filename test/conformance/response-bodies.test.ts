import { responseBodies } from "./cases/response-bodies.ts";
import { testGroup } from "./run-group.ts";

testGroup(responseBodies);
