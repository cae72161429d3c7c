import { originHost } from "./cases/origin-host.ts";
import { testGroup } from "./run-group.ts";

testGroup(originHost);
