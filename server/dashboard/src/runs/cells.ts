/** What stands in the cells of the run table, as text; and which cell of a column is the best one. */
import type { RunSummary } from '../api/client';
import { isLowerBetter } from '../charts/line';
import { formatCount, formatFigure, formatMoment, formatSetting, formatShare, formatSpan, NO_VALUE } from '../format';
import type { Column } from './columns';
import { valueOf, type Facts, type Field } from './fields';

/** The value of a field as it is shown. */
export function cellText(field: Field, run: RunSummary, facts: Facts, now: number): string {
  const value = valueOf(field, run, facts);
  if (value == null) return NO_VALUE;
  if (Array.isArray(value)) return value.length === 0 ? NO_VALUE : value.join(', ');
  if (field.kind === 'setting') return formatSetting(value as string | number | boolean);
  if (typeof value !== 'number') return String(value);
  switch (field.kind) {
    case 'count':
      return formatCount(value);
    case 'share':
      return formatShare(value);
    case 'span':
      return formatSpan(value);
    case 'moment':
      return formatMoment(new Date(value).toISOString(), now);
    default:
      return formatFigure(value);
  }
}

/** Whether small values of a column are the good ones; null: none is better than another. */
export function lowerIsBetter({ field }: Column): boolean | null {
  if (field?.of === 'metric') return field.part === 'last' || field.part === 'best' ? isLowerBetter(field.metric) : null;
  return field?.of === 'run' && (field.name === 'loss' || field.name === 'loss_best') ? true : null;
}

/** The best value of a column; null where there is none or only one row to compare. */
export function bestOf(column: Column, runs: readonly RunSummary[], facts: Facts): number | null {
  const lower = lowerIsBetter(column);
  if (lower === null || column.field === null || runs.length < 2) return null;
  let best: number | null = null;
  for (const run of runs) {
    const value = valueOf(column.field, run, facts);
    if (typeof value !== 'number' || Number.isNaN(value)) continue;
    if (best === null || (lower ? value < best : value > best)) best = value;
  }
  return best;
}

export interface Delta {
  text: string;
  /** Better than the baseline; null: the same, or not to be compared. */
  isBetter: boolean | null;
}

/** The difference of a run to the baseline, with its sign. */
export function deltaOf(column: Column, run: RunSummary, baseline: RunSummary | null, facts: Facts): Delta {
  if (baseline === null || column.field === null) return { text: NO_VALUE, isBetter: null };
  if (run.run_id === baseline.run_id) return { text: 'baseline', isBetter: null };
  const [own, other] = [run, baseline].map((each) => (column.field ? valueOf(column.field, each, facts) : null));
  if (typeof own !== 'number' || typeof other !== 'number') return { text: NO_VALUE, isBetter: null };
  const difference = own - other;
  const text = formatFigure(difference);
  return { text: difference > 0 ? `+${text}` : text, isBetter: difference === 0 ? null : difference < 0 === (lowerIsBetter(column) ?? true) };
}
