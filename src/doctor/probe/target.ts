/**
 * What is examined: a URL, or the path of a Unix socket, taken apart into where to dial and what to ask for.
 *
 * Deliberately absent: dialing.
 */
import { HopwiseError } from "../../config/error.ts";
import { shown } from "../../config/values.ts";
import type { Address, TlsTarget } from "../../net/ports.ts";

export interface Target {
  readonly isSecure: boolean;
  /** To dial: a name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, which is dialed instead. */
  readonly socketPath?: string;
  /** Of the `Host` field. */
  readonly authority: string;
  /** With its query: what is asked for. */
  readonly path: string;
  /** As it may be shown: without query, user name and password. */
  readonly shown: string;
}

/** @throws HopwiseError `option-invalid` */
export function readTarget(text: string): Target {
  if (text.startsWith("unix:")) return unixTarget(text);
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

/** As nginx writes them: `unix:/run/app.sock`, or `unix:/run/app.sock:/healthz`. */
function unixTarget(text: string): Target {
  const [, socketPath, path = "/"] = /^unix:(?:\/\/(?=\/))?(\/[^:]+)(?::(\/[\x21-\x7e]*)?)?$/.exec(text) ?? [];
  if (socketPath === undefined) {
    throw new HopwiseError(
      "option-invalid",
      `"${shown(text)}" is not the path of a socket: write unix:/run/app.sock, or unix:/run/app.sock:/healthz`,
    );
  }
  const isPlain = path === "/";
  return {
    isSecure: false,
    host: "localhost",
    port: 80,
    socketPath,
    authority: "localhost",
    path,
    shown: `unix:${socketPath}${isPlain ? "" : `:${path.replace(/\?.*$/, "")}`}`,
  };
}

/** @param address that answered before, which is dialed again */
export function addressOf(
  { host, port, socketPath }: Target,
  tls: TlsTarget | undefined,
  address: string | undefined = undefined,
): Address {
  if (socketPath !== undefined) return { kind: "unix", path: socketPath };
  return { kind: "tcp", host: address ?? host, port, ...(tls === undefined ? {} : { tls }) };
}

function readUrl(text: string): URL {
  if (text.startsWith("/"))
    throw new HopwiseError(
      "option-invalid",
      `"${shown(text)}" is not a URL: write unix:${shown(text)} for a socket, or http://HOST:PORT/`,
    );
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  if (!hasScheme || !URL.canParse(text)) {
    const port = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*:([^/?#:\]]*)(?:[/?#]|$)/i.exec(text)?.[1];
    if (port !== undefined && URL.canParse(text.replace(`:${port}`, "")))
      throw new HopwiseError("option-invalid", `"${shown(port)}" is not a port: write one from 1 to 65535`);
    const hint =
      !hasScheme && URL.canParse(`http://${text}`) ? `write http://${shown(text)}` : "write http://HOST:PORT/";
    throw new HopwiseError("option-invalid", `"${shown(text)}" is not a URL: ${hint}`);
  }
  const url = new URL(text);
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  const hint = url.protocol.includes("unix") ? "write unix:/path/to/socket" : `write http://${shown(url.host)}`;
  throw new HopwiseError(
    "option-invalid",
    `the doctor examines http and https, not ${shown(url.protocol.slice(0, -1))}: ${hint}`,
  );
}
