/**
 * Settings of forward proxies in scenes, and cases of a common shape.
 *
 * Names in targets all lead to the scene's origin; addresses lead where they say, if the guard lets them. Deliberately
 * absent: passwords that are slow to check; how slow they are is no matter of the wire.
 */
import { scryptSync } from "node:crypto";
import { readPorts } from "../../src/config/values.ts";
import type { CloseReason } from "../../src/connection/reasons.ts";
import type { AnswerReason } from "../../src/exchange/answers.ts";
import type { ForwardSettings } from "../../src/exchange/settings.ts";
import { BasicAuthentication } from "../../src/forward/basic-authentication.ts";
import type { SceneSettings } from "../kit/stage.ts";
import { type Case, exchanged, refused, USER } from "./case.ts";

export const FORWARD: ForwardSettings = {
  mayConnectTo: readPorts("443,8443"),
  mayRequestFrom: readPorts("80,81,1024-65535"),
  authentication: undefined,
  originsMax: 100,
  idleMax: 100,
};

/** A forward proxy that everybody may use. */
export const open: SceneSettings = { forward: FORWARD };

const salt = Buffer.alloc(8);
const hash = { ln: 1, r: 1, p: 1, salt, hash: scryptSync(USER.password, salt, 32, { N: 2, r: 1, p: 1 }) };

/** One that asks for a password, and has not heard any yet. */
export function asking(): SceneSettings {
  return { forward: { ...FORWARD, authentication: new BasicAuthentication(new Map([[USER.name, hash]])) } };
}

/** The same case before a proxy that asks: one of its own in each way it is run. */
export function whereAsked(testCase: Case): Case {
  return {
    ...testCase,
    get settings() {
      return asking();
    },
  };
}

/** An exchange through a forward proxy in which both connections persist. */
export function forwarded(
  rows: readonly number[],
  section: string,
  title: string,
  wire: { request: string; forwarded: string; response: string; returned: string },
): Case {
  return { ...exchanged(rows, section, title, wire), settings: open };
}

/** A request that a forward proxy answers itself and closes. */
export function turnedAway(
  rows: readonly number[],
  section: string,
  title: string,
  request: string,
  [status, reason]: readonly [number, AnswerReason],
  closeReason: CloseReason = "request-refused",
): Case {
  const it = refused(rows, section, title, request, status, reason);
  return { ...it, settings: open, client: [`FIN ${closeReason}`] };
}
