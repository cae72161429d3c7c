import { binding } from "./cases/binding.ts";
import { testGroup } from "./run-group.ts";

testGroup(binding);
