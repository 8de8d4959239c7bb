/** The order of the rows of the run table. */
import type { RunSummary } from '../api/client';
import { isLowerBetter } from '../charts/line';
import { fieldOf, STATES, valueOf, type Facts, type Field } from './fields';

export interface Sort {
  /** Name of a field. */
  field: string;
  descending: boolean;
}

/** Newest first, as the server lists them. */
export const NEWEST_FIRST: Sort = { field: 'created', descending: true };

/** What is shown from the largest value down at first. */
function largestFirst(field: Field): boolean {
  if (field.of === 'run') return ['progress', 'step', 'steps', 'rows', 'elapsed', 'created', 'ended'].includes(field.name);
  return field.of === 'metric' && field.part !== 'at' && !isLowerBetter(field.metric);
}

/** The sort after a click on a column head: its natural direction first, then the other. */
export function clicked(sort: Sort, name: string, facts: Facts): Sort {
  if (sort.field === name) return { field: name, descending: !sort.descending };
  const field = fieldOf(name, facts);
  return { field: name, descending: field !== null && largestFirst(field) };
}

const names = new Intl.Collator('en', { numeric: true });

/** A value in a form that can be put in order; null where there is none. */
function rankOf(field: Field, run: RunSummary, facts: Facts): number | string | null {
  const value = valueOf(field, run, facts);
  if (value == null || typeof value === 'number') return value ?? null;
  if (field.kind === 'state') return STATES.indexOf(run.state);
  if (Array.isArray(value) && value.length === 0) return null;
  return String(value);
}

/** Sorted rows; rows without a value stand last in both directions, equal rows newest first. Numbers come before texts. */
export function sorted(runs: readonly RunSummary[], sort: Sort, facts: Facts): RunSummary[] {
  const field = fieldOf(sort.field, facts) ?? fieldOf(NEWEST_FIRST.field, facts);
  const sign = sort.descending ? -1 : 1;
  const age = (a: RunSummary, b: RunSummary) => (b.created_at ?? '').localeCompare(a.created_at ?? '') || b.colour_slot - a.colour_slot;
  if (field === null) return [...runs];
  return runs
    .map((run) => ({ run, value: rankOf(field, run, facts) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null) || age(a.run, b.run);
      if (typeof a.value === 'number' && typeof b.value === 'number') return sign * (a.value - b.value) || age(a.run, b.run);
      if (typeof a.value === 'number' || typeof b.value === 'number') return typeof a.value === 'number' ? -1 : 1;
      return sign * names.compare(a.value, b.value) || age(a.run, b.run);
    })
    .map(({ run }) => run);
}
