import { http10 } from "./cases/http10.ts";
import { testGroup } from "./run-group.ts";

testGroup(http10);
