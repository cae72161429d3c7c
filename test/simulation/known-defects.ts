/**
 * Defects of the proxy that are known and not mended yet, so that the search for others goes on behind them.
 *
 * Each name says what is wrong; where it is looked up, the simulation is more lenient than it should be. The list is
 * empty when all is well.
 */
export type Defect =
  /** A tunnel that carried nothing for too long ends with FIN towards its origin, which then looks like its client's end. */
  | "tunnel-timeout-ends-with-fin"
  /** When both sides of a tunnel have ended, a client who does not take the rest is left alone with it for ever. */
  | "tunnel-rest-has-no-limit"
  /** A connection to an HTTP/1.0 origin is taken before the body that it needs whole has arrived, and outlives its terms. */
  | "connection-waits-for-body"
  /** A body that is held takes a buffer and later a chunk for each of the client's chunks, however small. */
  | "body-is-held-chunk-by-chunk";

export const knownDefects: ReadonlySet<Defect> = new Set<Defect>(["connection-waits-for-body"]);
