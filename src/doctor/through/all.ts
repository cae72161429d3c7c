/** Every check of a proxy, in the order in which they run: what could break the proxy or ends it comes last. */
import type { ThroughCheck } from "./check.ts";
import { earlyRefusalArrives, requestsStream, responsesStream, truncationIsVisible } from "./checks/bodies.ts";
import {
  authenticatedIsNotLent,
  halfCloseIsServed,
  resetCancels,
  upgradesPass,
  vanishingCancels,
} from "./checks/clients.ts";
import {
  hopFieldsOfInterims,
  hopFieldsOfRequests,
  hopFieldsOfResponses,
  hopFieldsOfTrailers,
  redirectsThatLeave,
  strangersForwardingFields,
} from "./checks/fields.ts";
import { eachGetsItsOwn, leftoversAreNobodys, oneResponseEach, uploadsStayWhole } from "./checks/mixing.ts";
import {
  clientsCloseIsHonoured,
  keepAliveIsAHopsOwn,
  oldClientIsLeft,
  oldClientsGetNoChunks,
  originsCloseStaysThere,
  originsConnectionsAreUsedAgain,
  proxyConnectionHarmsNobody,
} from "./checks/persistence.ts";
import { getSurvives, postIsSentOnce, surplusIsNobodys, unsolicitedIsNobodys } from "./checks/races.ts";
import { ambiguityEndsHere } from "./checks/smuggling.ts";

export const throughChecks: readonly ThroughCheck[] = [
  hopFieldsOfRequests,
  hopFieldsOfResponses,
  hopFieldsOfInterims,
  hopFieldsOfTrailers,
  strangersForwardingFields,
  redirectsThatLeave,
  oldClientIsLeft,
  keepAliveIsAHopsOwn,
  proxyConnectionHarmsNobody,
  oldClientsGetNoChunks,
  clientsCloseIsHonoured,
  originsCloseStaysThere,
  originsConnectionsAreUsedAgain,
  getSurvives,
  postIsSentOnce,
  surplusIsNobodys,
  unsolicitedIsNobodys,
  eachGetsItsOwn,
  leftoversAreNobodys,
  uploadsStayWhole,
  truncationIsVisible,
  responsesStream,
  requestsStream,
  earlyRefusalArrives,
  resetCancels,
  vanishingCancels,
  halfCloseIsServed,
  upgradesPass,
  authenticatedIsNotLent,
  oneResponseEach,
  ambiguityEndsHere,
];
