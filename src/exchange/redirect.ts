/**
 * The answer of a listener that serves nobody in the clear: the same resource over https (RFC 9110 section 15.4.9).
 *
 * 308 keeps method and body, where 301 would let clients make a GET of a POST. Deliberately absent: other redirects.
 */
import type { Admission } from "./admission.ts";
import { checkAnswer, redirectAnswer } from "./own-answers.ts";

/** The port that https has anyway (RFC 9110 section 4.2.2). */
const HTTPS_PORT = 443;

/** What becomes of an admitted request there. A client of HTTP/1.0 that names no host cannot be told where to go. */
export function redirected(admission: Admission, port: number): Admission {
  const { authority, path } = admission.target;
  if (authority === "" || authority.startsWith(":")) {
    return { ...admission, answerReason: "host-missing", answer: checkAnswer({ status: 400, body: NAMELESS }, 400) };
  }
  const host = authority.replace(/:[0-9]*$/, "");
  const place = port === HTTPS_PORT ? host : `${host}:${port}`;
  const answer = redirectAnswer(308, `https://${place}${path === "*" ? "/" : path}`);
  return { ...admission, answerReason: "https-redirect", answer };
}

const NAMELESS = "There is nothing here but a redirect to https, and the request names no host.\n";
