/** Where a run stood at some moments: what is not logged in a row, as a checkpoint, has a time and no step. */
import { isFrozen } from '../frozen/frozen';
import { numberOf, quoted, readSql, textOf } from './sql';

/** Metrics that carry the trainer's own step, best first; the step of a row is then only a count. */
const GLOBAL_STEPS = ['train/global_step', 'global_step', 'trainer/global_step'] as const;

/** Rows may be stored as bytes by other trackers. */
const TEXT = 'CAST(r.metrics AS TEXT)';

/** The metric that tells the step of a run with these metrics; null: its rows do. */
export function globalStepOf(keys: readonly string[]): string | null {
  return GLOBAL_STEPS.find((key) => keys.includes(key)) ?? null;
}

export interface Moments {
  /** Of the first row, milliseconds since 1970; null: there is none. */
  begun: number | null;
  /** The last step before each moment, by the moment as it was asked for; left out where there is none. */
  steps: ReadonlyMap<string, number>;
}

/** The first row of a run, and its last step before each of these moments. */
export async function readMoments(project: string, run: string, moments: readonly string[], globalStep: string | null, signal: AbortSignal): Promise<Moments> {
  if (isFrozen) return (await import('../frozen/answer')).momentsOf(run, moments);
  const own = `r.run_id = ${quoted(run)}`;
  const logged = globalStep === null ? 'r.step' : `${TEXT} ->> ${quoted(`$."${globalStep}"`)}`;
  // Texts of moments in UTC are ordered as the moments are.
  const before = `SELECT ${logged} FROM metrics r WHERE ${own} AND r.timestamp <= m.value${globalStep === null ? '' : ` AND ${logged} IS NOT NULL`} ORDER BY r.timestamp DESC LIMIT 1`;
  const sql = `SELECT NULL, (SELECT min(r.timestamp) FROM metrics r WHERE ${own})
    UNION ALL SELECT m.value, (${before}) FROM json_each(${quoted(JSON.stringify(moments))}) m`;
  const { rows } = await readSql(project, sql, signal);
  const begun = Date.parse(textOf(rows[0]?.[1]));
  const steps = rows.slice(1).flatMap(([moment, step]) => {
    const value = numberOf(step);
    return value === null ? [] : [[textOf(moment), Math.trunc(value)] as const];
  });
  return { begun: Number.isNaN(begun) ? null : begun, steps: new Map(steps) };
}
