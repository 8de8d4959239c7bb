/** Order and choice of the rows of the run table. */
import type { RunSummary } from '../api/client';

export type Column = 'run' | 'state' | 'progress' | 'step' | 'elapsed' | 'loss' | 'best' | 'created';

export interface Sort {
  column: Column;
  descending: boolean;
}

/** The columns with a head to sort by, in their order. */
export const COLUMNS: readonly { column: Column; title: string; number: boolean }[] = [
  { column: 'run', title: 'Run', number: false },
  { column: 'state', title: 'State', number: false },
  { column: 'progress', title: 'Progress and ETA', number: false },
  { column: 'step', title: 'Step', number: true },
  { column: 'elapsed', title: 'Time', number: true },
  { column: 'loss', title: 'Last', number: true },
  { column: 'best', title: 'Best', number: true },
  { column: 'created', title: 'Created', number: true },
];

/** Newest first, as the server lists them. */
export const NEWEST_FIRST: Sort = { column: 'created', descending: true };

/** Columns whose first click shows the largest value first. */
const LARGEST_FIRST: readonly Column[] = ['progress', 'step', 'elapsed', 'created'];

const STATE_ORDER: readonly RunSummary['state'][] = ['running', 'stalled', 'created', 'failed', 'crashed', 'finished'];

/** The sort after a click on a column head: its natural direction first, then the other. */
export function clicked(sort: Sort, column: Column): Sort {
  if (sort.column === column) return { column, descending: !sort.descending };
  return { column, descending: LARGEST_FIRST.includes(column) };
}

function valueOf(run: RunSummary, column: Column): number | string | null | undefined {
  switch (column) {
    case 'run':
      return run.run;
    case 'state':
      return STATE_ORDER.indexOf(run.state);
    case 'progress':
      return run.state === 'finished' ? 1 : run.progress;
    case 'step':
      return run.step;
    case 'elapsed':
      return run.elapsed_seconds;
    case 'loss':
      return run.loss;
    case 'best':
      return run.loss_best;
    case 'created':
      return run.created_at == null ? null : Date.parse(run.created_at);
  }
}

const names = new Intl.Collator('en', { numeric: true });

/** Sorted rows; rows without a value stand last in both directions, equal rows newest first. */
export function sorted(runs: readonly RunSummary[], sort: Sort): RunSummary[] {
  const sign = sort.descending ? -1 : 1;
  return runs
    .map((run) => ({ run, value: valueOf(run, sort.column) }))
    .sort((a, b) => {
      if (a.value == null || b.value == null) {
        return Number(a.value == null) - Number(b.value == null) || b.run.colour_slot - a.run.colour_slot;
      }
      const order =
        typeof a.value === 'string' || typeof b.value === 'string'
          ? names.compare(String(a.value), String(b.value))
          : a.value - b.value;
      return sign * order || b.run.colour_slot - a.run.colour_slot;
    })
    .map(({ run }) => run);
}

/** Runs that contain every word of `text` in name, state, group or tags. */
export function matching(runs: readonly RunSummary[], text: string): RunSummary[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    const haystack = [run.run, run.state, run.group ?? '', ...run.tags].join('\n').toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}
