/** What a file says of a route, as requests are sent by it: what becomes of them, and what is done to messages on their way. */
import type { RouteChanges } from "../exchange/admission.ts";
import { checkAnswer } from "../exchange/own-answers.ts";
import type { RouteAction } from "../exchange/route-plan.ts";
import type { Group } from "../pool/group.ts";
import { clientCookie } from "../routes/cookie-changes.ts";
import { clientReference, originTarget } from "../routes/path-changes.ts";
import { readPathPattern } from "../routes/patterns.ts";
import { requestPathOf } from "../routes/request-path.ts";
import { type AnswerFields, beside } from "./answer-fields.ts";
import { HopwiseError } from "./error.ts";
import { groupNamed } from "./group-config.ts";
import { setFields, settingWords } from "./message-changes.ts";
import type { RouteValues } from "./route-schema.ts";
import { shown } from "./values.ts";

/** @param ofAll fields of all answers of one's own, unless the route says them */
export function actionOf(values: RouteValues, groups: Map<string, Group>, ofAll: AnswerFields = {}): RouteAction {
  const { to, redirect, respond, match } = values;
  if (to !== undefined) return { kind: "group", group: groupNamed(to, groups) };
  if (respond !== undefined) {
    const { status, fields = {}, body = "" } = respond;
    return { kind: "respond", answer: checkAnswer({ status, fields: beside(ofAll, fields), body }, 200) };
  }
  if (redirect === undefined) return { kind: "refuse" };
  const { to: place, status = 308, fields: said } = typeof redirect === "string" ? { to: redirect } : redirect;
  if (Object.keys(said ?? {}).some((name) => name.toLowerCase() === "location")) {
    const problem = "fields has Location, which to says: leave it out";
    throw new HopwiseError("option-invalid", problem, "redirect");
  }
  const all = beside(ofAll, said ?? {});
  checkAnswer({ status, fields: all }, 300);
  const fields = Object.keys(all).length === 0 ? {} : { fields: all };
  if (!place.endsWith("/*")) return { kind: "redirect", to: place, status, keepsBehind: undefined, ...fields };
  // A route that says nothing of paths takes all of them: `www.example.com` to `https://example.com/*`.
  const paths = match?.path ?? ["/*"];
  const counts = new Set(paths.map((one) => readPathPattern(one).segments.length));
  if (counts.size !== 1 || !paths.every((one) => one.endsWith("/*"))) {
    throw new HopwiseError(
      "option-invalid",
      `"${shown(place)}" keeps what is behind the path: write match: { path: /old/* }`,
      "redirect",
    );
  }
  return { kind: "redirect", to: place.slice(0, -1), status, keepsBehind: [...counts][0], ...fields };
}

export function changesOf(values: RouteValues): RouteChanges | undefined {
  const { stripPrefix, addPrefix, setRequestFields, setResponseFields, cookieDomain, match } = values;
  const { localDestination = false } = values;
  if (stripPrefix !== undefined) {
    const fits = (match?.path ?? []).every((path) => path === stripPrefix || path.startsWith(`${stripPrefix}/`));
    if (match?.path === undefined || !fits) {
      throw new HopwiseError(
        "option-invalid",
        `not all requests begin with it: write match: { path: ${stripPrefix}/* }`,
        "stripPrefix",
      );
    }
  }
  const changesPath = stripPrefix !== undefined || addPrefix !== undefined;
  // The password was for this gateway.
  const hidesPassword = takesPassword(values);
  const changesRequest = changesPath || hidesPassword || setRequestFields !== undefined;
  const changesCookies = changesPath || cookieDomain !== undefined;
  if (!changesRequest && !changesCookies && !localDestination && setResponseFields === undefined) return undefined;
  const stripped = stripPrefix === undefined ? 0 : stripPrefix.split("/").length - 1;
  // Of the request the route has judged the path; of another one only the beginning is known.
  const pathOf = (path: string) =>
    isBelow(path, stripPrefix ?? "") && requestPathOf(path) !== undefined
      ? originTarget(path, stripped, addPrefix ?? "")
      : undefined;
  const cookies = { stripped: stripPrefix ?? "", added: addPrefix ?? "", domains: cookieDomain ?? new Map() };
  return {
    words: wordsOf(values),
    ...(changesPath ? { pathOf } : {}),
    ...(localDestination ? { localDestination } : {}),
    ...(changesRequest
      ? {
          request: (request) => {
            if (changesPath) request.replacePath(originTarget(request.path, stripped, addPrefix ?? ""));
            if (hidesPassword) request.fields.delete("Authorization");
            setFields(request.fields, setRequestFields, request);
          },
        }
      : {}),
    ...(changesCookies || setResponseFields !== undefined
      ? {
          response: ({ fields }, asked) => {
            const { added, stripped } = cookies;
            if (changesPath) fields.rewrite("Location", (place) => clientReference(place, stripped, added, asked));
            if (changesCookies) fields.rewrite("Set-Cookie", (cookie) => clientCookie(cookie, cookies));
            setFields(fields, setResponseFields, asked);
          },
        }
      : {}),
  };
}

function takesPassword({ users }: RouteValues): boolean {
  return users !== undefined && (typeof users === "string" || users.keepAuthorization !== true);
}

/** In the order in which it is done. */
function wordsOf(values: RouteValues): readonly string[] {
  const { stripPrefix, addPrefix, setRequestFields, setResponseFields, cookieDomain = new Map() } = values;
  const domains = [...cookieDomain].map(([from, to]) => (to === null ? `without ${from}` : `${from} becomes ${to}`));
  return [
    ...(stripPrefix === undefined ? [] : [`takes ${stripPrefix} from the path`]),
    ...(addPrefix === undefined ? [] : [`puts ${addPrefix} in front of the path`]),
    ...(values.localDestination === true ? ["names the origin in Destination"] : []),
    ...(takesPassword(values) ? ["takes Authorization from the request"] : []),
    ...settingWords(setRequestFields, "request"),
    ...(domains.length === 0 ? [] : [`domains of cookies: ${domains.join(", ")}`]),
    ...settingWords(setResponseFields, "response"),
  ];
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`) || path.startsWith(`${prefix}?`);
}
