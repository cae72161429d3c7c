import { connect } from "./cases/connect.ts";
import { testGroup } from "./run-group.ts";

testGroup(connect);
