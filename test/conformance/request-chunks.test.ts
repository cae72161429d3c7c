import { requestChunks } from "./cases/request-chunks.ts";
import { testGroup } from "./run-group.ts";

testGroup(requestChunks);
