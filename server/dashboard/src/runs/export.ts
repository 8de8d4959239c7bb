/** The run table as text: how many runs are in which state, and the whole table as CSV. */
import type { RunSummary } from '../api/client';
import { formatCount } from '../format';
import { csvLine } from '../metrics/csv';
import type { Column } from './columns';
import { nameOf, STATES, valueOf, type Facts } from './fields';

/** `2 running, 1 stalled, 8 finished`. */
export function countsOfStates(runs: readonly RunSummary[]): string {
  return STATES.map((state) => [runs.filter((run) => run.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${formatCount(count)} ${state}`)
    .join(', ');
}

function cell(value: unknown): string | number {
  if (typeof value === 'number') return value;
  return value == null ? '' : Array.isArray(value) ? value.join(', ') : String(value);
}

/** Columns under the names of their fields, values in full; a difference stands as the number it is. */
export function tableCsv(columns: readonly Column[], runs: readonly RunSummary[], baseline: RunSummary | null, facts: Facts): string {
  const saved = columns.flatMap(({ cell: kind, name, field }) => (field ? [{ kind, name: kind === 'delta' ? name : nameOf(field), field }] : []));
  const lines = runs.map((run) =>
    csvLine([
      run.run_id,
      ...saved.map(({ kind, field }) => {
        const value = valueOf(field, run, facts);
        if (field.kind === 'moment') return typeof value === 'number' ? new Date(value).toISOString() : '';
        if (kind !== 'delta') return cell(value);
        const other = baseline && valueOf(field, baseline, facts);
        return typeof value === 'number' && typeof other === 'number' ? value - other : '';
      }),
    ]),
  );
  return [csvLine(['run_id', ...saved.map(({ name }) => name)]), ...lines].join('');
}
