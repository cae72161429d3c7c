import { requestLines } from "./cases/request-lines.ts";
import { testGroup } from "./run-group.ts";

testGroup(requestLines);
