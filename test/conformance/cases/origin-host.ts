/** Which Host origins get, and how references to them come back (RFC 9110 sections 7.2, 7.4, 8.7 and 10.2.2). */
import type { SceneSettings } from "../../kit/stage.ts";
import { ADDED, type Case, DATE, exchangedOnce, GET, type Group, head, ORIGIN_AUTHORITY, ORIGIN_URL } from "../case.ts";

/** A redirect that comes back with `returned` instead of `location`. */
function redirect(title: string, settings: SceneSettings, host: string, location: string, returned: string): Case {
  return exchangedOnce([21], "RFC 9110 section 10.2.2", title, {
    settings,
    request: GET,
    forwarded: head("GET / HTTP/1.1", `Host: ${host}`, ...ADDED),
    response: head("HTTP/1.1 302 Found", DATE, "Content-Length: 0", `Location: ${location}`, "X: y"),
    returned:
      location === returned
        ? head("HTTP/1.1 302 Found", DATE, "Content-Length: 0", `Location: ${location}`, "X: y")
        : head("HTTP/1.1 302 Found", DATE, "Content-Length: 0", "X: y", `Location: ${returned}`),
  });
}

const named: SceneSettings = { originHost: { name: "app.internal" } };

export const originHost: Group = {
  name: "Which Host origins get",
  cases: [
    exchangedOnce([10, 55], "RFC 9110 section 7.2", "With --origin-host origin it is the origin's own.", {
      settings: { originHost: "origin" },
      request: head("GET /?a HTTP/1.1", "Accept: a/b", "host: a", "X: y"),
      forwarded: head("GET /?a HTTP/1.1", `Host: ${ORIGIN_AUTHORITY}`, "Accept: a/b", "X: y", ...ADDED),
      response: head("HTTP/1.1 204 No Content", DATE),
      returned: head("HTTP/1.1 204 No Content", DATE),
    }),
    exchangedOnce(
      [10, 12],
      "RFC 9110 section 7.2",
      "With --origin-host NAME it is the name, for absolute targets, too.",
      {
        settings: named,
        request: head("GET http://a/x HTTP/1.1", "Host: b"),
        forwarded: head("GET /x HTTP/1.1", "Host: app.internal", ...ADDED),
        response: head("HTTP/1.1 204 No Content", DATE),
        returned: head("HTTP/1.1 204 No Content", DATE),
      },
    ),
    redirect(
      "A Location that names the origin comes back as the client named it.",
      { originHost: "origin" },
      ORIGIN_AUTHORITY,
      `${ORIGIN_URL}/login?a#b`,
      "http://a/login?a#b",
    ),
    redirect(
      "A Location that names the origin by the Host it was sent comes back as the client named it.",
      named,
      "app.internal",
      "http://app.internal/login",
      "http://a/login",
    ),
    redirect(
      "So does one that names the origin by its address, whichever Host it was sent.",
      { originHost: "keep" },
      "a",
      `${ORIGIN_URL}/login`,
      "http://a/login",
    ),
    redirect("A Location that names another server passes.", named, "app.internal", "http://b/login", "http://b/login"),
    redirect("A Location without a server passes.", named, "app.internal", "/login", "/login"),
  ],
};
