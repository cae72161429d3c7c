import { retries } from "./cases/retries.ts";
import { testGroup } from "./run-group.ts";

testGroup(retries);
