import { tolerated } from "./cases/tolerated.ts";
import { testGroup } from "./run-group.ts";

testGroup(tolerated);
