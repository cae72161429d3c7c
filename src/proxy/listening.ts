/** Where a proxy listens, as it is told to applications. */

/**
 * The place that is told where one is asked for: the last that serves, as of a flag that is given twice the last one counts; the others
 * redirect.
 */
export function mainPlace<Place>(
  places: readonly Place[],
  listeners: readonly { readonly redirectPort?: number }[],
): Place | undefined {
  return places[listeners.findLastIndex(({ redirectPort }) => redirectPort === undefined)] ?? places[0];
}

/** All the places at once. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8080`, or `https://...` */
  readonly url: string;
  /** All of them, in the order of the options; the last that does not redirect is the one above. */
  readonly listeners: readonly ListenerPlace[];
  /** On a socket that this process was given. */
  readonly isInherited: boolean;
  readonly admin: AdminListening | undefined;
}

export interface ListenerPlace {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface AdminListening {
  /** `http://127.0.0.1:9901` */
  readonly url: string;
  /** It listens on another port than usual, because that one was taken. */
  readonly isElsewhere: boolean;
  /** The file with the token that requests need which change something; nothing can be changed there: absent. */
  readonly tokenFile?: string;
}
