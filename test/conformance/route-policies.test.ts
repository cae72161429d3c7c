import { routePolicies } from "./cases/route-policies.ts";
import { testGroup } from "./run-group.ts";

testGroup(routePolicies);
