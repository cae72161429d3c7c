import { fields } from "./cases/fields.ts";
import { testGroup } from "./run-group.ts";

testGroup(fields);
