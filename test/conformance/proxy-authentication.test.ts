import { proxyAuthentication } from "./cases/proxy-authentication.ts";
import { testGroup } from "./run-group.ts";

testGroup(proxyAuthentication);
