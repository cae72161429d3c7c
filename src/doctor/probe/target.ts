/**
 * What is examined: a URL, taken apart into where to dial and what to ask for.
 *
 * Deliberately absent: dialing.
 */
import { HopwiseError } from "../../config/error.ts";
import { shown } from "../../config/values.ts";

export interface Target {
  readonly isSecure: boolean;
  /** To dial: a name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Of the `Host` field. */
  readonly authority: string;
  /** With its query: what is asked for. */
  readonly path: string;
  /** As it may be shown: without query, user name and password. */
  readonly shown: string;
}

/** @throws HopwiseError `option-invalid` */
export function readTarget(text: string): Target {
  const url = readUrl(text);
  if (url.username !== "" || url.password !== "") {
    throw new HopwiseError(
      "option-invalid",
      `user names and passwords do not belong into URLs: write --header "Authorization: ..."`,
    );
  }
  const isSecure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return {
    isSecure,
    host,
    port: Number(url.port || (isSecure ? 443 : 80)),
    authority: url.host,
    path: `${url.pathname}${url.search}`,
    shown: `${url.protocol}//${url.host}${url.pathname}`,
  };
}

function readUrl(text: string): URL {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  if (!hasScheme || !URL.canParse(text)) {
    const hint =
      !hasScheme && URL.canParse(`http://${text}`) ? `write http://${shown(text)}` : "write http://HOST:PORT/";
    throw new HopwiseError("option-invalid", `"${shown(text)}" is not a URL: ${hint}`);
  }
  const url = new URL(text);
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new HopwiseError(
    "option-invalid",
    `the doctor examines http and https, not ${shown(url.protocol.slice(0, -1))}: write http://${shown(url.host)}`,
  );
}
