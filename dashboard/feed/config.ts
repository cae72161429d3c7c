/** The part of `/config` that the page uses: where it listens. */

export interface ConfigAnswer {
  readonly config?: {
    readonly listeners?: readonly { readonly http?: string; readonly https?: string }[];
  };
}

/** `http://127.0.0.1:8080`; not known, or a port that the system has chosen: undefined */
export function listenUrl(answer: ConfigAnswer | undefined): string | undefined {
  const listener = answer?.config?.listeners?.[0];
  const scheme = listener?.http === undefined ? "https" : "http";
  const place = listener?.http ?? listener?.https;
  // What listens everywhere is reached here, too.
  return place === undefined || place.endsWith(":0")
    ? undefined
    : `${scheme}://${place.replace(/^(?:0\.0\.0\.0|\[::\])/, "127.0.0.1")}`;
}
