import { forwardingFields } from "./cases/forwarding-fields.ts";
import { testGroup } from "./run-group.ts";

testGroup(forwardingFields);
