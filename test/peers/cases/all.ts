/** All neutral cases. */
import type { PeerCase } from "../case.ts";
import { exchangeCases } from "./exchanges.ts";
import { requestCases } from "./requests.ts";
import { responseCases } from "./responses.ts";

export const groups: readonly { readonly name: string; readonly cases: readonly PeerCase[] }[] = [
  { name: "Requests", cases: requestCases },
  { name: "Exchanges", cases: exchangeCases },
  { name: "Responses", cases: responseCases },
];
