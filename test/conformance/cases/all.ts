/** Every group of cases, in the order of the page. */
import type { Group } from "../case.ts";
import { binding } from "./binding.ts";
import { connect } from "./connect.ts";
import { earlyAnswers } from "./early-answers.ts";
import { fields } from "./fields.ts";
import { forward } from "./forward.ts";
import { forwardingFields } from "./forwarding-fields.ts";
import { hopByHop } from "./hop-by-hop.ts";
import { http10 } from "./http10.ts";
import { interim } from "./interim.ts";
import { interplay } from "./interplay.ts";
import { originHost } from "./origin-host.ts";
import { persistence } from "./persistence.ts";
import { pipelining } from "./pipelining.ts";
import { proxyAuthentication } from "./proxy-authentication.ts";
import { requestBodies } from "./request-bodies.ts";
import { requestChunks } from "./request-chunks.ts";
import { requestLines } from "./request-lines.ts";
import { responseBodies } from "./response-bodies.ts";
import { retries } from "./retries.ts";
import { tearDown } from "./tear-down.ts";
import { timeouts } from "./timeouts.ts";
import { tolerated } from "./tolerated.ts";
import { upgrade } from "./upgrade.ts";

export const groups: readonly Group[] = [
  requestLines,
  fields,
  requestBodies,
  requestChunks,
  responseBodies,
  tolerated,
  hopByHop,
  forwardingFields,
  originHost,
  persistence,
  binding,
  pipelining,
  retries,
  timeouts,
  earlyAnswers,
  tearDown,
  interim,
  upgrade,
  forward,
  connect,
  proxyAuthentication,
  http10,
  interplay,
];
