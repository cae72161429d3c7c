/** What a drain had to end, once its time was over. */
export interface DrainReport {
  /**
   * Exchanges and tunnels that the deadline ended: cut, answered 503 where no response had begun, or over but for octets
   * that somebody had not taken yet.
   */
  readonly cut: number;
}
