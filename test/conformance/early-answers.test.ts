import { earlyAnswers } from "./cases/early-answers.ts";
import { testGroup } from "./run-group.ts";

testGroup(earlyAnswers);
