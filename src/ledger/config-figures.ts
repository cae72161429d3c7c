/**
 * What is told of a proxy's configuration: which one it is, since when, and what became of attempts to replace it.
 *
 * Deliberately absent: what it says (proxy/config-view.ts).
 */
export const reloadOutcomes = ["applied", "refused"] as const;
export type ReloadOutcome = (typeof reloadOutcomes)[number];

/** As plain data, which can be added up. */
export interface ConfigFigures {
  /** Counted from 1 on. */
  readonly version: number;
  /** Since when it is in use; milliseconds since 1970. */
  readonly since_ms: number;
  readonly reloads: Readonly<Record<ReloadOutcome, number>>;
  /** What was tried last was refused. */
  readonly isLatestRefused: boolean;
}

/** Of several processes: the oldest, which is what can be relied on. */
export function configSum(one: ConfigFigures, other: ConfigFigures): ConfigFigures {
  const older = one.version <= other.version ? one : other;
  return {
    ...older,
    reloads: {
      applied: one.reloads.applied + other.reloads.applied,
      refused: one.reloads.refused + other.reloads.refused,
    },
    isLatestRefused: one.isLatestRefused || other.isLatestRefused,
  };
}

/** The configuration was replaced, or was not because of what is wrong with the new one. */
export interface ReloadEntry {
  readonly type: "reload";
  readonly time: string;
  readonly outcome: ReloadOutcome;
  /** Of the configuration that is in use now. */
  readonly version: number;
  /** What is otherwise than before, in a few words each; refused: none. */
  readonly changes: readonly string[];
  /** All that is wrong, a line each; applied: absent. */
  readonly problem?: string;
}
